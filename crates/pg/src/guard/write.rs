//! Writes: what one would do, shown before it is done, and the doing.
//!
//! Who may write, and who is asked first, is decided by the caller from the target's
//! mode. Here a write is described ([`plan_write`]), with what it was measured to touch
//! where measuring is harmless, and carried out ([`execute_write`]): exactly one
//! statement, in a transaction of its own where it can be in one.

mod measure;

use std::time::{Duration, Instant};

use howdah_sql::{Kind, Limits, StatementEffect};
use serde::Serialize;
use sha2::{Digest, Sha256};

pub use measure::{Lock, Measured};

use super::run::{Capped, opening};
use super::{Caps, GuardError, Guarded, Refusal, SettledBy, close};
use crate::{Column, Flow, RowView, Session, Sink, Step, Target};

/// A write, described before it is carried out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WritePreview {
    /// The command, such as `UPDATE` or `CREATE INDEX`.
    pub statement: &'static str,
    /// The relations that it names and changes, quoted as needed.
    pub changes: Vec<String>,
    /// The relations that it names and only reads.
    pub reads: Vec<String>,
    /// What it did in a transaction that was rolled back; absent where that was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Why its effect was not measured, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
    /// Whether it is carried out in a transaction; where not, it cannot be taken back half-way.
    pub in_transaction: bool,
    /// The text with its literals masked.
    pub masked: String,
    /// A SHA-256 over the target, the exact text, the parameters and the measured effect, in
    /// hexadecimal digits. What a person agrees to is bound to it.
    pub binding: String,
}

/// Who the target is, whatever it is called: user, hosts and database. Part of a binding.
pub fn identity(target: &Target) -> String {
    let info = &target.conninfo;
    let hosts: Vec<String> = info.hosts().iter().map(ToString::to_string).collect();
    format!("{}@{}/{}", info.user(), hosts.join(","), info.database())
}

/// A write as its text tells.
struct Written {
    kind: Kind,
    changes: Vec<String>,
    reads: Vec<String>,
}

/// Reads the text: one statement, which may write.
fn read(sql: &str) -> Result<Written, GuardError> {
    super::statement::bounded(sql)?;
    let script = howdah_sql::parse(sql, &Limits::default())?;
    let statement = match script.statements.as_slice() {
        [statement] => statement,
        [] => return Err(Refusal::new("There is no statement in the text.").into()),
        several => {
            return Err(
                Refusal::new(format!("The text holds {} statements.", several.len()))
                    .hint("Send one statement in each call.")
                    .into(),
            );
        }
    };
    let kind = statement.kind().clone();
    let name = kind.name();
    match kind.effect() {
        StatementEffect::Transaction => {
            return Err(Refusal::new(format!("{name} is transaction control."))
                .hint("Every call is a transaction of its own: send the statements themselves.")
                .into());
        }
        StatementEffect::Session => {
            return Err(Refusal::new(format!(
                "{name} changes the session, and nothing is kept from one call to the next."
            ))
            .into());
        }
        _ => {}
    }
    if let Kind::Copy {
        end: howdah_sql::CopyEnd::Client,
        ..
    } = kind
    {
        return Err(Refusal::new("COPY from or to the client cannot be run this way.")
            .hint("To write rows to a file use `howdah query --output FILE`; to load rows use INSERT.")
            .into());
    }
    let (changes, reads): (Vec<_>, Vec<_>) =
        statement.relations().into_iter().partition(|found| found.changed);
    let names =
        |found: Vec<howdah_sql::RelationUse>| found.iter().map(|found| found.relation.to_string()).collect();
    Ok(Written {
        changes: names(changes),
        reads: names(reads),
        kind,
    })
}

/// Describes a write without carrying it out.
///
/// Where everything that it would run is known to be harmless, it is run in a
/// transaction that is rolled back, under short limits, to count the rows and to see the
/// locks. It never is where a rollback would leave something behind, such as an advanced
/// sequence.
///
/// # Errors
/// Refuses what is no single statement, or keeps state in the session; else as the
/// server fails. That a write would fail is shown in the preview.
pub async fn plan_write(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
) -> Result<WritePreview, GuardError> {
    let written = read(sql)?;
    let outcome = measure::measure(session, sql, params, &written.kind).await;
    close(session).await?;
    let (measured, not_measured) = match outcome? {
        Ok(measured) => (Some(measured), None),
        Err(why) => (None, Some(why)),
    };
    let in_transaction = written.kind.runs_in_transaction();
    Ok(WritePreview {
        statement: written.kind.name(),
        changes: written.changes,
        reads: written.reads,
        in_transaction,
        masked: howdah_sql::normalize(sql),
        binding: binding(session.target(), sql, params, measured.as_ref()),
        measured,
        not_measured,
    })
}

