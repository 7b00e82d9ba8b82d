use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::StoreError;

mod change;
mod read;

/// Gives an enum its names in the store, and in JSON.
macro_rules! stored_names {
    ($type:ty { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Its name, as it is stored and shown.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub(crate) fn parse(name: &str) -> Result<Self, StoreError> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(StoreError::Sqlite(rusqlite::Error::InvalidQuery)),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.name().into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::parse(value.as_str()?).map_err(|_| FromSqlError::InvalidType)
            }
        }
    };
}
pub(crate) use stored_names;

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Recorded; no worker has begun.
    Queued,
    /// Its steps are being carried out.
    Running,
    /// It failed or was cancelled, and what it did is being taken back.
    Undoing,
    /// Done.
    Succeeded,
    /// It could not be done.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

stored_names!(JobState {
    Queued => "queued",
    Running => "running",
    Undoing => "undoing",
    Succeeded => "succeeded",
    Failed => "failed",
    Cancelled => "cancelled",
});

impl JobState {
    /// Whether a worker has, or should have, the job in hand.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Undoing)
    }
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Pending,
    /// Begun: what it does may exist, wholly or in part.
    Running,
    /// Done.
    Done,
    /// It gave an error; what it did until then may exist.
    Failed,
    /// Being taken back.
    Undoing,
    /// Taken back.
    Undone,
    /// Taking it back gave an error.
    UndoFailed,
}

stored_names!(StepState {
    Pending => "pending",
    Running => "running",
    Done => "done",
    Failed => "failed",
    Undoing => "undoing",
    Undone => "undone",
    UndoFailed => "undo_failed",
});

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventLevel {
    /// What is being done.
    Info,
    /// Something was not as expected, and the job goes on.
    Warning,
    /// Something failed.
    Error,
}

stored_names!(EventLevel {
    Info => "info",
    Warning => "warning",
    Error => "error",
});

/// A job to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// The name of its kind.
    pub kind: String,
    /// What it is about, for people: `cluster shop`.
    pub subject: String,
    /// No two active jobs have the same.
    pub exclusive_key: Option<String>,
    /// The kind's input; references to secrets, never secrets.
    pub input: Value,
    /// Who asked for it, for people.
    pub created_by: String,
    /// In the order in which they are carried out.
    pub steps: Vec<NewStep>,
}

/// A step of a job to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStep {
    /// Unique within the job.
    pub name: String,
    /// For people.
    pub title: String,
    /// Its share of the whole, in any unit.
    pub weight: f64,
}

/// A job as it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// Eight letters and digits.
    pub id: String,
    /// The name of its kind.
    pub kind: String,
    /// What it is about, for people.
    pub subject: String,
    /// No two active jobs have the same.
    pub exclusive_key: Option<String>,
    /// The kind's input.
    pub input: Value,
    /// Who asked for it.
    pub created_by: String,
    /// How far it has come.
    pub state: JobState,
    /// Somebody asked for it to be stopped.
    pub cancel_requested: bool,
    /// The kind's own state between steps.
    pub work: Value,
    /// What it gave, once succeeded.
    pub result: Option<Value>,
    /// Why it failed, as [`howdah_core::Error`] is written in JSON.
    pub error: Option<Value>,
    /// What it left behind when it failed or was cancelled, a sentence each.
    pub exists_now: Vec<String>,
    /// What is being done now, as a short present-tense phrase.
    pub phase: Option<String>,
    /// How much of the current step is done, 0 to 1.
    pub step_fraction: Option<f64>,
    /// Workers lost in a row in the same step.
    pub deaths: u32,
    /// When it was recorded.
    pub created_ms: i64,
    /// When a worker was last started for it.
    pub launched_ms: Option<i64>,
    /// When a worker first took it.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub finished_ms: Option<i64>,
    /// The last write.
    pub updated_ms: i64,
    /// In order.
    pub steps: Vec<StepRecord>,
}

/// A step as it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Its place, from 0.
    pub ordinal: usize,
    /// Unique within the job.
    pub name: String,
    /// For people.
    pub title: String,
    /// Its share of the whole.
    pub weight: f64,
    /// How far it has come.
    pub state: StepState,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was last begun.
    pub started_ms: Option<i64>,
    /// When it was done, failed or was undone.
    pub finished_ms: Option<i64>,
    /// The message of its last error.
    pub error: Option<String>,
}

/// A line in a job's diary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Grows with every line of the job.
    pub seq: i64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// How much it matters.
    pub level: EventLevel,
    /// The name of the step it is about.
    pub step: Option<String>,
    /// One line.
    pub message: String,
}

/// A line to be added to a job's diary.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// How much it matters.
    pub level: EventLevel,
    /// The name of the step it is about.
    pub step: Option<String>,
    /// One line, cut after 2,000 bytes.
    pub message: String,
}

/// What a worker changes about its job at once: all of it or, when the lease
/// has gone to another, nothing. `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct JobChange {
    /// See [`JobRecord::state`]; an end releases the lease too.
    pub state: Option<JobState>,
    /// See [`JobRecord::work`].
    pub work: Option<Value>,
    /// See [`JobRecord::result`].
    pub result: Option<Value>,
    /// See [`JobRecord::error`].
    pub error: Option<Value>,
    /// See [`JobRecord::exists_now`].
    pub exists_now: Option<Vec<String>>,
    /// See [`JobRecord::phase`]; a new one forgets the step's fraction.
    pub phase: Option<String>,
    /// One step.
    pub step: Option<StepChange>,
    /// Added to the diary.
    pub events: Vec<NewEvent>,
}

/// What becomes of a step.
#[derive(Debug, Clone)]
pub struct StepChange {
    /// Which, from 0.
    pub ordinal: usize,
    /// Its new state, which also sets its times, and counts an attempt when it is begun.
    pub state: StepState,
    /// Its error, where there is one.
    pub error: Option<String>,
}

/// Which jobs are wanted.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only those in one of these states; empty for all.
    pub states: Vec<JobState>,
    /// Only those of this kind.
    pub kind: Option<String>,
    /// At most so many; 0 for all.
    pub limit: usize,
}
