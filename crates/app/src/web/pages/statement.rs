//! One statement: its history, its plan, what is advised.

use std::time::Duration;

use howdah_core::{Result, inventory};
use howdah_tools::find_regressions::headline;
use howdah_tools::show_statement::{ShowStatement, StatementHistory, StatementStep};
use maud::{Markup, html};

use crate::web::page::Page;
use crate::web::parts;
use crate::web::spark::course_of;
use crate::web::visit::{Visit, needed, no_part, part};
use crate::web::words::{count, milliseconds};

inventory::submit! {
    Page {
        path: "/statement",
        title: "Statement",
        place: None,
        show: |visit| Box::pin(show(visit)),
        act: None,
    }
}

async fn show(visit: &Visit) -> Result<Markup> {
    let last = parts::last(visit, "1h");
    let id = needed(visit, "id")?;
    match visit.part() {
        None => {}
        Some("history") => return Ok(history(visit, id, last).await),
        Some(other) => return Err(no_part(other)),
    }
    Ok(html! {
        div.title { (parts::lengths(visit, last)) }
        section { (history(visit, id, last).await) }
        p { a href=(visit.link("/statements", &[("last", last)])) { "All statements" } }
    })
}

async fn history(visit: &Visit, id: &str, last: &str) -> Markup {
    let tool = ShowStatement {
        query_id: id.to_owned(),
        last: last.to_owned(),
        ago: None,
        target: visit.target(),
        database: None,
    };
    let look = visit.look_for(tool, 15.0, Duration::from_millis(150)).await;
    part(visit, "history", 30, &look, |history: &StatementHistory| drawn(visit, history))
}

fn drawn(visit: &Visit, history: &StatementHistory) -> Markup {
    let course = |value: fn(&StatementStep) -> f64| {
        let first = history.from_s - history.from_s.rem_euclid(history.step_s);
        let steps = usize::try_from((history.to_s - first) / history.step_s.max(1) + 1).unwrap_or(1);
        let mut values = vec![None; steps];
        for step in history.steps.iter().filter(|step| step.calls > 0) {
            let at = usize::try_from((step.at_s - first) / history.step_s.max(1)).unwrap_or(0);
            if let Some(slot) = values.get_mut(at) {
                *slot = Some(value(step));
            }
        }
        values
    };
    html! {
        @if history.statement.is_empty() { p.empty { "Its text is not shown to this role." } }
        @else { (parts::code("The statement", &history.statement)) }
        p {
            strong { (count(history.calls as f64)) } " calls of " strong { (milliseconds(history.mean_ms)) }
            " on average from " (history.window) "; " (count(history.rows_per_call)) " rows and " (count(history.blocks_per_call)) " blocks each."
        }
        @if let Some(regression) = &history.regression {
            div.finding {
                p { (parts::badge("warn")) " " strong { "It became worse: " (headline(regression)) "." } }
                @for line in &regression.evidence { p { (line) } }
                @if !regression.changes.is_empty() {
                    p { "Changed shortly before:" }
                    ul.plain { @for line in &regression.changes { li { (line) } } }
                }
            }
        }
        div.courses {
            (course_of("Mean time of a call", "ms", &course(|step| step.mean_ms)))
            (course_of("Calls", "calls", &course(|step| step.calls as f64)))
            (course_of("Blocks of a call", "blocks", &course(|step| step.blocks_per_call)))
            (course_of("Rows of a call", "rows", &course(|step| step.rows_per_call)))
        }
        @if !history.waits.is_empty() {
            h2 { "What it waits for" }
            ul.plain {
                @for share in history.waits.iter().take(8) { li { (share.wait) " " span.faint { (format!("{:.0} %", share.percent)) } } }
            }
        }
        @if !history.statement.is_empty() {
            p.buttons {
                a.button href=(visit.link("/plan", &[("sql", &history.statement)])) { "Its plan, and what is advised" }
            }
        }
    }
}
