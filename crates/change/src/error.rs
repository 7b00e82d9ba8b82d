use howdah_core::{Error, ErrorKind};
use howdah_pg::PgError;

/// Why a change could not be planned or carried out.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The script does not parse.
    #[error("{0}")]
    Syntax(#[from] howdah_sql::SyntaxError),
    /// The server, or the way to it.
    #[error(transparent)]
    Pg(#[from] PgError),
    /// The plan says no: what stands in the way is in the texts.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// A precondition on the data does not hold; nothing was touched by the step.
    #[error("{message}")]
    Data {
        /// What was looked for and found.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// A lock did not come within the bounds.
    #[error("{message}")]
    Blocked {
        /// Which lock, how often and how long it was tried, and who stood in the way.
        message: String,
    },
    /// Another change, or another howdah with this change, is at work.
    #[error("{message}")]
    Busy {
        /// Who.
        message: String,
    },
    /// The caller wants it to stop; the journal knows where.
    #[error("The change was stopped. It goes on with: howdah change resume")]
    Stopped,
    /// What is in the database is not what the journal says.
    #[error("{message}")]
    Mismatch {
        /// What was expected and what was found.
        message: String,
    },
    /// The journal has no such change.
    #[error("There is no change {0} in the journal of this database")]
    Unknown(String),
    /// A record could not be read or written.
    #[error("The journal holds something that cannot be read: {0}")]
    Record(#[from] serde_json::Error),
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        let message = error.to_string();
        match error {
            ChangeError::Syntax(error) => error.into(),
            ChangeError::Pg(error) => error.into(),
            ChangeError::Refused(_) => Error::refused(message),
            ChangeError::Data { hint, .. } => Error::refused(message).hint(hint),
            ChangeError::Blocked { .. } => Error::new(ErrorKind::Timeout, message)
                .hint("Nothing waits and nothing is half done. Run the same command again when the way is free."),
            ChangeError::Busy { .. } => Error::new(ErrorKind::Unavailable, message)
                .hint("See it with: howdah change status"),
            ChangeError::Stopped => Error::new(ErrorKind::Cancelled, message),
            ChangeError::Mismatch { .. } => Error::new(ErrorKind::Server, message)
                .hint("Look at what changed the schema meanwhile; `howdah change rollback` takes back what the change did."),
            ChangeError::Unknown(_) => {
                Error::not_found(message).hint("`howdah change status` lists those that there are.")
            }
            ChangeError::Record(_) => Error::internal(message),
        }
    }
}
