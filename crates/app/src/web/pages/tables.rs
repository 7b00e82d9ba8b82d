//! Tables and indexes: how large, how bloated, how used, when vacuumed.

use std::collections::BTreeMap;
use std::time::Duration;

use howdah_core::{Result, human_bytes, inventory};
use howdah_tools::check_health::{CheckHealth, Health};
use howdah_tools::find_index_problems::{FindIndexProblems, Problems};
use howdah_tools::show_tables::{ShowTables, TableLine, Tables};
use maud::{Markup, html};

use crate::web::page::Page;
use crate::web::parts;
use crate::web::treemap::{Tile, treemap};
use crate::web::visit::{Visit, no_part, part};
use crate::web::words::{ago, count};

inventory::submit! {
    Page {
        path: "/tables",
        title: "Tables",
        place: Some(5),
        show: |visit| Box::pin(show(visit)),
        act: None,
    }
}

/// Tables that are shown.
const SHOWN: usize = 60;
/// Checks that say something of one table or index.
const CHECKS: &[&str] = &[
    "table-bloat",
    "index-bloat",
    "dead-tuples",
    "autovacuum-overdue",
    "autovacuum-disabled",
    "large-table-vacuum",
    "statistics-stale",
    "statistics-missing",
    "invalid-index",
];

async fn show(visit: &Visit) -> Result<Markup> {
    match visit.part() {
        None => {}
        Some("tables") => return Ok(tables(visit).await),
        Some("indexes") => return Ok(indexes(visit).await),
        Some(other) => return Err(no_part(other)),
    }
    let (tables, indexes) = tokio::join!(tables(visit), indexes(visit));
    Ok(html! {
        section { (tables) }
        section aria-labelledby="indexes-title" { h2 id="indexes-title" { "What is wrong with indexes" } (indexes) }
    })
}

async fn tables(visit: &Visit) -> Markup {
    let tool = ShowTables {
        limit: SHOWN,
        target: visit.target(),
        database: None,
    };
    let checks = CheckHealth {
        only: CHECKS.iter().map(|code| (*code).to_owned()).collect(),
        target: visit.target(),
        ..CheckHealth::default()
    };
    let (look, checks) = tokio::join!(visit.look_for(tool, 30.0, Duration::from_millis(150)), visit.look(checks, 120.0));
    let found = match checks.said.as_deref() {
        Some(Ok(health)) => of_objects(health),
        _ => BTreeMap::new(),
    };
    part(visit, "tables", 60, &look, |tables| drawn(tables, &found))
}

