use howdah_core::Error;
use howdah_sql::{NameError, RelationName};

use crate::PgError;

/// Why the catalog could not tell.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The text is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No relation of that name.
    #[error("There is no relation {wanted:?} in this database")]
    NotFound {
        /// The name as it was given.
        wanted: String,
        /// Names like it, the most alike first.
        near: Vec<RelationName>,
    },
    /// The relation was dropped while it was read.
    #[error("The relation {wanted:?} was dropped while it was read")]
    Dropped {
        /// The name as it was given.
        wanted: String,
    },
    /// Another session holds a lock that keeps everyone from looking.
    #[error("Another session has locked {wanted:?} exclusively, so that its columns cannot be read")]
    Locked {
        /// The name as it was given.
        wanted: String,
    },
    /// The server or the connection.
    #[error(transparent)]
    Pg(#[from] PgError),
    /// A query of ours gave what it never gives: a defect.
    #[error("The catalog query {query} gave what is not expected: {reason}")]
    Unexpected {
        /// The file of the query.
        query: &'static str,
        /// What does not fit.
        reason: String,
    },
}

impl From<CatalogError> for Error {
    fn from(error: CatalogError) -> Self {
        let message = error.to_string();
        match error {
            CatalogError::Name(error) => error.into(),
            CatalogError::Pg(error) => error.into(),
            CatalogError::NotFound { near, .. } if near.is_empty() => Self::not_found(format!("{message}."))
                .hint("search_objects finds objects by a part of their name or comment."),
            CatalogError::NotFound { near, .. } => {
                let near: Vec<String> = near.iter().map(ToString::to_string).collect();
                Self::not_found(format!("{message}.")).hint(format!("Did you mean {}?", near.join(", ")))
            }
            CatalogError::Dropped { .. } => Self::not_found(format!("{message}.")),
            CatalogError::Locked { .. } => Self::new(howdah_core::ErrorKind::Timeout, format!("{message}."))
                .hint(
                    "pg_blocking_pids() and pg_locks show who holds the lock; try again when it is released.",
                ),
            CatalogError::Unexpected { .. } => Self::internal(message),
        }
    }
}
