//! The plans of the statements that take a server longest, kept when a change begins and compared when it is done.

use howdah_advise::indexes::counted;
use howdah_advise::plan::{Plan as Read, compare, read_json};
use howdah_change::Plan;
use howdah_core::{Context, Result};
use howdah_pg::guard::{self, Caps, Query};
use howdah_pg::{Column, Flow, RowView, Session, Sink};
use serde::{Deserialize, Serialize};

use crate::audited::Audited;

/// Statements that are planned.
const STATEMENTS_MAX: usize = 20;
/// Bytes of a plan; a larger one is not kept.
const PLAN_MAX_BYTES: usize = 256 * 1024;
/// From this version on a statement is planned for whatever values its parameters have.
const GENERIC_SINCE: u32 = 160_000;
/// From this factor on a cost is told: what a change does to sizes alone stays below.
const DEARER: f64 = 1.5;

/// A statement as pg_stat_statements has it, and its plan in the server's JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    statement: String,
    plan: String,
}

/// The plans as text to be kept; `None` where there are none to be had.
pub(crate) async fn taken(cx: &Context, tool: &str, session: &mut Session) -> Result<Option<String>> {
    if session.version_num() < GENERIC_SINCE {
        return Ok(None);
    }
    let Ok((workload, _)) = counted(session).await else {
        return Ok(None);
    };
    let mut kept = Vec::new();
    for statement in workload.statements.into_iter().take(STATEMENTS_MAX) {
        if let Ok(plan) = planned(cx, tool, session, &statement.text).await {
            kept.push(Kept { statement: statement.text, plan });
        }
    }
    Ok(Some(serde_json::to_string(&kept)?).filter(|_| !kept.is_empty()))
}

/// What became of the plans that read or write the tables of a change, in sentences.
pub(crate) async fn compared(cx: &Context, tool: &str, session: &mut Session, change: &Plan, kept: &str) -> Result<Vec<String>> {
    let mut told = Vec::new();
    let mut looked_at = 0;
    for Kept { statement, plan } in serde_json::from_str::<Vec<Kept>>(kept)? {
        let Some(before) = first(&plan).filter(|plan| concerns(plan, change)) else { continue };
        looked_at += 1;
        let name = one_line(&statement);
        match planned(cx, tool, session, &statement).await {
            Err(error) => told.push(format!("A statement that clients run is not planned any more: {name}: {}", error.message)),
            Ok(now) => {
                let Some(after) = first(&now) else { continue };
                let comparison = compare(&before, &after);
                if comparison.after_cost > comparison.before_cost * DEARER {
                    told.push(format!("The plan of a statement that clients run has changed: {name}: {}", comparison.verdict));
                }
            }
        }
    }
    if looked_at > 0 && told.is_empty() {
        told.push(format!("Of the statements that take the server longest, {looked_at} use these tables; none of their plans costs more than before."));
    }
    Ok(told)
}

async fn planned(cx: &Context, tool: &str, session: &mut Session, statement: &str) -> Result<String> {
    let explain = format!("EXPLAIN (FORMAT JSON, VERBOSE, GENERIC_PLAN) {statement}");
    let audited = Audited::begin(cx, tool, session, &explain)?;
    let caps = Caps { rows: None, bytes: PLAN_MAX_BYTES, cell_bytes: PLAN_MAX_BYTES };
    let mut text = Text(String::new());
    let query = Query { sql: &explain, params: &[], caps, timeout_ms: None };
    let outcome = guard::query(session, &query, &mut text).await.map_err(howdah_core::Error::from);
    audited.end(outcome.as_ref().map(|done| done.rows)).await?;
    outcome?;
    Ok(text.0)
}

fn first(plan: &str) -> Option<Read> {
    read_json(plan).ok()?.into_iter().next()
}

fn concerns(plan: &Read, change: &Plan) -> bool {
    let tables = change.tables();
    let is_one = |schema: &Option<String>, relation: &Option<String>| {
        tables.iter().any(|table| table.schema == *schema && Some(&table.name) == relation.as_ref())
    };
    plan.nodes.iter().any(|node| node.relation.is_some() && is_one(&node.schema, &node.relation))
}

fn one_line(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

struct Text(String);

impl Sink for Text {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        self.0.extend(row.cell(0).map(|cell| cell.text().into_owned()));
        Flow::Continue
    }

    fn cell_cap(&self) -> usize {
        PLAN_MAX_BYTES
    }
}