/// What checks say of each table or index.
fn of_objects(health: &Health) -> BTreeMap<String, Vec<(&'static str, String)>> {
    let mut found: BTreeMap<String, Vec<(&'static str, String)>> = BTreeMap::new();
    for check in health.each().flat_map(|one| &one.checks) {
        for problem in &check.problems {
            if let Some(object) = &problem.object {
                found.entry(object.clone()).or_default().push((problem.status.name(), problem.message.clone()));
            }
        }
    }
    found
}

fn drawn(tables: &Tables, found: &BTreeMap<String, Vec<(&'static str, String)>>) -> Markup {
    if tables.tables.is_empty() {
        return html! { p.empty { "There are no tables in this database." } };
    }
    let tiles: Vec<Tile> = tables.tables.iter().enumerate().map(|(at, table)| tile(at, table)).collect();
    html! {
        p {
            strong { (count(tables.count as f64)) } " tables of " strong { (human_bytes(tables.table_bytes)) } " with "
            strong { (human_bytes(tables.index_bytes)) } " of indexes."
            @if tables.count > tables.tables.len() { " The largest " (tables.tables.len()) " are shown." }
        }
        (treemap("Tables by size, with their indexes", &tiles))
        p.key aria-hidden="true" {
            "Dead tuples: " @for (heat, says) in ["under 5 %", "5 %", "10 %", "20 %", "40 % and more"].iter().enumerate() {
                svg.swatch { rect class=(format!("heat{heat}")) width="100%" height="100%" {} } (says) " "
            }
        }
        (parts::wide("Tables", &html! {
            table {
                thead {
                    tr {
                        th scope="col" { "Table" }
                        @for title in ["Size", "Indexes", "Rows", "Dead", "Seq scans", "Index scans", "Writes"] { th.number scope="col" { (title) } }
                        th scope="col" { "Vacuumed" }
                        th scope="col" { "Analysed" }
                    }
                }
                tbody {
                    @for (at, table) in tables.tables.iter().enumerate() {
                        tr id=(format!("table{at}")) {
                            th.name scope="row" {
                                (table.name)
                                @if table.is_view { span.faint { " materialised view" } }
                                @for (status, message) in found.get(&table.name).into_iter().flatten() { p.note { (parts::badge(status)) " " (message) } }
                                @if !table.indexes.is_empty() { (indexes_of(table, found)) }
                            }
                            td.number { (human_bytes(table.table_bytes)) }
                            td.number { (human_bytes(table.index_bytes)) }
                            td.number { (count(table.live as f64)) }
                            td.number { (format!("{:.0} %", table.dead_percent())) }
                            td.number { (count(table.seq_scans as f64)) }
                            td.number { (count(table.index_scans as f64)) }
                            td.number { (count(table.writes as f64)) }
                            td { (table.vacuumed_s.map_or("never".to_owned(), ago)) }
                            td { (table.analysed_s.map_or("never".to_owned(), ago)) }
                        }
                    }
                }
            }
        }))
    }
}

fn indexes_of(table: &TableLine, found: &BTreeMap<String, Vec<(&'static str, String)>>) -> Markup {
    html! {
        details {
            summary { (table.indexes.len()) @if table.indexes.len() == 1 { " index" } @else { " indexes" } }
            ul.plain {
                @for index in &table.indexes {
                    li {
                        (index.name) " " span.faint { "(" (index.columns) ")" } " "
                        (human_bytes(index.bytes)) ", " (count(index.scans as f64)) " scans"
                        @if index.is_unique { ", unique" }
                        @if !index.is_valid { " " (parts::badge("critical")) " invalid" }
                        @for (status, message) in found.get(&index.name).into_iter().flatten() { p.note { (parts::badge(status)) " " (message) } }
                    }
                }
            }
        }
    }
}

fn tile(at: usize, table: &TableLine) -> Tile {
    let dead = table.dead_percent();
    Tile {
        name: table.name.clone(),
        says: format!("{}, {dead:.0} % dead", human_bytes(table.table_bytes + table.index_bytes)),
        size: (table.table_bytes + table.index_bytes) as f64,
        link: format!("#table{at}"),
        heat: match dead {
            40.0.. => 4,
            20.0.. => 3,
            10.0.. => 2,
            5.0.. => 1,
            _ => 0,
        },
    }
}

async fn indexes(visit: &Visit) -> Markup {
    let tool = FindIndexProblems {
        schemas: Vec::new(),
        target: visit.target(),
        database: None,
    };
    let look = visit.look(tool, 300.0).await;
    part(visit, "indexes", 300, &look, |problems: &Problems| html! {
        @if problems.0.problems.is_empty() { p.empty { "Nothing is wrong with the indexes." } }
        @for problem in &problems.0.problems {
            div.finding {
                p { (parts::badge(parts::severity(problem.finding.severity))) " " (problem.finding.message) }
                @for line in &problem.finding.evidence { p.faint { (line) } }
                @if let Some(fix) = &problem.finding.fix { (parts::fix(fix)) }
                @if let Some(undo) = &problem.undo {
                    details { summary { "The way back" } (parts::code("The way back", undo)) }
                }
            }
        }
        @for note in &problems.0.notes { p.faint { (note) } }
    })
}
