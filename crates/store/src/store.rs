use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::audit::AuditWriter;
use crate::{StoreError, location, samples, schema};

/// How long a call waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The records of this machine (or of this user). Cheap to clone; opened by
/// its first use, so that creating one costs nothing.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) place: Arc<Place>,
    connection: Mutex<Option<Opened>>,
    pub(crate) audit: OnceLock<AuditWriter>,
}

/// Where a file of the store is, and what is kept there.
pub(crate) struct Place {
    directory: PathBuf,
    file: PathBuf,
    holds: Holds,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Jobs, approvals, the audit log.
    Records,
    /// What was seen of a watched database: much of it, and soon forgotten.
    Samples,
}

/// A connection, and which file it is connected to: the file may be moved away
/// or deleted under a program that runs for weeks.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    inode: (u64, u64),
}

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It survives a power failure.
    Disk,
    /// It survives the end of the program, not always a power failure.
    Process,
}

impl Store {
    /// The store in `directory`. Touches nothing yet.
    pub fn open(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        Self {
            inner: Arc::new(Inner {
                place: Arc::new(Place {
                    file: directory.join("howdah.db"),
                    directory,
                    holds: Holds::Records,
                }),
                connection: Mutex::new(None),
                audit: OnceLock::new(),
            }),
        }
    }

    /// The store in its usual place, `store` in [`home`](crate::home()). Touches nothing yet.
    pub fn open_default() -> Result<Self, StoreError> {
        Ok(Self::open(location::home()?.join("store")))
    }

    /// The directory, 0700 once the store has been used.
    pub fn directory(&self) -> &Path {
        &self.inner.place.directory
    }

    /// Whether anything was ever stored here; spares a program that has
    /// nothing to look for from making the file.
    pub fn exists(&self) -> bool {
        self.inner.place.file.exists()
    }

    /// Runs `read` on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(move |connection| read(connection)).await
    }

    /// Runs `write` in a transaction that excludes other writers from its
    /// start, on a thread that may block.
    pub(crate) async fn write<T: Send + 'static>(
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

    /// Empties the write-ahead log into the file, so that what was overwritten
    /// is in neither. Left for later where another process is reading.
    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        self.call(|connection| Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?))
            .await
    }

    async fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            let mut slot = inner.connection.lock().unwrap_or_else(PoisonError::into_inner);
            inner.place.with(&mut slot, Durability::Disk, f)
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }
}

impl Place {
    /// A file of samples. Touches nothing yet.
    pub(crate) fn samples(directory: &Path, file: &str) -> Self {
        Self {
            directory: directory.to_owned(),
            file: directory.join(file),
            holds: Holds::Samples,
        }
    }

    /// The file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Runs `f` on the connection in `slot`, which is opened first where it is
    /// not, or where the file is no longer the one it was opened on.
    pub(crate) fn with<T>(
        &self,
        slot: &mut Option<Opened>,
        durability: Durability,
        f: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if slot
            .as_ref()
            .is_some_and(|opened| inode(&self.file) != Some(opened.inode))
        {
            *slot = None;
        }
        let opened = match slot {
            Some(opened) => opened,
            None => slot.insert(
                self.connect(durability)
                    .map_err(|error| error.located(&self.file))?,
            ),
        };
        let result = f(&mut opened.connection).map_err(|error| error.located(&self.file));
        if matches!(result, Err(StoreError::Damaged { .. } | StoreError::Io { .. })) {
            *slot = None;
        }
        result
    }

    fn connect(&self, durability: Durability) -> Result<Opened, StoreError> {
        location::private_directory(&self.directory)?;
        // SQLite gives its companion files the mode of this one.
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&self.file)
            .map_err(|error| StoreError::io(&self.file, error))?;
        let found = file
            .metadata()
            .map_err(|error| StoreError::io(&self.file, error))?;
        if found.mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600))
                .map_err(|error| StoreError::io(&self.file, error))?;
        }
        let mut connection = Connection::open_with_flags(
            &self.file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        if self.holds == Holds::Samples {
            // In force for a new file only, and before anything is written to it.
            connection.pragma_update(None, "auto_vacuum", "incremental")?;
        }
        write_ahead(&connection)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // What is masked or forgotten is overwritten, not left in a free page; samples hold no constants.
        connection.pragma_update(None, "secure_delete", self.holds == Holds::Records)?;
        let synchronous = match durability {
            Durability::Disk => "full",
            Durability::Process => "normal",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.set_prepared_statement_cache_capacity(64);
        let scripts = match self.holds {
            Holds::Records => schema::RECORDS,
            Holds::Samples => samples::FORMATS,
        };
        schema::migrate(&mut connection, scripts)?;
        Ok(Opened {
            connection,
            inode: (found.dev(), found.ino()),
        })
    }
}

/// Turns on the write-ahead log. The switch needs the file for itself for a
/// moment and does not heed the busy timeout, so it is tried for as long.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    let start = Instant::now();
    loop {
        let result =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match result {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Err(error) if start.elapsed() >= BUSY_TIMEOUT => return Err(error.into()),
            Err(error) if error.sqlite_error_code() != Some(rusqlite::ErrorCode::DatabaseBusy) => {
                return Err(error.into());
            }
            // A file system that cannot map shared memory keeps its own mode, which is slower and as safe.
            Ok(_) => return Ok(()),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn inode(file: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(file)
        .ok()
        .map(|found| (found.dev(), found.ino()))
}
