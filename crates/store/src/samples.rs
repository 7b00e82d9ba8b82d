//! What was seen of a watched database: sessions at work, use of statements and
//! relations, sizes, counters, changes.
//!
//! On one machine that is a file of SQLite for each database, so that those who watch do not
//! wait for one another and forgetting one is deleting a file. Where several machines watch it
//! is a schema of a PostgreSQL server. Both have the same tables, and every statement is written
//! once, in what both understand: see `statement.rs`.

mod elsewhere;
mod file;
mod keep;
mod read;
mod record;
mod server;
mod statement;

use std::collections::BTreeMap;
use std::sync::Arc;

use howdah_pg::Target;
use serde::{Deserialize, Serialize};

use self::statement::{Bundle, Found, Statement};
use crate::{Store, StoreError};

pub use elsewhere::{Course, Stretch, stretches};
pub(crate) use file::FORMATS;
pub use keep::{LEVELS, Level};
pub use read::{
    By, LoadPoint, MetricPoint, RelationPoint, RelationTotal, SizePoint, StatementPoint, StatementTotal,
    Window,
};
pub use server::Trouble;
pub(crate) use server::is_passing;

/// Where samples are kept.
#[derive(Clone)]
pub enum History {
    /// In files beside the records of this machine.
    Beside(Store),
    /// In a schema of a server, with those of other machines.
    On {
        /// The server and its database.
        server: Arc<Target>,
        /// The schema, which the first watcher creates.
        schema: String,
    },
}

/// The samples of one database. Cheap to clone; opened by its first use.
#[derive(Clone)]
pub struct Samples {
    kept: Kept,
}

#[derive(Clone)]
enum Kept {
    File(Arc<file::File>),
    Server(Arc<server::Server>),
}

/// The right to write samples of a database; see [`Samples::claim`].
pub struct Claim {
    held: Held,
}

enum Held {
    File(#[allow(dead_code, reason = "the lock is held for as long as it is open")] std::fs::File),
    Server(Arc<server::Server>),
}

/// Sessions that were seen at work in some looks at them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Activity {
    /// When the span began, in seconds since 1970.
    pub at_s: i64,
    /// How often was looked.
    pub ticks: u32,
    /// What was seen.
    pub seen: Vec<Seen>,
}

/// Sessions of one role that do one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// `type:event` of what is waited for, or `CPU`.
    pub wait: String,
    /// The id of the statement, where one is known.
    pub query_id: Option<i64>,
    /// The role.
    pub role: String,
    /// The sum over all looks.
    pub count: u32,
}

/// What a statement did in a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct StatementUse {
    /// Executions.
    pub calls: i64,
    /// Microseconds of execution.
    pub time_us: i64,
    /// Microseconds of planning, where the server tracks them.
    pub plan_us: i64,
    /// Rows returned or changed.
    pub rows: i64,
    /// Blocks found in shared buffers.
    pub hit: i64,
    /// Blocks read.
    pub read: i64,
    /// Blocks of temporary files read and written.
    pub temp: i64,
    /// Bytes of WAL.
    pub wal_bytes: i64,
}

impl StatementUse {
    /// Adds what it did in another span.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.time_us += other.time_us;
        self.plan_us += other.plan_us;
        self.rows += other.rows;
        self.hit += other.hit;
        self.read += other.read;
        self.temp += other.temp;
        self.wal_bytes += other.wal_bytes;
    }

    /// Milliseconds of an execution; 0 without one.
    pub fn mean_ms(&self) -> f64 {
        self.per_call(self.time_us) / 1_000.0
    }

    /// A figure for each execution.
    pub fn per_call(&self, figure: i64) -> f64 {
        figure as f64 / self.calls.max(1) as f64
    }
}

/// What was done with a table or an index in a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RelationUse {
    /// Sequential scans of a table, scans of an index.
    pub scans: i64,
    /// Tuples or index entries that these read.
    pub tuples_read: i64,
    /// Index scans on a table.
    pub index_scans: i64,
    /// Tuples fetched through indexes.
    pub tuples_found: i64,
    /// Tuples inserted.
    pub inserted: i64,
    /// Tuples updated.
    pub updated: i64,
    /// Of these, those that needed no new index entry.
    pub hot_updated: i64,
    /// Tuples deleted.
    pub deleted: i64,
    /// Blocks found in shared buffers.
    pub hit: i64,
    /// Blocks read.
    pub read: i64,
}

impl RelationUse {
    /// Adds what was done in another span.
    pub fn add(&mut self, other: &Self) {
        self.scans += other.scans;
        self.tuples_read += other.tuples_read;
        self.index_scans += other.index_scans;
        self.tuples_found += other.tuples_found;
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.hot_updated += other.hot_updated;
        self.deleted += other.deleted;
        self.hit += other.hit;
        self.read += other.read;
    }
}

/// A table or an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sampled {
    /// Whether it is an index.
    pub is_index: bool,
    /// `schema.name`, quoted where it must be.
    pub name: String,
}

/// How large a relation is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RelationState {
    /// Bytes, all forks; of a table with its TOAST table, without indexes.
    pub bytes: i64,
    /// Live tuples, as the server estimates.
    pub live: i64,
    /// Dead tuples, as the server estimates.
    pub dead: i64,
}

/// A number of the server: how much a counter grew, or how a gauge stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name, with the unit.
    pub name: String,
    /// Whether it counts, so that spans add up.
    pub is_counter: bool,
    /// The figure.
    pub value: f64,
}

