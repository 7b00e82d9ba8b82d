use howdah_core::{Error, ErrorKind};
use howdah_localpg::LocalError;
use howdah_pg::PgError;

/// Why a rehearsal could not take place. What the script itself does wrong is
/// no such error; it is in the outcome of its statements.
#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    /// The target's catalog could not be read.
    #[error("The schema of the target could not be read: {0}")]
    Target(PgError),
    /// The local server for scratch databases could not be made or started.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The scratch server failed at something of our own.
    #[error("The scratch server failed while {doing}: {error}")]
    Scratch {
        /// What was being done, as a gerund: `copying the database`.
        doing: &'static str,
        /// What it answered.
        error: PgError,
    },
    /// A defect: a task of ours ended early.
    #[error("A task of the rehearsal ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl RehearseError {
    /// For `map_err`: the scratch server failed at something of our own.
    pub(crate) fn scratch(doing: &'static str) -> impl FnOnce(PgError) -> Self {
        move |error| Self::Scratch { doing, error }
    }
}

impl From<RehearseError> for Error {
    fn from(error: RehearseError) -> Self {
        let message = error.to_string();
        match error {
            RehearseError::Target(error) => {
                let mut shown: Error = error.into();
                shown.message = message;
                shown
            }
            RehearseError::Local(error) => error.into(),
            RehearseError::Scratch { error, .. } => {
                let shown: Error = error.into();
                Error { message, ..shown }
            }
            RehearseError::Task(_) => Error::new(ErrorKind::Internal, message),
        }
    }
}
