//! The statements that took the time, in any order.

use howdah_core::{Result, inventory};
use howdah_tools::top_queries::{Order, TopQueries, TopStatements};
use maud::{Markup, html};

use crate::web::page::Page;
use crate::web::parts;
use crate::web::spark::spark;
use crate::web::visit::{Visit, no_part, part};
use crate::web::words::{count, milliseconds, shortened};

inventory::submit! {
    Page {
        path: "/statements",
        title: "Statements",
        place: Some(3),
        show: |visit| Box::pin(show(visit)),
        act: None,
    }
}

/// The columns that can come first: the word of the address, the heading, the order.
const ORDERS: &[(&str, &str, Order)] = &[
    ("time", "Time", Order::Time),
    ("calls", "Calls", Order::Calls),
    ("mean", "Mean", Order::Mean),
    ("reads", "Blocks read", Order::Reads),
    ("temp", "Temp blocks", Order::Temp),
    ("wal", "WAL", Order::Wal),
];
/// Statements that are shown.
const SHOWN: usize = 50;

async fn show(visit: &Visit) -> Result<Markup> {
    let last = parts::last(visit, "1h");
    let chosen = ORDERS.iter().find(|(word, _, _)| Some(*word) == visit.word("order")).unwrap_or(&ORDERS[0]);
    match visit.part() {
        None => {}
        Some("list") => return Ok(list(visit, last, chosen).await),
        Some(other) => return Err(no_part(other)),
    }
    Ok(html! {
        div.title { (parts::lengths(visit, last)) }
        section { (list(visit, last, chosen).await) }
    })
}

async fn list(visit: &Visit, last: &str, chosen: &(&str, &str, Order)) -> Markup {
    let tool = TopQueries {
        last: last.to_owned(),
        ago: None,
        order: chosen.2,
        limit: SHOWN,
        counters: false,
        course: true,
        target: visit.target(),
        database: None,
    };
    let look = visit.look(tool, 15.0).await;
    part(visit, "list", 30, &look, |top: &TopStatements| html! {
        @if top.statements.is_empty() {
            p.empty { "No statement was counted from " (top.window) ". The counters are read every minute, and two readings are needed." }
        }
        @else {
            p.faint { "From " (top.window) ": " (milliseconds(top.total_ms)) " of execution in all." }
            (parts::wide("Statements", &html! {
                table.sortable {
                    thead {
                        tr {
                            th scope="col" { "Statement" }
                            th scope="col" { "Course" }
                            @for (word, title, _) in ORDERS {
                                th.number scope="col" aria-sort=[(*word == chosen.0).then_some("descending")] {
                                    a href=(visit.link("/statements", &[("last", last), ("order", word)])) { (title) }
                                }
                            }
                            th.number scope="col" { "Rows/call" }
                        }
                    }
                    tbody {
                        @for one in &top.statements {
                            tr {
                                th.statement scope="row" {
                                    a href=(visit.link("/statement", &[("id", &one.query_id), ("last", last)])) { code { (shortened(&one.statement, 140)) } }
                                }
                                td { (spark(&format!("Time over the {}", length_of(last)), &one.course)) }
                                td.number { (format!("{:.1} %", one.percent)) }
                                td.number { (count(one.calls as f64)) }
                                td.number { (milliseconds(one.mean_ms)) }
                                td.number { (count(one.blocks_read as f64)) }
                                td.number { (count(one.temp_blocks as f64)) }
                                td.number { (howdah_core::human_bytes(u64::try_from(one.wal_bytes).unwrap_or(0))) }
                                td.number { (count(one.rows_per_call)) }
                            }
                        }
                    }
                }
            }))
        }
    })
}

fn length_of(last: &str) -> &'static str {
    parts::LENGTHS.iter().find(|(length, _)| *length == last).map_or("time", |(_, words)| words)
}
