use std::time::Duration;

use howdah_core::{Error, ErrorKind};

use crate::conninfo::ConnInfoError;

/// What can go wrong between Howdah and a server.
#[derive(Debug, thiserror::Error)]
pub enum PgError {
    /// The server answered with an error of its own.
    #[error("{0}")]
    Server(Box<ServerError>),
    /// No connection could be made.
    #[error("Cannot connect to {to}: {reason}")]
    Connect {
        /// Host and port, or socket, that was tried; several are joined.
        to: String,
        /// Why it failed, in one clause.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The connection was there and is gone.
    #[error("The connection to {at} was lost: {reason}")]
    Closed {
        /// Host and port, or socket.
        at: String,
        /// How it was noticed.
        reason: String,
    },
    /// Encryption could not be set up as it was asked for.
    #[error("TLS with {at}: {reason}")]
    Tls {
        /// Host and port.
        at: String,
        /// What failed: the file, the certificate, the name.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A time limit of ours was reached.
    #[error("{what} took longer than {}", seconds(.after))]
    Timeout {
        /// What took too long.
        what: String,
        /// The limit.
        after: Duration,
    },
    /// Every connection of the pool is in use.
    #[error("All {size} connections to target \"{target}\" are in use, and none came free in {}", seconds(.after))]
    Busy {
        /// The target's name.
        target: String,
        /// The size of its pool.
        size: usize,
        /// How long was waited.
        after: Duration,
    },
    /// What was sent cannot be sent: a NUL in a text, too many parameters.
    #[error("{0}")]
    Invalid(String),
    /// The peer does not speak the protocol as PostgreSQL does.
    #[error("{at} does not speak PostgreSQL's protocol as expected: {reason}")]
    Protocol {
        /// Host and port, or socket.
        at: String,
        /// What was received, and what was expected.
        reason: String,
    },
    /// A result of our own query is larger than could be meant.
    #[error("The result exceeds {limit_bytes} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit_bytes: usize,
    },
    /// The connection string, its environment or its files are wrong.
    #[error(transparent)]
    ConnInfo(#[from] ConnInfoError),
}

fn seconds(duration: &Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds == 1.0 {
        "1 second".to_owned()
    } else {
        format!("{seconds} seconds")
    }
}

impl PgError {
    /// The server's own error, if that is what it is.
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            Self::Server(error) => Some(error),
            _ => None,
        }
    }

    /// The SQLSTATE of a server error.
    pub fn sqlstate(&self) -> Option<&str> {
        self.server().map(|error| error.sqlstate.as_str())
    }

    /// Whether nothing more can be done on the connection that gave it.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Server(error) => error.is_fatal(),
            Self::Invalid(_) | Self::TooLarge { .. } => false,
            _ => true,
        }
    }

    /// Whether the connection was ended from the other side, for a reason that a new one need not share:
    /// the server's process was told to go, or went away.
    pub(crate) fn is_end_of_connection(&self) -> bool {
        match self {
            Self::Server(error) => {
                error.is_fatal() && matches!(error.sqlstate.as_str(), "57P01" | "57P02" | "57P05")
            }
            Self::Closed { .. } => true,
            _ => false,
        }
    }
}

/// A server's ErrorResponse or NoticeResponse, with every field that it carried.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ServerError {
    /// `ERROR`, `FATAL`, `PANIC`; for notices `WARNING`, `NOTICE`, `DEBUG`, `INFO`, `LOG`. Never localised.
    pub severity: String,
    /// Five characters; see the appendix "PostgreSQL Error Codes".
    pub sqlstate: String,
    /// What happened, in the server's language.
    pub message: String,
    /// More on it.
    pub detail: Option<String>,
    /// What the server suggests.
    pub hint: Option<String>,
    /// Where in the submitted SQL, in characters, counted from 1.
    pub position: Option<usize>,
    /// Where in `internal_query`, in characters, counted from 1.
    pub internal_position: Option<usize>,
    /// The text of a statement that the server made itself, such as one of a PL/pgSQL function.
    pub internal_query: Option<String>,
    /// The context: a trace of the functions that were active.
    pub where_: Option<String>,
    /// The schema of the object concerned.
    pub schema: Option<String>,
    /// The relation concerned.
    pub table: Option<String>,
    /// The column concerned.
    pub column: Option<String>,
    /// The type concerned.
    pub data_type: Option<String>,
    /// The constraint concerned.
    pub constraint: Option<String>,
    /// The source file of the server that raised it.
    pub file: Option<String>,
    /// The line there.
    pub line: Option<u32>,
    /// The function there.
    pub routine: Option<String>,
    /// Which step of a pipeline raised it, counted from 0.
    pub step: Option<usize>,
    /// While connecting: where to, and as whom (`user@host:port/database`).
    pub at: Option<String>,
}

