use std::path::PathBuf;

use howdah_core::{Error, ErrorKind};
use howdah_store::StoreError;

/// What can go wrong with the engine itself; a step's own error is the job's.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No job has this id.
    #[error("There is no job {id}.")]
    UnknownJob {
        /// As it was asked for.
        id: String,
        /// Ids that look like it.
        near: Vec<String>,
    },
    /// Several ids begin like this.
    #[error("{count} jobs have an id that begins with {id}.")]
    Ambiguous {
        /// As it was asked for.
        id: String,
        /// How many.
        count: usize,
        /// Some of them.
        near: Vec<String>,
    },
    /// This program does not know the kind.
    #[error("Job {id} is of the kind {kind}, which this howdah does not know.")]
    UnknownKind {
        /// The job.
        id: String,
        /// Its kind.
        kind: String,
    },
    /// The worker process could not be started.
    #[error("Job {id} is recorded, but no worker could be started for it with {}: {source}.", program.display())]
    Launch {
        /// The job.
        id: String,
        /// What was to be run.
        program: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Workers end before they take up the job.
    #[error("Job {id} is recorded, but {launches} workers in a row ended before they took it up.")]
    Stillborn {
        /// The job.
        id: String,
        /// How many were tried.
        launches: u32,
        /// Where their words are.
        log: PathBuf,
    },
    /// The job is in a state in which this cannot be done.
    #[error("{message}")]
    NotPossible {
        /// What state, and why not.
        message: String,
        /// What can be done.
        hint: String,
    },
    /// A kind is not as it must be.
    #[error("The steps of a {kind} job are not usable: {detail}.")]
    BadSteps {
        /// The kind.
        kind: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The input could not be written as JSON.
    #[error("The input of the job could not be written: {0}.")]
    Input(#[from] serde_json::Error),
    /// The caller went away.
    #[error("Waiting for job {id} was stopped; the job itself goes on.")]
    WaitStopped {
        /// The job.
        id: String,
    },
}

impl From<JobsError> for Error {
    fn from(error: JobsError) -> Self {
        let text = error.to_string();
        let new = |kind, hint: String| Self::new(kind, text.clone()).hint(hint);
        match error {
            JobsError::Store(error) => error.into(),
            JobsError::UnknownJob { near, .. } if near.is_empty() => new(
                ErrorKind::NotFound,
                "`howdah job list` (list_jobs) shows the jobs of this machine.".into(),
            ),
            JobsError::UnknownJob { near, .. } => new(
                ErrorKind::NotFound,
                format!(
                    "Did you mean {}? `howdah job list` (list_jobs) shows them all.",
                    near.join(" or ")
                ),
            ),
            JobsError::Ambiguous { near, .. } => new(
                ErrorKind::Invalid,
                format!("Give more of it: {}.", near.join(", ")),
            ),
            JobsError::UnknownKind { .. } => new(
                ErrorKind::Local,
                "It was started by another version of howdah; go on with that one.".into(),
            ),
            JobsError::Launch { id, .. } => new(
                ErrorKind::Local,
                format!("When the cause is removed, `howdah job resume {id}` goes on with it."),
            ),
            JobsError::Stillborn { id, log, .. } => new(
                ErrorKind::Local,
                format!(
                    "Their words are in {}. When the cause is removed, `howdah job resume {id}` goes on with it.",
                    log.display()
                ),
            ),
            JobsError::NotPossible { hint, .. } => new(ErrorKind::Refused, hint),
            JobsError::WaitStopped { id } => new(
                ErrorKind::Cancelled,
                format!("Follow it with `howdah job show {id} --follow`."),
            ),
            JobsError::BadSteps { .. } | JobsError::Input(_) => Self::internal(text),
        }
    }
}
