//! The figures of the server over time: what CloudWatch measured, and what the watcher counted.

use std::collections::BTreeMap;
use std::time::Duration;

use howdah_core::{Result, inventory};
use howdah_tools::show_metrics::{MetricCourse, Metrics, ShowMetrics};
use maud::{Markup, html};

use crate::web::page::Page;
use crate::web::parts;
use crate::web::spark::{Line, courses_of};
use crate::web::stack::COLOURS;
use crate::web::visit::{Visit, no_part, part};

inventory::submit! {
    Page {
        path: "/metrics",
        title: "Figures",
        place: Some(7),
        show: |visit| Box::pin(show(visit)),
        act: None,
    }
}

async fn show(visit: &Visit) -> Result<Markup> {
    let last = parts::last(visit, "6h");
    match visit.part() {
        None => {}
        Some("figures") => return Ok(figures(visit, last).await),
        Some(other) => return Err(no_part(other)),
    }
    Ok(html! {
        div.title { (parts::lengths(visit, last)) }
        (figures(visit, last).await)
    })
}

async fn figures(visit: &Visit, last: &str) -> Markup {
    let tool = ShowMetrics {
        name: None,
        last: last.to_owned(),
        ago: None,
        target: visit.target(),
        database: None,
    };
    let look = visit.look_for(tool, 30.0, Duration::from_millis(150)).await;
    part(visit, "figures", 60, &look, |metrics: &Metrics| {
        // What is measured of several instances is one drawing.
        let mut measured: Vec<(&str, Vec<&MetricCourse>)> = Vec::new();
        for one in &metrics.metrics {
            let Some(means) = one.means.as_deref() else { continue };
            match measured.iter_mut().find(|(known, _)| *known == means) {
                Some((_, of)) => of.push(one),
                None => measured.push((means, vec![one])),
            }
        }
        let counted: Vec<&MetricCourse> = metrics.metrics.iter().filter(|one| one.means.is_none()).collect();
        html! {
            @if metrics.metrics.is_empty() { p.empty { "Nothing was measured from " (metrics.window) "." } }
            @else { p.faint { "From " (metrics.window) "." } }
            @if !measured.is_empty() {
                section aria-labelledby="measured-title" {
                    h2 id="measured-title" { "Measured by AWS" }
                    div.courses { @for (means, of) in &measured { (drawn(metrics, means, of)) } }
                }
            }
            @if !counted.is_empty() {
                section aria-labelledby="counted-title" {
                    h2 id="counted-title" { "Counted in the database" }
                    div.courses { @for one in &counted { (drawn(metrics, &one.name, &[one])) } }
                }
            }
            @if metrics.left_out > 0 { p.faint { "Not shown: " (metrics.left_out) "." } }
        }
    })
}

fn drawn(metrics: &Metrics, says: &str, of: &[&MetricCourse]) -> Markup {
    let most = of.iter().map(|one| one.most).fold(0.0, f64::max);
    let unit = of.first().map_or("", |one| one.unit.as_str());
    let is_bytes = unit.starts_with("bytes") || of.iter().all(|one| one.name.ends_with("bytes"));
    let (divisor, unit) = match is_bytes {
        true => in_bytes(most, unit.trim_start_matches("bytes")),
        false => (1.0, unit.to_owned()),
    };
    let lines: Vec<Line<'_>> = of
        .iter()
        .enumerate()
        .map(|(number, one)| Line {
            of: one.of.as_deref().unwrap_or("last"),
            colour: (number + 1) % COLOURS,
            values: values(metrics, one, divisor),
            now: one.in_words(one.now),
        })
        .collect();
    courses_of(says, &unit, &lines)
}

/// What bytes are divided by to be read well, and the unit.
fn in_bytes(most: f64, ending: &str) -> (f64, String) {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut divisor = 1.0;
    let mut at = 0;
    while most / divisor >= 1_024.0 && at + 1 < units.len() {
        divisor *= 1_024.0;
        at += 1;
    }
    (divisor, format!("{}{ending}", units[at]))
}

/// A value for each step; none where nothing was measured.
fn values(metrics: &Metrics, one: &MetricCourse, divisor: f64) -> Vec<Option<f64>> {
    let at: BTreeMap<i64, f64> = one.steps.iter().map(|step| (step.at_s, step.value)).collect();
    // What comes in longer spans than a step, as the size of a volume, is a line and no row of points.
    let span_s = at
        .keys()
        .zip(at.keys().skip(1))
        .map(|(before, after)| after - before)
        .min()
        .unwrap_or(metrics.step_s)
        .max(metrics.step_s)
        .max(1);
    let first = metrics.from_s - metrics.from_s.rem_euclid(span_s);
    (0..=(metrics.to_s - first) / span_s)
        .map(|number| {
            let (from, to) = (first + number * span_s, first + (number + 1) * span_s);
            at.range(from..to).next_back().map(|(_, value)| value / divisor)
        })
        .collect()
}
