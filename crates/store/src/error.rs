use std::path::{Path, PathBuf};

use howdah_core::{Error, ErrorKind};
use howdah_pg::PgError;
use rusqlite::ErrorCode;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Neither `HOWDAH_HOME` nor a home directory is known.
    #[error("There is no directory for Howdah's records: neither HOWDAH_HOME nor HOME is set.")]
    NoHome,
    /// A file or directory could not be made or opened.
    #[error("{} cannot be used: {source}.", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a database, or its pages contradict each other.
    #[error("The store {} is damaged ({detail}).", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        detail: String,
    },
    /// The file or its directory must not be written.
    #[error("The store {} cannot be written: it, its directory or its file system is read-only.", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// No space is left.
    #[error("The store {} cannot grow: the disk is full, or a quota is used up.", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another process held the file for longer than the busy timeout.
    #[error("The store {} has been locked by another process for too long.", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A newer Howdah wrote the file.
    #[error("The store {} has format {found}; this howdah knows formats up to {known}.", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest that is understood.
        known: i64,
    },
    /// The lease belongs to another worker now: the caller must stop at once.
    #[error("Another worker has taken over job {job}.")]
    Fenced {
        /// The job.
        job: String,
    },
    /// Another job that is not finished holds the same exclusive key.
    #[error("Job {job} is already at work on {key}.")]
    Busy {
        /// What both want.
        key: String,
        /// The job that has it.
        job: String,
    },
    /// The record does not exist.
    #[error("There is no {what} {id}.")]
    NotFound {
        /// `job` or `approval`.
        what: &'static str,
        /// As it was asked for.
        id: String,
    },
    /// The approval is no longer in a state that allows this.
    #[error("{message}")]
    NotPending {
        /// What state it is in, and since when.
        message: String,
    },
    /// The server that keeps the history cannot be reached, or refuses.
    #[error("The history at {place} cannot be used: {source}")]
    History {
        /// Where it is.
        place: String,
        /// Why.
        source: Box<PgError>,
    },
    /// A newer Howdah made the tables of the history.
    #[error("The history at {place} has format {found}; this howdah knows formats up to {known}.")]
    HistoryTooNew {
        /// Where it is.
        place: String,
        /// Its format.
        found: usize,
        /// The newest that is understood.
        known: usize,
    },
    /// The last samples wait in memory, and the program ends.
    #[error("The last samples could not be written to the history at {place}: {error}")]
    Unwritten {
        /// Where it is.
        place: String,
        /// Why.
        error: String,
    },
    /// Another watcher has the right to write the samples of this database.
    #[error("The samples of {database} are written by another howdah.")]
    NotOurs {
        /// The database.
        database: String,
    },
    /// The history holds something that is no number where one is expected.
    #[error("The history holds {found:?} where a number should be.")]
    NoNumber {
        /// What it holds.
        found: String,
    },
    /// SQLite refused for another reason.
    #[error("The store failed: {0}.")]
    Sqlite(#[from] rusqlite::Error),
    /// A record could not be written as or read from JSON.
    #[error("A record of the store is not what it should be: {0}.")]
    Json(#[from] serde_json::Error),
    /// The program is shutting down.
    #[error("The store was closed while it was in use.")]
    Closed,
}

impl StoreError {
    /// Says of an error of SQLite which file it is about, and what it means.
    pub(crate) fn located(self, path: &Path) -> Self {
        let Self::Sqlite(error) = self else {
            return self;
        };
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                detail: error.to_string(),
            },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => Self::Io {
                path,
                source: std::io::Error::other(error.to_string()),
            },
            _ => Self::Sqlite(error),
        }
    }

    /// Whether it is one of a server that keeps the history, and may be over the next time.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::History { source, .. } if crate::samples::is_passing(source))
    }

    /// An error of the operating system on `path`.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full { path },
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            _ => Self::Io { path, source },
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoHome => "Set HOWDAH_HOME to a directory that you may write.".into(),
            Self::Io { .. } | Self::ReadOnly { .. } => {
                "Make the directory writable for this user, or set HOWDAH_HOME to one that is.".into()
            }
            Self::Damaged { path, .. } => format!(
                "Keep a copy for later and start afresh: mv '{0}' '{0}.damaged' && rm -f '{0}-wal' '{0}-shm'. \
                 Databases and running clusters are not affected; the history of jobs and the audit log are in that file.",
                path.display()
            ),
            Self::Full { path } => format!(
                "Free some space on the file system of {}; jobs that were stopped by this go on with `howdah job resume ID`.",
                path.display()
            ),
            Self::Locked { path } => format!(
                "Find the process with `lsof '{}'`; if it hangs, end it and try again.",
                path.display()
            ),
            Self::History { source, .. } => match source.sqlstate() {
                Some("42501") => "The role needs CREATE on the database the first time, or the schema as its own; a reader needs USAGE on the schema and SELECT on its tables.".into(),
                _ => "[history] in howdah.toml says where the history is kept.".into(),
            },
            Self::HistoryTooNew { .. } => "Upgrade howdah, or name another schema under [history] in howdah.toml.".into(),
            Self::TooNew { .. } => "Upgrade howdah, or set HOWDAH_HOME to another directory.".into(),
            Self::Busy { job, .. } => {
                format!(
                    "Follow it with `howdah job show {job} --follow`, or stop it with `howdah job cancel {job}`."
                )
            }
            Self::NotFound { what: "approval", .. } => "`howdah approve --list` shows what waits.".into(),
            Self::NotFound { .. } => "`howdah job list` shows the jobs of this machine.".into(),
            Self::Fenced { .. }
            | Self::Unwritten { .. }
            | Self::NotOurs { .. }
            | Self::NoNumber { .. }
            | Self::NotPending { .. }
            | Self::Sqlite(_)
            | Self::Json(_)
            | Self::Closed => return None,
        })
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::NotFound { .. } => ErrorKind::NotFound,
            StoreError::Busy { .. } | StoreError::NotPending { .. } => ErrorKind::Refused,
            StoreError::Json(_) | StoreError::NoNumber { .. } => ErrorKind::Internal,
            StoreError::History { .. } | StoreError::Unwritten { .. } => ErrorKind::Unavailable,
            StoreError::NotOurs { .. } => ErrorKind::Refused,
            StoreError::Fenced { .. } | StoreError::Closed => ErrorKind::Cancelled,
            _ => ErrorKind::Local,
        };
        let mut shown = Self::new(kind, error.to_string());
        shown.hint = error.hint();
        shown
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_full_disk_is_recognised_and_says_how_to_go_on() {
        let database = Connection::open_in_memory().unwrap();
        database
            .execute_batch("CREATE TABLE t (b BLOB); PRAGMA max_page_count = 4;")
            .unwrap();
        let full = database
            .execute("INSERT INTO t VALUES (zeroblob(100000))", [])
            .unwrap_err();
        let error = Error::from(StoreError::from(full).located(Path::new("/somewhere/howdah.db")));
        assert!(
            error.message.contains("/somewhere/howdah.db cannot grow"),
            "{error}"
        );
        assert!(error.hint.unwrap().contains("howdah job resume"));
    }

    #[test]
    fn a_read_only_file_is_recognised() {
        let database = Connection::open_in_memory().unwrap();
        database
            .execute_batch("CREATE TABLE t (b BLOB); PRAGMA query_only = true;")
            .unwrap();
        let refused = database.execute("INSERT INTO t VALUES (1)", []).unwrap_err();
        let error = StoreError::from(refused).located(Path::new("/somewhere/howdah.db"));
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    }
}
