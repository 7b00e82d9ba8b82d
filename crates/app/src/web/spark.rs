//! A course in the height of a line, and a larger one with a scale.

use maud::{Markup, html};

use super::stack::ceiling;
use super::words::count;

/// The width of the drawing; it is stretched to what room there is.
const WIDTH: f64 = 120.0;
/// Its height.
const HEIGHT: f64 = 28.0;

/// A course without figures, beside which the figures stand.
pub(super) fn spark(says: &str, values: &[f64]) -> Markup {
    let most = values.iter().copied().fold(0.0, f64::max);
    html! {
        svg.spark role="img" aria-label=(says) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" {
            @if most > 0.0 {
                polyline points=(points(&course(values), most)) {}
            }
        }
    }
}

/// A course with its scale; where there is no value there is a gap. `unit` says what is counted.
pub(super) fn course_of(says: &str, unit: &str, values: &[Option<f64>]) -> Markup {
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    let top = ceiling(most);
    html! {
        figure.course {
            figcaption { (says) }
            div.plot {
                div.scale aria-hidden="true" { span { (count(top)) " " (unit) } span { "0" } }
                svg role="img" aria-label=(format!("{says}: up to {} {unit}", count(most))) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" {
                    @for line in lines(values) {
                        polyline points=(points(&line, top)) {}
                    }
                }
            }
        }
    }
}

/// A course of a figure that several things have, each with a name and in its colour.
pub(super) struct Line<'a> {
    /// What has it.
    pub(super) of: &'a str,
    /// The number of its colour.
    pub(super) colour: usize,
    /// As in [`course_of`].
    pub(super) values: Vec<Option<f64>>,
    /// The last value, in words.
    pub(super) now: String,
}

/// Courses in one drawing with its scale, and below what each is.
pub(super) fn courses_of(says: &str, unit: &str, lines_of: &[Line<'_>]) -> Markup {
    let values = lines_of.iter().flat_map(|line| line.values.iter().flatten());
    let most = values.copied().fold(0.0, f64::max);
    let top = ceiling(most);
    html! {
        figure.course {
            figcaption { (says) }
            div.plot {
                div.scale aria-hidden="true" { span { (count(top)) " " (unit) } span { "0" } }
                svg role="img" aria-label=(format!("{says}: up to {} {unit}", count(most))) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" {
                    @for one in lines_of {
                        @for line in lines(&one.values) {
                            polyline class=(format!("c{}", one.colour)) points=(points(&line, top)) {}
                        }
                    }
                }
            }
            ul.legend.plain {
                @for one in lines_of { li { span class=(format!("swatch c{}", one.colour)) {} (one.of) " " span.faint { (one.now) } } }
            }
        }
    }
}

/// Places along the width with their values.
fn course(values: &[f64]) -> Vec<(f64, f64)> {
    let last = values.len().saturating_sub(1).max(1) as f64;
    values
        .iter()
        .enumerate()
        .map(|(at, value)| (WIDTH * at as f64 / last, *value))
        .collect()
}

/// The stretches without a gap.
fn lines(values: &[Option<f64>]) -> Vec<Vec<(f64, f64)>> {
    let last = values.len().saturating_sub(1).max(1) as f64;
    let step = WIDTH / last;
    let mut lines: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (at, value) in values.iter().enumerate() {
        match (value, lines.last_mut()) {
            (Some(value), Some(line)) => line.push((WIDTH * at as f64 / last, *value)),
            _ => lines.push(Vec::new()),
        }
    }
    lines.retain(|line| !line.is_empty());
    // A single value is a short line and no invisible point.
    for line in &mut lines {
        if let [(at, value)] = line.as_slice() {
            *line = vec![
                ((at - step / 3.0).max(0.0), *value),
                ((at + step / 3.0).min(WIDTH), *value),
            ];
        }
    }
    lines
}

fn points(line: &[(f64, f64)], most: f64) -> String {
    let point =
        |(at, value): &(f64, f64)| format!("{at:.1},{:.1}", HEIGHT - 1.0 - (HEIGHT - 2.0) * value / most);
    line.iter().map(point).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_divide_a_course() {
        let lines = lines(&[Some(1.0), Some(2.0), None, None, Some(3.0)]);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], [(0.0, 1.0), (30.0, 2.0)]);
        assert_eq!(lines[1].len(), 2, "a single value can be seen");
        assert_eq!(points(&[(0.0, 0.0), (120.0, 4.0)], 4.0), "0.0,27.0 120.0,1.0");
    }
}
