use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior, types};

use super::statement::{Found, Statement, Value};
use crate::store::{Durability, Opened, Place};
use crate::{Store, StoreError};

/// The formats of a file of samples, in order; a released one is never edited.
pub(crate) const FORMATS: &[&str] = &[include_str!("1.sql"), include_str!("2.sql")];

/// The one target of a file.
const TARGET: Value = Value::Integer(1);
/// Pages given back to the file system at once.
const FREED_PAGES: u32 = 2_000;

/// The samples of one database, in a file of SQLite.
pub(super) struct File {
    place: Place,
    connection: Mutex<Option<Opened>>,
}

impl File {
    pub(super) fn new(store: &Store, database: &str) -> Self {
        let directory = store.directory().join("samples");
        let file = format!("{}.db", file_name(database));
        Self {
            place: Place::samples(&directory, &file),
            connection: Mutex::new(None),
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.place.file()
    }

    /// Bytes on the disk, the log of writes included.
    pub(super) fn bytes(&self) -> u64 {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
        let log = self.path().with_extension("db-wal");
        size(self.path()) + size(&log)
    }

    /// The lock of whoever may write; none where another process has it.
    pub(super) fn claim(&self) -> Result<Option<std::fs::File>, StoreError> {
        let path = self.path().with_extension("watched");
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
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The rows of each statement.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        asked: Vec<Statement>,
        take: impl Fn(&Found<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Vec<Vec<T>>, StoreError> {
        self.call(move |connection| {
            let mut answers = Vec::new();
            for statement in &asked {
                let mut prepared = bound(connection, statement)?;
                let mut rows = prepared.raw_query();
                let mut taken = Vec::new();
                while let Some(row) = rows.next()? {
                    taken.push(take(&Found::File(row))?);
                }
                answers.push(taken);
            }
            Ok(answers)
        })
        .await
    }

    /// Runs all statements, or none.
    pub(super) async fn write(self: &Arc<Self>, statements: Vec<Statement>) -> Result<(), StoreError> {
        self.call(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for statement in &statements {
                bound(&transaction, statement)?.raw_execute()?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Gives room that is free back to the file system, some at a time.
    pub(super) async fn shrink(self: &Arc<Self>) -> Result<(), StoreError> {
        self.call(|connection| {
            let mut freeing =
                connection.prepare_cached(&format!("PRAGMA incremental_vacuum({FREED_PAGES})"))?;
            // It returns a row for each page, and frees no further one until that is taken.
            let mut pages = freeing.query([])?;
            let mut freed = 0;
            while pages.next()?.is_some() {
                freed += 1;
            }
            drop(pages);
            if freed > 0 {
                // The file gets shorter when the log of writes goes into it; left for later where somebody is reading.
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            }
            Ok(())
        })
        .await
    }

    async fn call<T: Send + 'static>(
        self: &Arc<Self>,
        f: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let file = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            let mut slot = file.connection.lock().unwrap_or_else(PoisonError::into_inner);
            file.place.with(&mut slot, Durability::Process, f)
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }
}

/// The statement, prepared, with its values.
fn bound<'a>(
    connection: &'a Connection,
    statement: &Statement,
) -> Result<rusqlite::CachedStatement<'a>, StoreError> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    for index in 1..=prepared.parameter_count() {
        let name = prepared.parameter_name(index).unwrap_or_default().to_owned();
        let value = match name.as_str() {
            ":target" => Some(&TARGET),
            name => statement.value(name),
        };
        let value = match value {
            None | Some(Value::Null) => types::ValueRef::Null,
            Some(Value::Integer(value)) => types::ValueRef::Integer(*value),
            Some(Value::Real(value)) => types::ValueRef::Real(*value),
            Some(Value::Text(value)) => types::ValueRef::Text(value.as_bytes()),
        };
        prepared.raw_bind_parameter(index, types::ToSqlOutput::Borrowed(value))?;
    }
    Ok(prepared)
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
    #![allow(clippy::unwrap_used)]
    use super::*;

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

    #[test]
    fn a_file_of_the_first_format_keeps_its_rows() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection, &FORMATS[..1]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO name VALUES (7, 'wait', 'CPU'), (8, 'role', 'app'); \
                 INSERT INTO statement VALUES (3, -42, 'SELECT 1', 10, 20); \
                 INSERT INTO tick VALUES (0, 10, 5); \
                 INSERT INTO activity VALUES (0, 10, 7, 3, 8, 4); \
                 INSERT INTO statement_use VALUES (0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8); \
                 INSERT INTO relation_use VALUES (0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10); \
                 INSERT INTO relation_state VALUES (0, 0, 9, 1, 2, 3); \
                 INSERT INTO metric VALUES (0, 0, 9, 1.5, 2.5); \
                 INSERT INTO change VALUES (1, 10, 'setting', 'work_mem', '4MB', '8MB'); \
                 INSERT INTO known VALUES ('setting', 'work_mem', '8MB'); \
                 INSERT INTO rolled VALUES (1, 600);",
            )
            .unwrap();
        crate::schema::migrate(&mut connection, FORMATS).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        for table in [
            "tick",
            "activity",
            "statement_use",
            "relation_use",
            "relation_state",
            "metric",
            "change",
            "known",
            "rolled",
            "statement",
        ] {
            assert_eq!(
                count(&format!("SELECT count(*) FROM {table} WHERE target = 1")),
                1,
                "{table}"
            );
        }
        assert_eq!(
            count(
                "SELECT a.seen FROM activity a JOIN name w ON w.id = a.wait JOIN statement s ON s.id = a.statement \
                 WHERE w.text = 'CPU' AND s.query_id = -42"
            ),
            4
        );
        assert_eq!(count("SELECT wal_bytes FROM statement_use"), 8);
        assert_eq!(count("SELECT read FROM relation_use"), 10);
    }
}