/// Something that became different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When it was noticed, in seconds since 1970.
    pub at_s: i64,
    /// `setting`, `table`, `index`, `function`, `extension`, `version`, `restart`, `reset`, `pause`.
    pub kind: String,
    /// Of what.
    pub name: String,
    /// How it was; none for what is new.
    pub before: Option<String>,
    /// How it is; none for what is gone.
    pub after: Option<String>,
}

/// What a look at the counters brought.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// When, in seconds since 1970.
    pub at_s: i64,
    /// Statements by their ids; 0 is all others together.
    pub statements: Vec<(i64, StatementUse)>,
    /// Texts of statements by their ids, without constants.
    pub texts: Vec<(i64, String)>,
    /// Relations that were used; none is all others together.
    pub relations: Vec<(Option<Sampled>, RelationUse)>,
    /// Relations whose size was taken.
    pub sizes: Vec<(Sampled, RelationState)>,
    /// Numbers of the server.
    pub metrics: Vec<Metric>,
    /// What happened.
    pub changes: Vec<Change>,
}

/// The id of a statement that its server has none for, by what tells it from others: the same in every
/// release (FNV-1a), and never 0, which stands for all others.
pub fn id_of_text(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::from_ne_bytes(hash.to_ne_bytes()).max(i64::MIN + 1) | 1
}

impl History {
    /// The samples of a database. `database` says which one, in any text that stays the same.
    /// Touches nothing yet.
    pub fn samples(&self, database: &str) -> Samples {
        match self {
            Self::Beside(store) => Samples::of(store, database),
            Self::On { server, schema } => Samples {
                kept: Kept::Server(Arc::new(server::Server::new(server, schema, database))),
            },
        }
    }

    /// Whether other machines see it too, so that databases need names that hold there.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::On { .. })
    }
}

impl Claim {
    /// Lets the next watcher begin. Dropping it does so too; on a server not at once.
    pub async fn release(self) {
        if let Held::Server(server) = self.held {
            server.release().await;
        }
    }
}

impl Samples {
    /// The samples of a database in a file beside the records of `store`.
    pub fn of(store: &Store, database: &str) -> Self {
        Self {
            kept: Kept::File(Arc::new(file::File::new(store, database))),
        }
    }

    /// Whether the database was ever watched.
    pub async fn exists(&self) -> Result<bool, StoreError> {
        match &self.kept {
            Kept::File(file) => Ok(file.path().exists()),
            Kept::Server(server) => server.exists().await,
        }
    }

    /// The right to write samples of this database, until it is released or the process ends;
    /// `None` where another process has it: what two watchers write would count twice. On a
    /// server nothing is written without it.
    pub async fn claim(&self) -> Result<Option<Claim>, StoreError> {
        let held = match &self.kept {
            Kept::File(file) => file.claim()?.map(Held::File),
            Kept::Server(server) => server.claim().await?.then(|| Held::Server(Arc::clone(server))),
        };
        Ok(held.map(|held| Claim { held }))
    }

    /// Where they are: a file, or a server and a schema.
    pub fn place(&self) -> String {
        match &self.kept {
            Kept::File(file) => file.path().display().to_string(),
            Kept::Server(server) => server.place(),
        }
    }

    /// Bytes there; on a server those of all databases together.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        match &self.kept {
            Kept::File(file) => Ok(file.bytes()),
            Kept::Server(server) => server.bytes().await,
        }
    }

    /// Why samples wait in memory to be written; a file is written or fails.
    pub fn trouble(&self) -> Option<Trouble> {
        match &self.kept {
            Kept::File(_) => None,
            Kept::Server(server) => server.trouble(),
        }
    }

    /// Writes what waits in memory.
    ///
    /// # Errors
    /// Where that is not possible now.
    pub async fn settle(&self) -> Result<(), StoreError> {
        match &self.kept {
            Kept::File(_) => Ok(()),
            Kept::Server(server) => server.settle().await,
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        asked: Vec<Statement>,
        take: impl Fn(&Found<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Vec<Vec<T>>, StoreError> {
        match &self.kept {
            Kept::File(file) => file.ask(asked, take).await,
            Kept::Server(server) => server.ask(asked, take).await,
        }
    }

    async fn ask_one<T: Send + 'static>(
        &self,
        asked: Statement,
        take: impl Fn(&Found<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        Ok(self.ask(vec![asked], take).await?.pop().unwrap_or_default())
    }

    async fn write(&self, bundle: Bundle) -> Result<(), StoreError> {
        let statements = bundle.into_statements();
        if statements.is_empty() {
            return Ok(());
        }
        match &self.kept {
            Kept::File(file) => file.write(statements).await,
            Kept::Server(server) => server.write(statements).await,
        }
    }

    /// Gives room that is free back; a server does so by itself.
    async fn shrink(&self) -> Result<(), StoreError> {
        match &self.kept {
            Kept::File(file) => file.shrink().await,
            Kept::Server(_) => Ok(()),
        }
    }

    /// What there was of a kind, where that must be known without asking: a server may be away.
    fn remembered(&self, kind: &str) -> Option<BTreeMap<String, String>> {
        match &self.kept {
            Kept::File(_) => None,
            Kept::Server(server) => server.remembered(kind),
        }
    }

    fn remember(&self, kind: &'static str, facts: BTreeMap<String, String>) {
        if let Kept::Server(server) = &self.kept {
            server.remember(kind, facts);
        }
    }
}
