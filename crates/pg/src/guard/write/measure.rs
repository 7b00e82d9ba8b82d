//! Runs a write in a transaction that is rolled back, where that leaves nothing behind.

use std::time::Duration;

use howdah_sql::{Kind, Limits};
use serde::Serialize;

use super::super::builtins::Builtins;
use super::super::facts::{Record, text};
use super::super::judge::{Judge, Reading, STATEMENT, Scope};
use super::super::mention::{self, Grammar};
use super::super::{GuardError, run};
use super::{MEASURE_DDL_MAX, MEASURE_LOCK_MAX, MEASURE_MAX};
use crate::{Column, Flow, PgError, RowView, Session, Sink, Step};

/// What a write did before it was rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Rows that it touched, where its kind counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The locks that it took, sorted; those on the server's own catalog are left out.
    pub locks: Vec<Lock>,
}

/// A lock on a relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lock {
    /// The relation, quoted as needed.
    pub relation: String,
    /// As in `pg_locks`: `AccessExclusiveLock`.
    pub mode: String,
}

const LOCKS: &str = include_str!("../../../queries/guard/locks.sql");
const EVENT_TRIGGERS: &str = include_str!("../../../queries/guard/event_triggers.sql");

/// Measures the write, or says why not.
pub(super) async fn measure(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    kind: &Kind,
) -> Result<Result<Measured, String>, GuardError> {
    let (limit, is_ddl) = match kind {
        Kind::Insert | Kind::Update | Kind::Delete | Kind::Merge => (MEASURE_MAX, false),
        Kind::Ddl(command) if command.in_transaction && MEASURED.contains(&command.tag) => {
            (MEASURE_DDL_MAX, true)
        }
        kind => {
            return Ok(Err(format!(
                "What {} does cannot be tried and taken back.",
                kind.name()
            )));
        }
    };
    // A default is computed for what is inserted, or where the statement says DEFAULT.
    let defaults = matches!(kind, Kind::Insert | Kind::Merge) || sql.to_lowercase().contains("default");
    if let Some(why) = judge(session, sql, is_ddl, defaults).await? {
        return Ok(Err(why));
    }
    super::close(session).await?;
    carry_out(session, sql, params, limit, is_ddl).await
}

/// Runs a write inside of EXPLAIN and takes it back, or says why not. What EXPLAIN prints goes to the sink.
pub(super) async fn explain(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    kind: &Kind,
    options: &str,
    sink: &mut super::Counted<'_>,
) -> Result<Result<(), String>, GuardError> {
    if !matches!(kind, Kind::Insert | Kind::Update | Kind::Delete | Kind::Merge) {
        return Ok(Err(format!(
            "What {} does cannot be tried and taken back.",
            kind.name()
        )));
    }
    let defaults = matches!(kind, Kind::Insert | Kind::Merge) || sql.to_lowercase().contains("default");
    if let Some(why) = judge(session, sql, false, defaults).await? {
        return Ok(Err(why));
    }
    super::close(session).await?;
    let mut opening = run::opening(session, "BEGIN READ WRITE", None);
    opening.push(format!(
        "SET LOCAL lock_timeout = {}",
        MEASURE_LOCK_MAX.as_millis()
    ));
    let explain = format!("EXPLAIN ({options}) {sql}");
    sink.capped.step = opening.len();
    let steps: Vec<Step<'_>> = opening
        .iter()
        .map(|sql| Step::silent(sql))
        .chain([Step::new(&explain).params(params), Step::silent("ROLLBACK")])
        .collect();
    session.run(&steps, sink).await.map_err(run::as_one_step)?;
    Ok(Ok(()))
}

/// Definitions that run nothing but what the judge sees, and leave nothing when rolled back.
const MEASURED: &[&str] = &[
    "ALTER INDEX",
    "ALTER TABLE",
    "ALTER VIEW",
    "CREATE INDEX",
    "CREATE TABLE",
    "CREATE VIEW",
    "DROP INDEX",
    "DROP MATERIALIZED VIEW",
    "DROP TABLE",
    "DROP VIEW",
];

/// Why running it could leave something behind, if it could.
async fn judge(
    session: &mut Session,
    sql: &str,
    is_ddl: bool,
    defaults: bool,
) -> Result<Option<String>, GuardError> {
    let trees = howdah_sql::tree(sql, &Limits::default())?;
    let Some(tree) = trees.first() else {
        return Ok(Some("There is no statement.".to_owned()));
    };
    let mut mentions = match mention::mentions(tree, Grammar::Any) {
        Ok(mentions) => mentions,
        Err(refusal) => return Ok(Some(refusal.reason)),
    };
    if is_ddl {
        // Whatever it names may be rewritten or checked.
        let named = std::mem::take(&mut mentions.relations);
        mentions.targets.extend(named);
    }
    let target = std::sync::Arc::clone(session.target());
    let opening = run::opening(session, "BEGIN READ ONLY", None);
    let steps: Vec<Step<'_>> = opening.iter().map(|sql| Step::silent(sql)).collect();
    super::super::facts::fetch(session, &steps).await?;
    let builtins = Builtins::of(session, &super::super::key(&target)).await?;
    if let Some(function) = &builtins.replaced {
        return Ok(Some(format!(
            "The server's own function {function} was replaced."
        )));
    }
    if is_ddl && !session.query(EVENT_TRIGGERS, &[]).await?.is_empty() {
        return Ok(Some("Event triggers would run.".to_owned()));
    }
    let mut judge = Judge::new(builtins, &target.guard, &target.name);
    judge.defaults = defaults;
    judge.mentions_for(&mentions, Scope::Session, Reading::Written, STATEMENT);
    judge.settle(session, Vec::new()).await?;
    Ok(judge.finish().into_iter().next().map(|doubt| {
        let refusal = doubt.refusal;
        match refusal.path.as_slice() {
            [] => refusal.reason,
            path => format!("{} Reached {}.", refusal.reason, path.join(", ")),
        }
    }))
}

async fn carry_out(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    limit: Duration,
    is_ddl: bool,
) -> Result<Result<Measured, String>, GuardError> {
    let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let mut steps = run::opening(session, "BEGIN READ WRITE", Some(limit_ms));
    steps.push(format!(
        "SET LOCAL lock_timeout = {}",
        MEASURE_LOCK_MAX.as_millis()
    ));
    let at = steps.len();
    let steps: Vec<Step<'_>> = steps
        .iter()
        .map(|sql| Step::silent(sql))
        .chain([
            Step::silent(sql).params(params),
            Step::new(LOCKS),
            Step::silent("ROLLBACK"),
        ])
        .collect();
    let mut locks = Locks(Vec::new());
    match session.run(&steps, &mut locks).await {
        Ok(end) => Ok(Ok(Measured {
            rows: end
                .steps
                .get(at)
                .filter(|_| !is_ddl)
                .and_then(crate::StepEnd::affected),
            locks: locks.0,
        })),
        Err(PgError::Server(error)) if matches!(error.sqlstate.as_str(), "57014" | "55P03") => {
            Ok(Err(format!(
                "It was tried for {limit_ms} ms and did not end by then: {}.",
                error.message
            )))
        }
        Err(error) => Err(run::as_one_step(error).into()),
    }
}

struct Locks(Vec<Lock>);

impl Sink for Locks {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        let record: Record = row
            .cells()
            .map(|cell| cell.map(|cell| cell.text().into_owned()))
            .collect();
        self.0.push(Lock {
            relation: text(&record, 0).to_owned(),
            mode: text(&record, 1).to_owned(),
        });
        Flow::Continue
    }
}
