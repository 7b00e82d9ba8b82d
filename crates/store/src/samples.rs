//! What was seen of a watched database: sessions at work, use of statements and
//! relations, sizes, counters, changes. One file for each database, so that those
//! who watch do not wait for one another and forgetting one is deleting a file.

mod keep;
mod read;
mod record;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::{Deserialize, Serialize};

use crate::store::{Durability, Opened, Place};
use crate::{Store, StoreError};

pub use keep::{LEVELS, Level};
pub use read::{
    By, LoadPoint, MetricPoint, RelationPoint, RelationTotal, SizePoint, StatementPoint, StatementTotal,
    Window,
};

/// The formats of a file of samples, in order; a released one is never edited.
pub(crate) const FORMATS: &[&str] = &[include_str!("samples/1.sql")];

/// The samples of one database. Cheap to clone; opened by its first use.
#[derive(Clone)]
pub struct Samples {
    inner: Arc<Inner>,
}

struct Inner {
    place: Place,
    connection: Mutex<Option<Opened>>,
}

/// The right to write samples of a database; see [`Samples::claim`].
#[derive(Debug)]
pub struct Claim {
    _file: std::fs::File,
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

impl Samples {
    /// The samples of a database, beside the records of `store`. `database`
    /// says which one, in any text that stays the same. Touches nothing yet.
    pub fn of(store: &Store, database: &str) -> Self {
        let directory = store.directory().join("samples");
        let file = format!("{}.db", file_name(database));
        Self {
            inner: Arc::new(Inner {
                place: Place::samples(&directory, &file),
                connection: Mutex::new(None),
            }),
        }
    }

    /// Whether the database was ever watched.
    pub fn exists(&self) -> bool {
        self.inner.place.file().exists()
    }

    /// The right to write samples of this database, until it is dropped or the process ends;
    /// `None` where another process has it: what two watchers write would count twice.
    pub fn claim(&self) -> Result<Option<Claim>, StoreError> {
        let path = self.file().with_extension("watched");
        let failed = |source: std::io::Error| StoreError::io(&path, source);
        if let Some(directory) = path.parent() {
            crate::private_directory(directory)?;
        }
        let file = std::fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Claim { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        self.inner.place.file()
    }

    /// Bytes on the disk, the log of writes included.
    pub fn bytes(&self) -> u64 {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
        let log = self.file().with_extension("db-wal");
        size(self.file()) + size(&log)
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(move |connection| read(connection)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = write(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
        .await
    }

    async fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            let mut slot = inner.connection.lock().unwrap_or_else(PoisonError::into_inner);
            inner.place.with(&mut slot, Durability::Process, f)
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }
}

/// A name that every file system takes, different for different databases.
fn file_name(database: &str) -> String {
    let readable: String = database
        .chars()
        .take(60)
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
            _ => '_',
        })
        .collect();
    // FNV-1a: the same in every release, unlike the standard library's hash.
    let hash = database.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{readable}-{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn databases_have_files_of_their_own() {
        let long = "x".repeat(300);
        for name in ["shop", "prod/shop", "../../etc/passwd", "Großes \"Ding\"", &long] {
            let file = file_name(name);
            assert!(file.len() < 100 && !file.contains(['/', '.', '"']), "{file}");
        }
        assert_ne!(file_name("a/b"), file_name("a_b"));
        assert_eq!(file_name("shop"), file_name("shop"));
    }
}
