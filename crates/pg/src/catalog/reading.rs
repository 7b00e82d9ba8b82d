use crate::wire::Gather;
use crate::{Column, Connection, Flow, PgError, RowView, Rows, ServerError, Sink, Step, Transaction};

/// One of our own statements for a [`Reading`], with the values of `$1`… in text.
///
/// It is written for `search_path = pg_catalog`, so that names need no
/// qualification and nothing that a user created can be meant by them. The
/// schemas that the session itself searches are in
/// `current_setting('howdah.schemas')::name[]`.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    sql: &'a str,
    params: &'a [Option<&'a str>],
}

impl<'a> Query<'a> {
    /// A statement and its values; `None` is NULL.
    pub fn new(sql: &'a str, params: &'a [Option<&'a str>]) -> Self {
        Self { sql, params }
    }
}

/// What was read before a statement failed, and why that one failed.
#[derive(Debug)]
pub struct Partial {
    /// The rows of each statement that succeeded, in order.
    pub rows: Vec<Rows>,
    /// The error of the statement after these.
    pub error: Option<Box<ServerError>>,
}

/// Reads the catalog of a target with statements of our own: all that are given
/// at once see one snapshot, in a transaction that cannot write, within time
/// limits, in one round trip; afterwards the session is as it was.
///
/// ```ignore
/// let rows = Reading::of(&mut session).one(&Query::new(SQL, &[Some("public")])).await?;
/// ```
#[derive(Debug)]
pub struct Reading<'a> {
    connection: &'a mut Connection,
    statement_timeout_ms: u32,
    lock_timeout_ms: u32,
}

const PINS: &str = include_str!("../../queries/catalog/pins.sql");

impl<'a> Reading<'a> {
    /// On this connection, which must not be in a transaction. Each statement
    /// may take 30 seconds, and wait half a second for a lock: the functions
    /// that give sizes take the weakest one.
    pub fn of(connection: &'a mut Connection) -> Self {
        Self {
            connection,
            statement_timeout_ms: 30_000,
            lock_timeout_ms: 500,
        }
    }

    /// With this limit for each statement, in milliseconds.
    #[must_use]
    pub fn statement_timeout_ms(self, statement_timeout_ms: u32) -> Self {
        Self {
            statement_timeout_ms,
            ..self
        }
    }

    /// With this limit for each lock that is waited for, in milliseconds.
    #[must_use]
    pub fn lock_timeout_ms(self, lock_timeout_ms: u32) -> Self {
        Self {
            lock_timeout_ms,
            ..self
        }
    }

    /// The rows of one statement.
    pub async fn one(&mut self, query: &Query<'_>) -> Result<Rows, PgError> {
        let mut all = self.all(std::slice::from_ref(query)).await?;
        Ok(all.pop().unwrap_or_default())
    }

    /// The rows of each statement, in order.
    pub async fn all(&mut self, queries: &[Query<'_>]) -> Result<Vec<Rows>, PgError> {
        let partial = self.as_far_as_possible(queries).await?;
        match partial.error {
            None => Ok(partial.rows),
            Some(error) => Err(PgError::Server(error)),
        }
    }

    /// The rows of each statement up to the first that the server refuses. An
    /// error is one of the connection, or of the transaction itself.
    pub async fn as_far_as_possible(&mut self, queries: &[Query<'_>]) -> Result<Partial, PgError> {
        let statement_timeout = self.statement_timeout_ms.to_string();
        let lock_timeout = self.lock_timeout_ms.to_string();
        let pins = [Some(statement_timeout.as_str()), Some(lock_timeout.as_str())];
        let mut steps = vec![
            Step::silent("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY /* howdah */"),
            Step::silent(PINS).params(&pins),
        ];
        let before = steps.len();
        steps.extend(
            queries
                .iter()
                .map(|query| Step::new(query.sql).params(query.params)),
        );
        steps.push(Step::silent("ROLLBACK /* howdah */"));
        let mut sink = Several {
            before,
            gathered: Vec::new(),
        };
        sink.gathered.resize_with(queries.len(), Gather::default);
        let outcome = self.connection.run(&steps, &mut sink).await;
        if !matches!(self.connection.transaction(), Transaction::Idle) && !is_fatal(&outcome) {
            self.connection.batch("ROLLBACK").await?;
        }
        let (complete, error) = match outcome {
            Ok(_) => (queries.len(), None),
            Err(PgError::Server(error)) => match error.step {
                Some(step) if step >= before && !error.is_fatal() => {
                    ((step - before).min(queries.len()), Some(error))
                }
                _ => return Err(PgError::Server(error)),
            },
            Err(error) => return Err(error),
        };
        let rows = sink.gathered.into_iter().take(complete).map(Gather::finish);
        Ok(Partial {
            rows: rows.collect::<Result<_, _>>()?,
            error,
        })
    }
}

fn is_fatal<T>(outcome: &Result<T, PgError>) -> bool {
    outcome.as_ref().is_err_and(PgError::is_fatal)
}

/// The rows of the steps from `before` on, each step's for itself.
struct Several {
    before: usize,
    gathered: Vec<Gather>,
}

impl Several {
    fn of(&mut self, step: usize) -> Option<&mut Gather> {
        self.gathered.get_mut(step.checked_sub(self.before)?)
    }
}

impl Sink for Several {
    fn columns(&mut self, step: usize, columns: Vec<Column>) {
        if let Some(gather) = self.of(step) {
            gather.columns(step, columns);
        }
    }

    fn row(&mut self, step: usize, row: &RowView<'_>) -> Flow {
        self.of(step)
            .map_or(Flow::Continue, |gather| gather.row(step, row))
    }

    fn cell_cap(&self) -> usize {
        Gather::default().cell_cap()
    }

    fn row_cap(&self) -> usize {
        Gather::default().row_cap()
    }
}
