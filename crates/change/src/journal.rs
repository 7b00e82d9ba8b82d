//! The journal in the target's schema `howdah`: which changes there are, which steps of them
//! are done, where their backfills stand.

use std::collections::BTreeMap;

use howdah_pg::Connection;
use howdah_sql::quote_literal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::text_array;
use crate::{ChangeError, Plan};

const CREATE: &str = include_str!("journal/create.sql");
const LIST: &str = include_str!("journal/list.sql");

/// The class of the advisory locks on changes: "howd" in ASCII.
pub(crate) const LOCK_CHANGE: i32 = 0x686f_7764;
/// The class of those on tables: "howt".
pub(crate) const LOCK_TABLE: i32 = 0x686f_7774;

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being carried out, or interrupted: `resume` goes on.
    Running,
    /// A person wants it to wait.
    Paused,
    /// A step failed; `resume` tries it again.
    Failed,
    /// Everything clients see is done; what a rollback needs is still there.
    Expanded,
    /// Everything is done.
    Done,
    /// Being taken back, or interrupted while it was.
    RollingBack,
    /// Everything is taken back.
    RolledBack,
}

impl State {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Failed => "failed",
            Self::Expanded => "expanded",
            Self::Done => "done",
            Self::RollingBack => "rolling_back",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Whether nothing more is to be done.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Done | Self::RolledBack)
    }
}

/// What a person wants of a change that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// To be carried out.
    Run,
    /// To stop where it is.
    Pause,
    /// To be taken back.
    Cancel,
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Begun: done wholly, in part or not at all.
    Running,
    /// Done.
    Done,
    /// Taken back.
    Undone,
}

/// A change in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Entry {
    /// What it does.
    pub plan: Plan,
    /// Where it stands.
    pub state: State,
    /// What a person wants of it.
    pub wanted: Wanted,
    /// Whether a session carries it out at this moment.
    pub at_work: bool,
    /// Why it failed.
    pub error: Option<String>,
    /// The role that began it.
    pub who: String,
    /// When it was begun.
    pub started_at: String,
    /// When its state changed last.
    pub changed_at: String,
    /// The steps that were begun, by number counted from 0.
    pub steps: BTreeMap<usize, StepEntry>,
    /// The positions of backfills and batches.
    pub positions: BTreeMap<usize, Position>,
}

/// A step in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepEntry {
    /// How far it has come.
    pub state: StepState,
    /// Seconds that it took, or has taken.
    pub seconds: f64,
}

/// How far a backfill has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// The executor's own note.
    pub position: String,
    /// Rows that were written.
    pub rows: u64,
}

#[derive(Deserialize)]
struct StepRow {
    ordinal: usize,
    #[serde(flatten)]
    entry: StepEntry,
}

#[derive(Deserialize)]
struct PositionRow {
    ordinal: usize,
    #[serde(flatten)]
    position: Position,
}

impl Entry {
    /// Whether the step is done.
    pub fn is_done(&self, step: usize) -> bool {
        self.steps
            .get(&step)
            .is_some_and(|entry| entry.state == StepState::Done)
    }
}

/// Whether this database has a journal.
pub(crate) async fn exists(connection: &mut Connection) -> Result<bool, ChangeError> {
    let rows = connection
        .query("SELECT to_regclass('howdah.positions') IS NOT NULL", &[])
        .await?;
    Ok(rows.first().is_some_and(|row| row.is_true(0)))
}

/// Whether the journal has all that this version writes.
async fn is_current(connection: &mut Connection) -> Result<bool, ChangeError> {
    let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute \
               WHERE attrelid = to_regclass('howdah.changes') AND attname = 'before' AND NOT attisdropped)";
    let rows = connection.query(sql, &[]).await?;
    Ok(rows.first().is_some_and(|row| row.is_true(0)))
}

/// Makes the journal where there is none.
pub(crate) async fn create(connection: &mut Connection) -> Result<(), ChangeError> {
    if exists(connection).await? && is_current(connection).await? {
        return Ok(());
    }
    // Two that make it at the same time: the second waits, and finds it.
    let sql = format!(
        "BEGIN; SELECT pg_advisory_xact_lock({LOCK_CHANGE}, 0); SET LOCAL client_min_messages = error; {CREATE}; COMMIT"
    );
    match connection.batch(&sql).await {
        Ok(()) => Ok(()),
        Err(error) => {
            connection.batch("ROLLBACK").await?;
            if error.sqlstate() == Some("42501") {
                return Err(ChangeError::Refused(vec![
                    "The role may not create the schema howdah, in which the journal of changes is kept."
                        .to_owned(),
                    "Somebody who may can run: CREATE SCHEMA howdah AUTHORIZATION the_role;".to_owned(),
                ]));
            }
            Err(error.into())
        }
    }
}

