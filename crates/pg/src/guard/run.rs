//! Runs a statement that was found harmless: read-only, capped, and leaving nothing behind.

use super::GuardError;
use super::analyser::Nothing;
use crate::{Column, Flow, PgError, RowView, Session, Sink, Step};

/// How much of a result is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Rows; `None` for all.
    pub rows: Option<u32>,
    /// Bytes of all cells together, as the server prints them.
    pub bytes: usize,
    /// Bytes kept of a cell.
    pub cell_bytes: usize,
}

/// Passes on what the caps allow.
pub(super) struct Capped<'a> {
    pub(super) out: &'a mut dyn Sink,
    pub(super) caps: Caps,
    /// The step whose rows are wanted; the others have none.
    pub(super) step: usize,
    pub(super) rows: u64,
    pub(super) bytes: usize,
    pub(super) truncated: bool,
}

impl Sink for Capped<'_> {
    fn columns(&mut self, step: usize, columns: Vec<Column>) {
        if step == self.step {
            self.out.columns(0, columns);
        }
    }

    fn row(&mut self, step: usize, row: &RowView<'_>) -> Flow {
        if step != self.step {
            return Flow::Continue;
        }
        let bytes: usize = row.cells().flatten().map(|cell| cell.bytes.len()).sum();
        // The first row is passed on whatever its size: cells are capped by themselves.
        if self.caps.rows.is_some_and(|most| self.rows >= u64::from(most)) {
            self.truncated = true;
            // It is the last one that was asked for: there is nothing to stop.
            return Flow::Discard;
        }
        if self.rows > 0 && self.bytes.saturating_add(bytes) > self.caps.bytes {
            self.truncated = true;
            return Flow::Stop;
        }
        self.rows += 1;
        self.bytes += bytes;
        self.out.row(0, row)
    }

    fn cell_cap(&self) -> usize {
        self.caps.cell_bytes.min(self.out.cell_cap())
    }

    fn row_cap(&self) -> usize {
        self.out.row_cap()
    }
}

/// The statements that open a transaction with `begin`.
pub(super) fn opening(session: &Session, begin: &str, timeout_ms: Option<u64>) -> Vec<String> {
    let mut steps = vec![begin.to_owned()];
    let mut settings: Vec<String> = session
        .pinned_settings()
        .iter()
        .map(|setting| set_local(setting.name, &setting.value))
        .collect();
    if let Some(ms) = timeout_ms {
        let ms = match session.target().conninfo.is_bridged() {
            true => ms.min(crate::bridge::STATEMENT_MAX_MS),
            false => ms,
        };
        settings.push(set_local("statement_timeout", &format!("{ms}ms")));
    }
    if !settings.is_empty() {
        steps.push(format!("SELECT {}", settings.join(", ")));
    }
    steps
}

fn set_local(name: &str, value: &str) -> String {
    format!(
        "pg_catalog.set_config({}, {}, true)",
        howdah_sql::quote_literal(name),
        howdah_sql::quote_literal(value)
    )
}

/// Runs `sql` behind `opening`, in one round trip that also takes the end of the transaction
/// and the reset of the session on its way.
pub(super) async fn run<'a>(
    session: &mut Session,
    opening: &[String],
    sql: &str,
    params: &[Option<&str>],
    capped: &mut Capped<'a>,
) -> Result<String, GuardError> {
    let steps: Vec<Step<'_>> = opening
        .iter()
        .map(|sql| Step::silent(sql))
        .chain([Step::new(sql)
            .params(params)
            // One more than is wanted tells whether there are more.
            .max_rows(capped.caps.rows.map_or(0, |rows| rows.saturating_add(1)))])
        .collect();
    capped.step = opening.len();
    let end = session.run_last(&steps, capped).await.map_err(as_one_step)?;
    let tag = end.steps.get(opening.len()).map(|step| step.command_tag.clone());
    Ok(tag.unwrap_or_default())
}

/// Runs an EXPLAIN whose `$1`… have no values, which binding them would demand: in the simple
/// protocol, once the server has taken the same text for one statement, as it does not there.
pub(super) async fn run_without_values<'a>(
    session: &mut Session,
    opening: &[String],
    sql: &str,
    capped: &mut Capped<'a>,
) -> Result<String, GuardError> {
    let steps: Vec<Step<'_>> = opening
        .iter()
        .map(|sql| Step::silent(sql))
        .chain([Step::new(sql).parse_only()])
        .collect();
    if let Err(error) = session.run(&steps, &mut Nothing).await {
        super::close(session).await?;
        return Err(as_one_step(error).into());
    }
    session.take_notices();
    capped.step = 0;
    let end = session.simple_last(sql, capped).await.map_err(as_one_step)?;
    Ok(end
        .steps
        .first()
        .map(|step| step.command_tag.clone())
        .unwrap_or_default())
}

/// To the caller there is one step.
pub(super) fn as_one_step(error: PgError) -> PgError {
    match error {
        PgError::Server(mut server) => {
            server.step = None;
            PgError::Server(server)
        }
        error => error,
    }
}