/// A server's NoticeResponse; the same fields as an error.
pub type Notice = ServerError;

impl ServerError {
    /// Whether the server closes the connection with it.
    pub fn is_fatal(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }

    /// The size of its texts, for bounds on what is kept.
    pub(crate) fn bytes(&self) -> usize {
        let long = [&self.detail, &self.hint, &self.internal_query, &self.where_];
        self.message.len()
            + long
                .iter()
                .filter_map(|t| t.as_deref())
                .map(str::len)
                .sum::<usize>()
    }

    /// What Howdah suggests where the server suggests nothing.
    fn advice(&self) -> Option<&'static str> {
        Some(match self.sqlstate.as_str() {
            "28P01" => {
                "Check user and password of the target: in the URL, in password_env or password_file, in PGPASSWORD or in ~/.pgpass."
            }
            "28000" => {
                "The server's pg_hba.conf does not let this user in from here, with this encryption. Check user, database, host and sslmode."
            }
            "3D000" => {
                "Check the database's name in the URL (a URL without one means a database named like the user); `psql -l` lists what exists."
            }
            "53300" => {
                "The server has no connection slot left. Close idle ones (see pg_stat_activity), lower pool_size of the target, or raise max_connections."
            }
            "57P03" => "The server is starting up, shutting down or recovering. Try again in a few seconds.",
            "57014" => {
                "Raise statement_timeout_ms of the target in howdah.toml if the statement is meant to take that long."
            }
            "55P03" => {
                "Another session holds a lock on it. See who with pg_blocking_pids(), or try again later."
            }
            "25006" => "Queries run in a read-only transaction.",
            "42501" => {
                "The role of this target lacks the privilege. Its owner can GRANT it (SELECT on the relation and USAGE on its schema to read; pg_read_all_data reads all, pg_monitor sees what the server counts), or use a target with another role."
            }
            "57P01" | "57P02" | "57P05" => "The server ended the connection; the next call makes a new one.",
            _ => return None,
        })
    }
}

impl From<ServerError> for PgError {
    fn from(error: ServerError) -> Self {
        Self::Server(Box::new(error))
    }
}

impl From<ServerError> for Error {
    fn from(error: ServerError) -> Self {
        let kind = match error.sqlstate.as_str() {
            "57014" if error.message.contains("timeout") => ErrorKind::Timeout,
            "57014" => ErrorKind::Cancelled,
            "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "28000" | "28P01" | "3D000" => {
                ErrorKind::Unavailable
            }
            "55P03" => ErrorKind::Timeout,
            state if state.starts_with("08") => ErrorKind::Unavailable,
            _ => ErrorKind::Server,
        };
        let message = match &error.at {
            Some(at) => format!("Cannot connect to {at}: {}", error.message),
            None => error.message.clone(),
        };
        let mut shown = Error::new(kind, message);
        shown.hint = error.hint.clone().or_else(|| error.advice().map(str::to_owned));
        shown.detail = match (&error.detail, &error.where_) {
            (Some(detail), Some(context)) => Some(format!("{detail}\n{context}")),
            (Some(text), None) | (None, Some(text)) => Some(text.clone()),
            (None, None) => None,
        };
        shown.position = error.position;
        shown.sqlstate = Some(error.sqlstate);
        shown
    }
}

impl From<PgError> for Error {
    fn from(error: PgError) -> Self {
        let message = error.to_string();
        match error {
            PgError::Server(server) => (*server).into(),
            PgError::Connect { hint, .. } | PgError::Tls { hint, .. } => {
                let mut shown = Error::new(ErrorKind::Unavailable, message);
                shown.hint = hint;
                shown
            }
            PgError::Closed { .. } => Error::new(ErrorKind::Unavailable, message)
                .hint("The next call connects anew. A statement that was under way may or may not have taken effect."),
            PgError::Timeout { .. } => Error::new(ErrorKind::Timeout, message),
            PgError::Busy { .. } => Error::new(ErrorKind::Unavailable, message)
                .hint("Wait for calls that are under way, or raise pool_size of the target."),
            PgError::Invalid(_) | PgError::TooLarge { .. } => Error::invalid(message),
            PgError::Protocol { .. } => Error::new(ErrorKind::Unavailable, message)
                .hint("Check host and port: is it a PostgreSQL server that listens there?"),
            PgError::ConnInfo(error) => error.into(),
        }
    }
}
