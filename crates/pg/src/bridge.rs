//! A server that is reached by calls of a service in place of a socket, such as the RDS Data API.
//!
//! Behind a socket pair that only this process has, a task speaks PostgreSQL's protocol and
//! carries each statement out by calls. So pools, the guard and all tools work as they do with
//! any server: to them it is a pooler that gives out a session for a transaction at a time.
//!
//! What such services lack is made up for here. Of a query every row comes as one text, written by
//! the output functions that the wire would use ([`read`]), in pieces that no limit of the service
//! is too small for, and page by page from a cursor in the same transaction. What needs a session
//! is refused, with the reason.

mod fault;
mod read;
mod record;
mod run;
mod session;
mod statement;
mod transaction;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

pub use fault::Fault;

/// Milliseconds that a statement may run: the Data API gives a call 45 s, and takes down the whole
/// transaction of one that takes longer, where the server's own limit ends the statement alone.
pub const STATEMENT_MAX_MS: u64 = 40_000;

/// The calls of a service that runs statements. Each is over when it returns; what is dropped
/// half-way may have been carried out.
pub trait StatementService: Send + Sync {
    /// What it leads to, for messages: never a secret.
    fn label(&self) -> &str;

    /// What tells it from another that leads elsewhere, or as somebody else: never a secret.
    fn key(&self) -> &str;

    /// Begins a transaction and gives its name.
    fn begin<'a>(&'a self, database: &'a str) -> BoxFuture<'a, Result<String, Fault>>;

    /// Runs one statement.
    fn execute<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, Fault>>;

    /// Commits a transaction.
    fn commit<'a>(&'a self, transaction: &'a str) -> BoxFuture<'a, Result<(), Fault>>;

    /// Ends a transaction without effect.
    fn rollback<'a>(&'a self, transaction: &'a str) -> BoxFuture<'a, Result<(), Fault>>;
}

/// One statement to run.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The database.
    pub database: &'a str,
    /// The transaction that it belongs to; committed by itself without one.
    pub transaction: Option<&'a str>,
    /// The text, without parameters.
    pub sql: &'a str,
    /// Whether the columns are to be described.
    pub describe: bool,
    /// Whether it changes nothing, not even where a cursor stands, so that a call without an answer may be made again.
    pub repeatable: bool,
}

/// What a statement gave.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Name and type name of each column, where they were asked for.
    pub columns: Vec<(String, String)>,
    /// The rows, each value in text; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// Rows that a writing statement touched.
    pub updated: u64,
}

/// The way to such a server. Cheap to clone.
#[derive(Clone)]
pub struct Bridge(Arc<Inner>);

struct Inner {
    service: Arc<dyn StatementService>,
    /// What servers say of themselves when a session begins, by database.
    known: tokio::sync::Mutex<HashMap<String, BTreeMap<String, String>>>,
    sessions: Mutex<HashMap<i32, Cancelling>>,
}

/// How a session's statement is cancelled.
struct Cancelling {
    secret: [u8; 4],
    running: Option<Running>,
}

/// A statement that runs.
#[derive(Clone)]
struct Running {
    token: CancellationToken,
    database: String,
    backend: Option<transaction::Backend>,
}

/// Sessions of this process are told apart by numbers below 0, as no server process has one.
static NEXT: AtomicI32 = AtomicI32::new(-2);

impl Bridge {
    /// The way by this service.
    pub fn new(service: Arc<dyn StatementService>) -> Self {
        Self(Arc::new(Inner {
            service,
            known: tokio::sync::Mutex::default(),
            sessions: Mutex::default(),
        }))
    }

    /// What it leads to.
    pub fn label(&self) -> &str {
        self.0.service.label()
    }

    /// A new socket to it. The session behind it ends with the socket.
    pub(crate) fn dial(&self) -> std::io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        tokio::spawn(session::serve(self.clone(), theirs));
        Ok(ours)
    }

    fn service(&self) -> &dyn StatementService {
        self.0.service.as_ref()
    }

    /// What the server of `database` says of itself: asked once.
    async fn parameters(&self, database: &str) -> Result<BTreeMap<String, String>, Fault> {
        let mut known = self.0.known.lock().await;
        if let Some(found) = known.get(database) {
            return Ok(found.clone());
        }
        let call = Call {
            database,
            transaction: None,
            sql: include_str!("../queries/bridge/parameters.sql"),
            describe: false,
            repeatable: true,
        };
        let answer = self.service().execute(call).await?;
        let found: BTreeMap<String, String> = answer
            .rows
            .into_iter()
            .filter_map(|row| match row.as_slice() {
                [Some(name), Some(value)] => Some((name.clone(), value.clone())),
                _ => None,
            })
            .collect();
        known.insert(database.to_owned(), found.clone());
        Ok(found)
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, HashMap<i32, Cancelling>> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number and a secret for a session.
    fn enter(&self) -> Option<(i32, [u8; 4])> {
        let mut secret = [0; 4];
        getrandom::fill(&mut secret).ok()?;
        let number = NEXT.fetch_sub(1, Ordering::Relaxed);
        let cancelling = Cancelling {
            secret,
            running: None,
        };
        self.sessions().insert(number, cancelling);
        Some((number, secret))
    }

    fn leave(&self, number: i32) {
        self.sessions().remove(&number);
    }

    fn set_running(&self, number: i32, running: Option<Running>) {
        if let Some(session) = self.sessions().get_mut(&number) {
            session.running = running;
        }
    }

    /// Carries out a CancelRequest.
    async fn cancel(&self, number: i32, secret: &[u8]) {
        let running = match self.sessions().get(&number) {
            Some(session) if session.secret == secret => session.running.clone(),
            _ => None,
        };
        let Some(running) = running else { return };
        running.token.cancel();
        if let Some(backend) = running.backend {
            let sql = backend.cancel();
            let call = Call {
                database: &running.database,
                transaction: None,
                sql: &sql,
                describe: false,
                repeatable: true,
            };
            if let Err(fault) = self.service().execute(call).await {
                tracing::debug!(?fault, "a statement behind a service could not be cancelled");
            }
        }
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bridge").field(&self.0.service.key()).finish()
    }
}

impl PartialEq for Bridge {
    fn eq(&self, other: &Self) -> bool {
        self.0.service.key() == other.0.service.key()
    }
}

impl Eq for Bridge {}