fn binding(target: &Target, sql: &str, params: &[Option<&str>], measured: Option<&Measured>) -> String {
    let bound = serde_json::json!([identity(target), sql, params, measured]);
    let digest = Sha256::digest(bound.to_string().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Carries out a write: in a transaction that is committed, or alone where it cannot be
/// in one. Rows that it returns go to `out`; those beyond the caps are counted and dropped,
/// and the write is complete nevertheless. `timeout_ms` takes the place of the target's limit.
///
/// # Errors
/// As [`plan_write`], and as the server fails: nothing is changed then, but for what a
/// statement that runs outside of a transaction had done by then. When the connection is
/// lost, what became of it is unknown.
pub async fn execute_write(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    caps: Caps,
    timeout_ms: Option<u64>,
    out: &mut dyn Sink,
) -> Result<Guarded, GuardError> {
    let started = Instant::now();
    let written = read(sql)?;
    session.take_notices();
    let mut sink = Counted {
        capped: Capped {
            out,
            caps,
            step: 0,
            rows: 0,
            bytes: 0,
            truncated: false,
        },
    };
    let outcome = if written.kind.runs_in_transaction() {
        in_transaction(session, sql, params, timeout_ms, &mut sink).await
    } else {
        alone(session, sql, params, timeout_ms, &mut sink).await
    };
    let (rows, truncated) = (sink.capped.rows, sink.capped.truncated);
    close(session).await?;
    let command_tag = outcome?;
    Ok(Guarded {
        rows,
        truncated,
        command_tag,
        notices: session.take_notices(),
        duration: started.elapsed(),
        settled_by: SettledBy::Consent,
    })
}

/// Carries out an INSERT, UPDATE, DELETE or MERGE inside of EXPLAIN, to measure it, and takes it back. The lines of the
/// plan go to `out`; `options` are those of EXPLAIN, ANALYZE among them.
///
/// # Errors
/// Refuses what a rollback would not take back as a whole, such as an advanced sequence, and what is not known to be
/// harmless; else as the server fails.
pub async fn explain_write(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    options: &str,
    caps: Caps,
    out: &mut dyn Sink,
) -> Result<Guarded, GuardError> {
    let started = Instant::now();
    let written = read(sql)?;
    session.take_notices();
    let mut sink = Counted {
        capped: Capped {
            out,
            caps,
            step: 0,
            rows: 0,
            bytes: 0,
            truncated: false,
        },
    };
    let outcome = measure::explain(session, sql, params, &written.kind, options, &mut sink).await;
    let (rows, truncated) = (sink.capped.rows, sink.capped.truncated);
    close(session).await?;
    if let Err(why) = outcome? {
        return Err(Refusal::because(format!(
            "The {} was not run to be measured, as taking it back could leave something behind. {why}",
            written.kind.name()
        ))
        .hint("Leave ANALYZE out to see the plan.")
        .into());
    }
    Ok(Guarded {
        rows,
        truncated,
        command_tag: "EXPLAIN".to_owned(),
        notices: session.take_notices(),
        duration: started.elapsed(),
        settled_by: SettledBy::Consent,
    })
}

async fn in_transaction(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    timeout_ms: Option<u64>,
    sink: &mut Counted<'_>,
) -> Result<String, GuardError> {
    let opening = opening(session, "BEGIN READ WRITE", timeout_ms);
    sink.capped.step = opening.len();
    let steps: Vec<Step<'_>> = opening
        .iter()
        .map(|sql| Step::silent(sql))
        .chain([Step::new(sql).params(params), Step::silent("COMMIT")])
        .collect();
    let end = session.run(&steps, sink).await.map_err(super::run::as_one_step)?;
    Ok(end
        .steps
        .get(opening.len())
        .map(|step| step.command_tag.clone())
        .unwrap_or_default())
}

/// A statement that the server takes only outside of a transaction.
async fn alone(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    timeout_ms: Option<u64>,
    sink: &mut Counted<'_>,
) -> Result<String, GuardError> {
    if session.is_shared() || session.settings_in_pipeline() {
        return Err(Refusal::new(
            "This statement cannot run in a transaction, and a pooler between here and the server offers nothing else.",
        )
        .hint("Use a target that connects to the server directly.")
        .into());
    }
    if let Some(ms) = timeout_ms {
        // Undone when the session is reset.
        session.batch(&format!("SET statement_timeout = {ms}")).await?;
    }
    let end = session
        .run(&[Step::new(sql).params(params)], sink)
        .await
        .map_err(super::run::as_one_step)?;
    Ok(end
        .steps
        .first()
        .map(|step| step.command_tag.clone())
        .unwrap_or_default())
}

/// Passes on what the caps allow, and lets the rest go by: a write is never cut short.
struct Counted<'a> {
    capped: Capped<'a>,
}

impl Sink for Counted<'_> {
    fn columns(&mut self, step: usize, columns: Vec<Column>) {
        self.capped.columns(step, columns);
    }

    fn row(&mut self, step: usize, row: &RowView<'_>) -> Flow {
        match self.capped.row(step, row) {
            Flow::Stop => Flow::Discard,
            flow => flow,
        }
    }

    fn cell_cap(&self) -> usize {
        self.capped.cell_cap()
    }

    fn row_cap(&self) -> usize {
        self.capped.row_cap()
    }
}

/// How long a measurement may take, and wait for locks.
const MEASURE_MAX: Duration = Duration::from_secs(5);
const MEASURE_LOCK_MAX: Duration = Duration::from_millis(500);
/// Definitions lock others out while they are measured.
const MEASURE_DDL_MAX: Duration = Duration::from_secs(1);
