//! What adds up, over time: a bar for each step, in the colours of its parts. Places are in per
//! cent and letters are not part of the picture, so that it is as wide as there is room.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::words::{clock, count, day, moment};

/// Parts that have a colour of their own; the rest is one.
pub(super) const COLOURS: usize = 8;
/// What the rest is called.
const REST: &str = "all others";

/// A picture of parts that add up.
pub(super) struct Stack<'a> {
    /// What it shows, in a sentence, for who does not see it.
    pub(super) says: &'a str,
    /// The unit of the figures.
    pub(super) unit: &'a str,
    /// When it begins and ends, in seconds since 1970.
    pub(super) from_s: i64,
    /// The first second behind it.
    pub(super) to_s: i64,
    /// Seconds of a step.
    pub(super) step_s: i64,
    /// The parts that have colours, the first one lowest. All others have the one behind the last.
    pub(super) parts: &'a [(&'a str, usize)],
    /// When each step began, and its parts. What is not there was not looked at.
    pub(super) steps: Vec<(i64, &'a BTreeMap<String, f64>)>,
}

impl Stack<'_> {
    /// The picture, with what its colours mean below.
    pub(super) fn draw(&self) -> Markup {
        let most = self
            .steps
            .iter()
            .map(|(_, parts)| parts.values().sum::<f64>())
            .fold(0.0, f64::max);
        let top = ceiling(most);
        let length = (self.to_s - self.from_s).max(1) as f64;
        let marks = self.marks();
        html! {
            figure.stack {
                div.plot {
                    div.scale aria-hidden="true" {
                        span { (count(top)) }
                        span { (count(top / 2.0)) }
                        span { "0" }
                    }
                    svg role="img" aria-label=(self.says) {
                        @for at in [0, 50, 100] {
                            line.grid x1="0" x2="100%" y1=(percent(f64::from(at))) y2=(percent(f64::from(at))) {}
                        }
                        @for (at_s, parts) in &self.steps {
                            @let left = 100.0 * (at_s - self.from_s) as f64 / length;
                            @let width = 100.0 * self.step_s as f64 / length;
                            @for (name, colour, below, height) in bars(self.parts, parts, top) {
                                rect class=(format!("c{colour}")) x=(percent(left.max(0.0))) y=(percent(100.0 - below - height))
                                    width=(percent((width + left.min(0.0)).min(100.0 - left.max(0.0)) * 0.92)) height=(percent(height)) {
                                    title { (moment(*at_s)) ": " (name) " " (format!("{:.2}", height * top / 100.0)) " " (self.unit) }
                                }
                            }
                        }
                    }
                    div.times aria-hidden="true" { @for mark in marks { span { (mark) } } }
                }
            }
        }
    }

    /// Five moments from the beginning to the end.
    fn marks(&self) -> Vec<String> {
        let length = self.to_s - self.from_s;
        let mark = |part: i64| {
            let at_s = self.from_s + length * part / 4;
            match length {
                ..=129_600 => clock(at_s),
                _ => day(at_s)[5..].to_owned(),
            }
        };
        (0..=4).map(mark).collect()
    }
}

/// Name, colour, foot and height of each bar of a step, in per cent of the picture.
fn bars<'a>(
    coloured: &[(&'a str, usize)],
    parts: &BTreeMap<String, f64>,
    top: f64,
) -> Vec<(&'a str, usize, f64, f64)> {
    let mut heights = vec![0.0; coloured.len() + 1];
    for (part, value) in parts {
        let at = coloured
            .iter()
            .position(|(name, _)| name == part)
            .unwrap_or(coloured.len());
        heights[at] += 100.0 * value / top;
    }
    let mut below = 0.0;
    let mut bars = Vec::new();
    for ((name, colour), height) in coloured.iter().copied().chain([(REST, COLOURS)]).zip(heights) {
        if height > 0.0 {
            bars.push((name, colour, below, height));
        }
        below += height;
    }
    bars
}

/// Colours for waits: each kind has its own, so that a page looks the same today and tomorrow; a second
/// one of a kind takes what is left. Beyond [`COLOURS`] there are none.
pub(super) fn colours<'a>(waits: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut left: Vec<usize> = (0..COLOURS).collect();
    let mut coloured: Vec<(&str, Option<usize>)> = Vec::new();
    for wait in waits.take(COLOURS) {
        let own = match wait.split(':').next().unwrap_or_default() {
            "CPU" => 0,
            "IO" => 1,
            "Lock" => 2,
            "LWLock" => 3,
            "IPC" => 4,
            "Client" => 5,
            "Timeout" => 7,
            _ => 6,
        };
        let is_free = left.contains(&own);
        left.retain(|colour| *colour != own);
        coloured.push((wait, is_free.then_some(own)));
    }
    let mut left = left.into_iter();
    coloured
        .into_iter()
        .map(|(wait, colour)| (wait, colour.or_else(|| left.next()).unwrap_or(COLOURS)))
        .collect()
}

/// The next round number.
pub(super) fn ceiling(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps
        .iter()
        .map(|step| step * power)
        .find(|round| *round >= most)
        .unwrap_or(10.0 * power)
}

/// A place or length in per cent, as SVG takes it.
pub(super) fn percent(value: f64) -> String {
    format!("{value:.3}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other() {
        let parts = BTreeMap::from([
            ("b".to_owned(), 1.0),
            ("a".to_owned(), 2.0),
            ("z".to_owned(), 1.0),
        ]);
        assert_eq!(
            bars(&[("a", 0), ("b", 1)], &parts, 4.0),
            [
                ("a", 0, 0.0, 50.0),
                ("b", 1, 50.0, 25.0),
                (REST, COLOURS, 75.0, 25.0)
            ]
        );
        assert_eq!(ceiling(0.0), 1.0);
        assert_eq!(ceiling(3.1), 4.0);
        assert_eq!(ceiling(4.1), 5.0);
        assert_eq!(ceiling(0.017), 0.02);
        assert_eq!(ceiling(99.0), 100.0);
    }

    #[test]
    fn kinds_of_waits_keep_their_colours() {
        let found = colours(["Lock:relation", "IO:DataFileRead", "CPU", "Lock:tuple"].into_iter());
        assert_eq!(
            found,
            [
                ("Lock:relation", 2),
                ("IO:DataFileRead", 1),
                ("CPU", 0),
                ("Lock:tuple", 3)
            ]
        );
        let many: Vec<String> = (0..20).map(|number| format!("IO:{number}")).collect();
        let found = colours(many.iter().map(String::as_str));
        let mut used: Vec<usize> = found.iter().map(|(_, colour)| *colour).collect();
        used.sort_unstable();
        assert_eq!(used, (0..COLOURS).collect::<Vec<_>>());
    }
}
