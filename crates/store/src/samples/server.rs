mod prepared;
mod tables;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Column, Flow, PgError, RowView, Session, Sink, Step, Target, Transaction};
use howdah_sql::quote_ident;

use self::prepared::Prepared;
use super::statement::{Found, Statement};
use crate::{Owner, StoreError, id};

/// How long the right to write lasts without a sign of life, by the server's clock.
const HELD: &str = "60 s";
/// How long a caller waits for what it writes; it is written nevertheless.
const WAITED: Duration = Duration::from_secs(2);
/// How long one bundle may take.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);
/// How long is waited before what failed is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Statements that wait at most while the server cannot be reached, some megabytes: a quarter of
/// an hour of a busy database, many hours of a quiet one.
const WAITING: usize = 20_000;
/// Statements that are sent at once.
const SENT: usize = 200;
/// Milliseconds that reading may take.
const READ_MS: u32 = 60_000;
const SET_PATH: &str = "SELECT pg_catalog.set_config('search_path', $1, true)";

/// The samples of one database among those of others, in a schema of a PostgreSQL server.
///
/// One watcher writes them: the row of the database in `target` says which, until when, and what it
/// wrote last, so that a bundle whose answer was lost is not written twice. What cannot be written
/// now waits in memory.
pub(super) struct Server {
    target: Arc<Target>,
    schema: String,
    database: String,
    state: Mutex<State>,
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// The row of the database, once it was seen.
    id: Option<i64>,
    /// Who we are, while the right to write is ours.
    holder: Option<String>,
    numbered: i64,
    waiting: VecDeque<Arc<Numbered>>,
    trouble: Option<Trouble>,
    retry_at: Option<Instant>,
    /// What there was when it was looked at last, by the kind.
    known: BTreeMap<&'static str, BTreeMap<String, String>>,
}

/// Why samples wait to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What failed.
    pub error: String,
    /// Bundles of samples that were dropped since, the oldest first: there was no room for more.
    pub dropped: usize,
}

struct Numbered {
    number: i64,
    statements: Vec<Statement>,
}

