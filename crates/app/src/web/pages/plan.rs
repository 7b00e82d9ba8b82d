//! A plan as a picture: each step with what it took, and what is wrong with it.

use howdah_core::{Output, Result, Tool, inventory};
use howdah_tools::advise_indexes::AdviseIndexes;
use howdah_tools::explain_query::{DrawnNode, ExplainQuery, Plan, PlanFinding};
use maud::{Markup, html};

use crate::web::page::{Done, Page};
use crate::web::parts;
use crate::web::stack::percent;
use crate::web::visit::{Visit, needed, no_part, part, problem};
use crate::web::words::{count, milliseconds};

inventory::submit! {
    Page {
        path: "/plan",
        title: "Plan",
        place: Some(4),
        show: |visit| Box::pin(show(visit)),
        act: Some(|visit| Box::pin(act(visit))),
    }
}

/// From this factor on an estimate is marked.
const MARKED_FACTOR: f64 = 10.0;

async fn show(visit: &Visit) -> Result<Markup> {
    if let Some(name) = visit.part() {
        return match (name, visit.word("sql")) {
            ("advice", Some(sql)) => Ok(advised(visit, sql).await),
            _ => Err(no_part(name)),
        };
    }
    let drawn = match visit.word("sql") {
        Some(sql) => explained(visit, sql, false).await,
        None => html! { p.empty { "A statement is planned by the server and, where it only reads and you say so, run and measured. Nothing is changed." } },
    };
    Ok(html! { (form(visit)) (drawn) })
}

/// A statement may be longer than an address; and it is run for who asked for it here, not for
/// whoever followed a link.
async fn act(visit: &Visit) -> Result<Done> {
    let sql = needed(visit, "sql")?;
    let is_measured = visit.word("analyze").is_some();
    Ok(Done::Show(html! { (form(visit)) (explained(visit, sql, is_measured).await) }))
}

fn form(visit: &Visit) -> Markup {
    html! {
        form.query method="post" action="/plan" {
            @if let Some(target) = visit.word("target") { input type="hidden" name="target" value=(target); }
            label for="sql" { "Statement, or a plan as EXPLAIN printed it" }
            textarea id="sql" name="sql" rows="6" spellcheck="false" autocapitalize="off" required { (visit.word("sql").unwrap_or_default()) }
            p.buttons {
                label.check { input type="checkbox" name="analyze" value="yes" checked[visit.word("analyze").is_some()]; " Run it and measure, read-only" }
                button { "Explain" }
            }
        }
    }
}

async fn explained(visit: &Visit, sql: &str, is_measured: bool) -> Markup {
    let is_plan = sql.contains("(cost=") || sql.trim_start().starts_with(['[', '{']);
    let tool = ExplainQuery {
        sql: if is_plan { String::new() } else { sql.to_owned() },
        plan: is_plan.then(|| sql.to_owned()),
        analyze: !is_plan && is_measured,
        buffers: !is_plan && is_measured,
        target: visit.target(),
        ..ExplainQuery::default()
    };
    match tool.run(&visit.cx).await {
        Err(error) => problem(&error),
        Ok(plan) => html! {
            (drawn(&plan))
            @if !is_plan {
                section aria-labelledby="advice-title" {
                    h2 id="advice-title" { "Indexes" }
                    (advised(visit, sql).await)
                }
            }
        },
    }
}

async fn advised(visit: &Visit, sql: &str) -> Markup {
    let tool = AdviseIndexes {
        sql: Some(sql.to_owned()),
        target: visit.target(),
        ..AdviseIndexes::default()
    };
    let look = visit.look(tool, 600.0).await;
    part(visit, "advice", 600, &look, |advice| parts::report(&advice.report()))
}

fn drawn(plan: &Plan) -> Markup {
    html! {
        section aria-labelledby="plan-title" {
            h2 id="plan-title" { "The plan" }
            p {
                @match plan.total_ms {
                    Some(ms) => { "It took " strong { (milliseconds(ms)) } "." }
                    None => { "It was not run; the planner expects a cost of " strong { (count(plan.cost)) } "." }
                }
                " " (plan.findings.len()) @if plan.findings.len() == 1 { " finding." } @else { " findings." }
            }
            @for finding in plan.findings.iter().filter(|finding| finding.node.is_none()) { (self::finding(finding)) }
            ol.plan aria-label="The steps of the plan, each below the one that it gives its rows to" {
                @for node in &plan.nodes { (self::node(plan, node)) }
            }
            @for note in &plan.notes { p.faint { (note) } }
        }
    }
}

/// Levels that are moved to the right.
const LEVELS: usize = 12;

fn node(plan: &Plan, node: &DrawnNode) -> Markup {
    let heat = match node.own_percent {
        50.0.. => 4,
        25.0.. => 3,
        10.0.. => 2,
        2.0.. => 1,
        _ => 0,
    };
    html! {
        li class=(format!("level{}", node.depth.min(LEVELS))) {
            p {
                @if let Some(subplan) = &node.subplan { span.faint { (subplan) ": " } }
                span.faint { "#" (node.number) " " } strong { (node.name) }
                @if let Some(parent) = node.parent { span.faint { " for #" (parent + 1) } }
            }
            svg.share role="img" aria-label=(format!("{:.0} % of the whole", node.own_percent)) {
                rect.room width="100%" height="100%" {}
                rect class=(format!("heat{heat}")) width=(percent(node.own_percent)) height="100%" {}
            }
            p.faint { (figures(node)) }
            @if let Some(factor) = misestimate(node) {
                p { (parts::badge("warn")) " " (count(factor)) " times " (if node.rows_per_run.unwrap_or(0.0) > node.expected { "more" } else { "fewer" }) " rows than expected" }
            }
            @for (name, value) in &node.details { p.detail { span.faint { (name) ": " } code { (value) } } }
            @for finding in plan.findings.iter().filter(|finding| finding.node == Some(node.number)) { (self::finding(finding)) }
        }
    }
}

/// What it took and how many rows came, in a line.
fn figures(node: &DrawnNode) -> String {
    if node.is_never_run {
        return "never run".to_owned();
    }
    let took = match node.own_ms {
        Some(ms) => milliseconds(ms),
        None => format!("cost {}", count(node.own_cost)),
    };
    let rows = match node.rows_per_run {
        Some(rows) if node.loops > 1.0 => format!("{} rows × {}, {} expected", count(rows), count(node.loops), count(node.expected)),
        Some(rows) => format!("{} rows, {} expected", count(rows), count(node.expected)),
        None => format!("{} rows expected", count(node.expected)),
    };
    format!("{took} by itself ({:.0} %), {rows}", node.own_percent)
}

fn misestimate(node: &DrawnNode) -> Option<f64> {
    let seen = node.rows_per_run.filter(|_| !node.is_never_run)?.max(1.0);
    let expected = node.expected.max(1.0);
    Some((seen / expected).max(expected / seen)).filter(|factor| *factor >= MARKED_FACTOR)
}

fn finding(finding: &PlanFinding) -> Markup {
    html! {
        div.finding {
            p { (parts::badge(parts::severity(finding.severity))) " " (finding.message) }
            p { (finding.advice) }
            @if let Some(fix) = &finding.fix { (parts::fix(fix)) }
        }
    }
}
