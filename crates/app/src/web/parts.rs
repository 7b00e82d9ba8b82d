//! What several pages draw.

use howdah_core::{Applicability, Block, Fix, Report, Severity};
use howdah_tools::show_load::ShownLoad;
use maud::{Markup, html};

use super::stack::{COLOURS, Stack, colours};
use super::visit::Visit;
use super::words::{count, moment};

/// Stretches of time that pages look back on: as tools take them, and in words.
pub(super) const LENGTHS: &[(&str, &str)] = &[
    ("15m", "15 minutes"),
    ("1h", "hour"),
    ("6h", "6 hours"),
    ("1d", "day"),
    ("1w", "week"),
    ("4w", "4 weeks"),
];

/// The stretch of time that a visit looks back on, out of [`LENGTHS`].
pub(super) fn last<'a>(visit: &'a Visit, usual: &'a str) -> &'a str {
    let asked = visit
        .word("last")
        .filter(|asked| LENGTHS.iter().any(|(length, _)| length == asked));
    asked.unwrap_or(usual)
}

/// The choice of a stretch of time, which keeps the other words.
pub(super) fn lengths(visit: &Visit, chosen: &str) -> Markup {
    choice(visit, "How far back", "last", LENGTHS, chosen)
}

/// A choice of one word; the others are kept.
pub(super) fn choice(visit: &Visit, says: &str, word: &str, of: &[(&str, &str)], chosen: &str) -> Markup {
    let link = |value: &str| {
        let kept = visit
            .said
            .iter()
            .filter(|(name, _)| name != word && name != "part" && name != "target");
        let words: Vec<(&str, &str)> = kept
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain([(word, value)])
            .collect();
        visit.link(visit.path, &words)
    };
    html! {
        nav.choice aria-label=(says) {
            ul {
                @for (value, name) in of {
                    li { a href=(link(value)) aria-current=[(*value == chosen).then_some("true")] { (name) } }
                }
            }
        }
    }
}

/// SQL that mends something, with whether it needs a thought first.
pub(super) fn fix(fix: &Fix) -> Markup {
    let how = match fix.applicability {
        Applicability::Safe => "Mends it",
        Applicability::Unsafe => "Mends it, if you agree",
        Applicability::Display => "For example",
    };
    html! {
        div.fix { p.faint { (how) ":" } (code(how, &fix.sql)) }
    }
}

/// Text to be copied as it is.
pub(super) fn code(says: &str, text: &str) -> Markup {
    html! { pre.code tabindex="0" role="group" aria-label=(says) data-copy="" { (text) } }
}

/// A word for how something is, with its colour.
pub(super) fn badge(status: &str) -> Markup {
    html! { span class=(format!("badge is-{}", class(status))) { (status) } }
}

/// The class of a status: what is not known has none.
fn class(status: &str) -> &'static str {
    match status {
        "critical" | "danger" | "failed" | "down" | "undo failed" => "critical",
        "warn" | "warning" | "degraded" | "stopped" | "paused" | "cancelled" => "warn",
        "ok" | "available" | "up" | "succeeded" | "done" => "ok",
        "running" | "undoing" | "queued" | "being created" | "being deleted" => "busy",
        _ => "plain",
    }
}

/// Average active sessions over time, with what the colours mean.
pub(super) fn load(shown: &ShownLoad) -> Markup {
    let load = &shown.load;
    if load.looks == 0 {
        return html! { p.empty { "Nobody watched from " (shown.window) ". While " code { "howdah serve" } " or " code { "howdah watch" } " runs, samples come every second." } };
    }
    // CPU lies lowest and keeps its colour: whether sessions compute or wait is the first question.
    let mut parts: Vec<&str> = load.shares.iter().map(|share| share.of.as_str()).collect();
    parts.truncate(COLOURS);
    parts.sort_by_key(|part| *part != "CPU");
    let parts = colours(parts.into_iter());
    let says = format!(
        "Average active sessions from {}: {:.2} on average, most of them on {}",
        shown.window,
        load.average,
        load.shares.first().map_or("nothing", |share| share.of.as_str())
    );
    let stack = Stack {
        says: &says,
        unit: "sessions",
        from_s: shown.from_s,
        to_s: shown.to_s,
        step_s: shown.step_s,
        parts: &parts,
        steps: load.steps.iter().map(|step| (step.at_s, &step.parts)).collect(),
    };
    let colour = |of: &str| {
        parts
            .iter()
            .find(|(part, _)| *part == of)
            .map_or(COLOURS, |(_, colour)| *colour)
    };
    html! {
        p { strong { (format!("{:.2}", load.average)) } " sessions at work on average, in " (count(load.looks as f64)) " looks." }
        (stack.draw())
        @if !load.shares.is_empty() {
            table.legend {
                thead { tr { th scope="col" { "On" } th.number scope="col" { "Average" } th.number scope="col" { "Share" } } }
                tbody {
                    @for share in load.shares.iter().take(10) {
                        tr {
                            th scope="row" { span class=(format!("swatch c{}", colour(&share.of))) {} (share.of) }
                            td.number { (format!("{:.2}", share.average)) }
                            td.number { (format!("{:.0} %", share.percent)) }
                        }
                    }
                }
            }
        }
        @if load.shares.len() > 10 { p.faint { (load.shares.len() - 10) " more took less." } }
        @if let Some(step) = load.steps.last() { p.faint { "The last step began at " (moment(step.at_s)) "." } }
    }
}

/// A table that may be wider than a narrow window: it scrolls by itself, and not the page.
pub(super) fn wide(says: &str, table: &Markup) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label=(says) { (table) } }
}

/// The word for a severity.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Danger => "danger",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A tool's result as it reads on every face.
pub(super) fn report(report: &Report) -> Markup {
    html! {
        @for block in &report.blocks {
            @match block {
                Block::Text(text) => { p.text { (text) } }
                Block::Heading(text) => { h3 { (text) } }
                Block::Facts(facts) => { dl { @for (name, value) in facts { dt { (name) } dd { (value) } } } }
                Block::Code(text) => { (code("To be copied", text)) }
                Block::Marked(parts) => { pre.code tabindex="0" role="group" aria-label="Text" { @for (_, text) in parts { (text) } } }
                Block::Table { columns, rows } => {
                    (wide("A table", &html! {
                        table {
                            thead { tr { @for column in columns { th scope="col" { (column) } } } }
                            tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
                        }
                    }))
                }
            }
        }
    }
}