impl Server {
    pub(super) fn new(target: &Arc<Target>, schema: &str, database: &str) -> Self {
        Self {
            target: Arc::clone(target),
            schema: schema.to_owned(),
            database: database.to_owned(),
            state: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        let info = &self.target.conninfo;
        let hosts: Vec<String> = info.hosts().iter().map(ToString::to_string).collect();
        format!("{}/{}, schema {}", hosts.join(","), info.database(), self.schema)
    }

    /// Whether the database was ever watched.
    pub(super) async fn exists(&self) -> Result<bool, StoreError> {
        Ok(self.id().await?.is_some())
    }

    /// Bytes of all tables of the schema, those of other databases included.
    pub(super) async fn bytes(&self) -> Result<u64, StoreError> {
        let sql = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace($1)";
        let mut session = self.session().await?;
        let schema = quote_ident(&self.schema);
        let params = [Some(schema.as_str())];
        let rows = Reading::of(&mut session).one(&Query::new(sql, &params)).await;
        let rows = rows.map_err(|error| self.failed(error))?;
        Ok(rows.first().and_then(|row| row.parse(0)).unwrap_or(0))
    }

    /// The rows of each statement; none where the database was never watched.
    pub(super) async fn ask<T>(
        &self,
        asked: Vec<Statement>,
        take: impl Fn(&Found<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<Vec<T>>, StoreError> {
        let Some(id) = self.id().await? else {
            return Ok(asked.iter().map(|_| Vec::new()).collect());
        };
        let path = quote_ident(&self.schema);
        let path = [Some(path.as_str())];
        let asked = Prepared::all(&asked, id);
        let params = Prepared::params(&asked);
        let mut queries = vec![Query::new(SET_PATH, &path)];
        queries.extend(
            asked
                .iter()
                .zip(&params)
                .map(|(asked, params)| Query::new(&asked.sql, params)),
        );
        let mut session = self.session().await?;
        let mut reading = Reading::of(&mut session).statement_timeout_ms(READ_MS);
        let answers = reading.all(&queries).await.map_err(|error| self.failed(error))?;
        let taken = answers.iter().skip(1);
        taken
            .map(|rows| rows.iter().map(|row| take(&Found::Server(row))).collect())
            .collect()
    }

    /// Takes the right to write, unless another watcher has it.
    pub(super) async fn claim(&self) -> Result<bool, StoreError> {
        self.create().await?;
        let owner = Owner::this_process();
        let holder = format!("{} process {} {}", owner.host, owner.pid, id::random()?);
        let sql = format!(
            "INSERT INTO {}.target AS t (name, holder, held_until) \
             VALUES ($1, $2, clock_timestamp() + interval '{HELD}') \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until, written = 0 \
             WHERE t.held_until < clock_timestamp() RETURNING id",
            quote_ident(&self.schema)
        );
        let params = [Some(self.database.as_str()), Some(holder.as_str())];
        let mut session = self.session().await?;
        let rows = session
            .query(&sql, &params)
            .await
            .map_err(|error| self.failed(error))?;
        let Some(id) = rows.first().and_then(|row| row.parse(0)) else {
            return Ok(false);
        };
        *self.lock() = State {
            id: Some(id),
            holder: Some(holder),
            ..State::default()
        };
        Ok(true)
    }

    /// Gives the right to write back; where the server cannot be reached it runs out.
    pub(super) async fn release(&self) {
        let (id, holder) = {
            let mut state = self.lock();
            (state.id, state.holder.take())
        };
        let (Some(id), Some(holder)) = (id, holder) else {
            return;
        };
        let sql = format!(
            "UPDATE {}.target SET held_until = clock_timestamp() - interval '1 s' WHERE id = $1 AND holder = $2",
            quote_ident(&self.schema)
        );
        let id = id.to_string();
        let released = async {
            let mut session = self.target.session().await?;
            session
                .query(&sql, &[Some(id.as_str()), Some(holder.as_str())])
                .await
        };
        if let Ok(Err(error)) = tokio::time::timeout(WAITED, released).await {
            tracing::debug!(%error, "the right to write samples was not given back");
        }
    }

    /// Writes all statements or none, at once where that is possible, else later.
    pub(super) async fn write(self: &Arc<Self>, statements: Vec<Statement>) -> Result<(), StoreError> {
        {
            let mut state = self.lock();
            if state.holder.is_none() {
                return Err(self.not_ours());
            }
            state.numbered += 1;
            let number = state.numbered;
            state.waiting.push_back(Arc::new(Numbered { number, statements }));
            state.bound();
            if state.retry_at.is_some_and(|at| Instant::now() < at) {
                return Ok(());
            }
        }
        let server = Arc::clone(self);
        let written = tokio::spawn(async move { server.write_waiting().await });
        match tokio::time::timeout(WAITED, written).await {
            Ok(written) => written.map_err(|_| StoreError::Closed)?,
            // It goes on by itself.
            Err(_) => Ok(()),
        }
    }

    /// Writes what waits; an error where that is still not possible.
    pub(super) async fn settle(self: &Arc<Self>) -> Result<(), StoreError> {
        self.write_waiting().await?;
        match self.trouble() {
            None => Ok(()),
            Some(trouble) => Err(StoreError::Unwritten {
                place: self.place(),
                error: trouble.error,
            }),
        }
    }

    /// Why something waits to be written.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.lock().trouble.clone()
    }

    /// What there was of a kind, where this watcher has looked.
    pub(super) fn remembered(&self, kind: &str) -> Option<BTreeMap<String, String>> {
        self.lock().known.get(kind).cloned()
    }

    pub(super) fn remember(&self, kind: &'static str, facts: BTreeMap<String, String>) {
        let mut state = self.lock();
        if state.holder.is_some() {
            state.known.insert(kind, facts);
        }
    }

    /// Writes what waits, in order, as far as that is possible.
    async fn write_waiting(&self) -> Result<(), StoreError> {
        let _one = self.writing.lock().await;
        loop {
            let (next, id, holder) = {
                let state = self.lock();
                (state.waiting.front().cloned(), state.id, state.holder.clone())
            };
            let Some(next) = next else {
                let mut state = self.lock();
                state.trouble = None;
                state.retry_at = None;
                return Ok(());
            };
            let (Some(id), Some(holder)) = (id, holder) else {
                return Err(self.not_ours());
            };
            let sent = tokio::time::timeout(WRITTEN_WITHIN, self.send(&next, id, &holder)).await;
            let is_ours = match sent.unwrap_or_else(|_| {
                Err(PgError::Timeout {
                    what: "Writing samples".to_owned(),
                    after: WRITTEN_WITHIN,
                })
            }) {
                Ok(is_ours) => is_ours,
                Err(error) if is_passing(&error) => {
                    let mut state = self.lock();
                    let dropped = state.trouble.as_ref().map_or(0, |trouble| trouble.dropped);
                    state.trouble = Some(Trouble {
                        error: error.to_string(),
                        dropped,
                    });
                    state.retry_at = Some(Instant::now() + RETRY);
                    return Ok(());
                }
                Err(error) => return Err(self.failed(error)),
            };
            let mut state = self.lock();
            if !is_ours {
                // Whoever has taken over has counted what waits here.
                *state = State::default();
                return Err(self.not_ours());
            }
            if state
                .waiting
                .front()
                .is_some_and(|front| front.number == next.number)
            {
                state.waiting.pop_front();
            }
        }
    }

    /// Writes a bundle, if it was not written before; `false` where another watcher has taken over.
    async fn send(&self, bundle: &Numbered, id: i64, holder: &str) -> Result<bool, PgError> {
        let mut session = self.target.session().await?;
        let sent = self.send_on(&mut session, bundle, id, holder).await;
        let is_over = match &sent {
            Ok(_) => false,
            Err(error) => error.is_fatal(),
        };
        if !is_over && session.transaction() != Transaction::Idle {
            session.batch("ROLLBACK").await?;
        }
        sent
    }

    async fn send_on(
        &self,
        session: &mut Session,
        bundle: &Numbered,
        id: i64,
        holder: &str,
    ) -> Result<bool, PgError> {
        let path = quote_ident(&self.schema);
        let path = [Some(path.as_str())];
        let (row, number) = (id.to_string(), bundle.number.to_string());
        let hold = format!(
            "UPDATE target SET held_until = clock_timestamp() + interval '{HELD}', written = $3 \
             WHERE id = $1 AND holder = $2 AND written < $3"
        );
        let held = [Some(row.as_str()), Some(holder), Some(number.as_str())];
        let begin = [
            Step::silent("BEGIN /* howdah */"),
            Step::silent(SET_PATH).params(&path),
            Step::silent(&hold).params(&held),
        ];
        let began = session.run(&begin, &mut Nothing).await?;
        if began.steps.last().and_then(howdah_pg::StepEnd::affected) != Some(1) {
            // The answer to an earlier attempt was lost, or the row is another's.
            let sql = "SELECT 1 FROM target WHERE id = $1 AND holder = $2";
            return Ok(!session.query(sql, &held[..2]).await?.is_empty());
        }
        let prepared = prepared::for_writing(&bundle.statements, id);
        let params = Prepared::params(&prepared);
        let steps: Vec<Step<'_>> = prepared
            .iter()
            .zip(&params)
            .map(|(prepared, params)| Step::silent(&prepared.sql).params(params))
            .chain([Step::silent("COMMIT /* howdah */")])
            .collect();
        for steps in steps.chunks(SENT) {
            session.run(steps, &mut Nothing).await?;
        }
        Ok(true)
    }

    async fn session(&self) -> Result<Session, StoreError> {
        self.target.session().await.map_err(|error| self.failed(error))
    }

    fn failed(&self, source: PgError) -> StoreError {
        StoreError::History {
            place: self.place(),
            source: Box::new(source),
        }
    }

    fn not_ours(&self) -> StoreError {
        StoreError::NotOurs {
            database: self.database.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Drops the oldest of what waits where it is too much.
    fn bound(&mut self) {
        let mut statements: usize = self.waiting.iter().map(|one| one.statements.len()).sum();
        while statements > WAITING && self.waiting.len() > 1 {
            let dropped = self.waiting.pop_front();
            statements -= dropped.map_or(0, |one| one.statements.len());
            let trouble = self.trouble.get_or_insert_with(|| Trouble {
                error: "it takes samples more slowly than they come".to_owned(),
                dropped: 0,
            });
            trouble.dropped += 1;
        }
    }
}

/// Whether the same may be possible later: the way there, the server's state, a lock, its room.
pub(crate) fn is_passing(error: &PgError) -> bool {
    match error {
        PgError::Server(error) => {
            let class = error.sqlstate.get(..2).unwrap_or_default();
            error.is_fatal() || matches!(class, "08" | "25" | "40" | "53" | "55" | "57" | "58")
        }
        PgError::Invalid(_) | PgError::TooLarge { .. } | PgError::ConnInfo(_) => false,
        _ => true,
    }
}

/// Takes no rows.
struct Nothing;

impl Sink for Nothing {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, _: &RowView<'_>) -> Flow {
        Flow::Continue
    }
}
