use howdah_core::Error;
use howdah_pg::PgError;
use howdah_store::StoreError;

/// What can stand in the way of watching.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The server, or the connection to it.
    #[error(transparent)]
    Pg(#[from] PgError),
    /// The samples on this machine.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WatchError {
    /// Whether a new connection may do what this one could not.
    pub fn is_of_connection(&self) -> bool {
        matches!(self, Self::Pg(error) if error.is_fatal())
    }
}

impl From<WatchError> for Error {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Pg(error) => error.into(),
            WatchError::Store(error) => error.into(),
        }
    }
}