/// The changes in the journal; one of them, or all.
pub async fn list(connection: &mut Connection, id: Option<&str>) -> Result<Vec<Entry>, ChangeError> {
    if !exists(connection).await? {
        return Ok(Vec::new());
    }
    let rows = connection.query(LIST, &[id]).await?;
    rows.iter()
        .map(|row| {
            let word = |at: usize| serde_json::Value::from(row.get(at).unwrap_or_default());
            let steps: Vec<StepRow> = serde_json::from_str(row.get(8).unwrap_or("[]"))?;
            let positions: Vec<PositionRow> = serde_json::from_str(row.get(9).unwrap_or("[]"))?;
            Ok(Entry {
                plan: serde_json::from_str(row.get(1).unwrap_or_default())?,
                state: serde_json::from_value(word(2))?,
                wanted: serde_json::from_value(word(3))?,
                error: row.get(4).map(str::to_owned),
                who: row.get(5).unwrap_or_default().to_owned(),
                started_at: row.get(6).unwrap_or_default().to_owned(),
                changed_at: row.get(7).unwrap_or_default().to_owned(),
                steps: steps.into_iter().map(|row| (row.ordinal, row.entry)).collect(),
                positions: positions
                    .into_iter()
                    .map(|row| (row.ordinal, row.position))
                    .collect(),
                at_work: row.is_true(10),
            })
        })
        .collect()
}

/// The change of that id.
pub async fn find(connection: &mut Connection, id: &str) -> Result<Option<Entry>, ChangeError> {
    Ok(list(connection, Some(id)).await?.pop())
}

/// What the caller that began a change kept with it.
pub async fn before(connection: &mut Connection, id: &str) -> Result<Option<String>, ChangeError> {
    // A journal of an earlier version has no such column.
    let sql = "SELECT to_jsonb(c) ->> 'before' FROM howdah.changes c WHERE c.id = $1";
    let rows = connection.query(sql, &[Some(id)]).await?;
    Ok(rows.first().and_then(|row| row.get(0).map(str::to_owned)))
}

/// Writes a new change, in the place of one of the same id that is settled.
pub(crate) async fn begin(
    connection: &mut Connection,
    plan: &Plan,
    before: Option<&str>,
) -> Result<(), ChangeError> {
    let text = serde_json::to_string(plan)?;
    let tables: Vec<String> = plan.tables().iter().map(ToString::to_string).collect();
    let sql = "INSERT INTO howdah.changes (id, plan, state, tables, before) VALUES ($1, $2, 'running', $3::text[], $4)";
    connection
        .query(
            "DELETE FROM howdah.changes WHERE id = $1 AND state IN ('done', 'rolled_back')",
            &[Some(&plan.id)],
        )
        .await?;
    connection
        .query(
            sql,
            &[Some(&plan.id), Some(&text), Some(&text_array(&tables)), before],
        )
        .await?;
    Ok(())
}

/// Another change on one of the tables that is not settled: its id and its state.
pub(crate) async fn rival(
    connection: &mut Connection,
    plan: &Plan,
) -> Result<Option<(String, String)>, ChangeError> {
    let tables: Vec<String> = plan.tables().iter().map(ToString::to_string).collect();
    let rows = connection
        .query(
            "SELECT id, state FROM howdah.changes WHERE id <> $1 AND tables && $2::text[] AND state NOT IN ('done', 'rolled_back') LIMIT 1",
            &[Some(&plan.id), Some(&text_array(&tables))],
        )
        .await?;
    Ok(rows
        .first()
        .and_then(|row| Some((row.get(0)?.to_owned(), row.get(1)?.to_owned()))))
}

/// Writes a change's state; whatever was wanted is then done.
pub(crate) async fn set_state(
    connection: &mut Connection,
    id: &str,
    state: State,
    error: Option<&str>,
) -> Result<(), ChangeError> {
    connection
        .query(
            "UPDATE howdah.changes SET state = $2, error = $3, wanted = 'run', changed_at = clock_timestamp() WHERE id = $1",
            &[Some(id), Some(state.text()), error],
        )
        .await?;
    Ok(())
}

/// Says what is wanted of a change; whoever carries it out sees it within a second.
pub async fn want(connection: &mut Connection, id: &str, wanted: Wanted) -> Result<(), ChangeError> {
    let word = match wanted {
        Wanted::Run => "run",
        Wanted::Pause => "pause",
        Wanted::Cancel => "cancel",
    };
    let rows = connection
        .query(
            "UPDATE howdah.changes SET wanted = $2 WHERE id = $1 RETURNING id",
            &[Some(id), Some(word)],
        )
        .await?;
    if rows.is_empty() {
        Err(ChangeError::Unknown(id.to_owned()))
    } else {
        Ok(())
    }
}

/// The statement that notes a step's state, to be sent with what it is about.
pub(crate) fn step_sql(id: &str, step: usize, state: StepState) -> String {
    let (word, ended) = match state {
        StepState::Running => ("running", "NULL"),
        StepState::Done => ("done", "clock_timestamp()"),
        StepState::Undone => ("undone", "clock_timestamp()"),
    };
    format!(
        "INSERT INTO howdah.steps (change, ordinal, state, ended_at) VALUES ({}, {step}, '{word}', {ended}) \
         ON CONFLICT (change, ordinal) DO UPDATE SET state = EXCLUDED.state, ended_at = EXCLUDED.ended_at",
        quote_literal(id)
    )
}
