use std::time::Duration;

use async_trait::async_trait;
use howdah_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::JobCx;

/// One sort of job: its steps, how each is done and how it is taken back.
///
/// A unit struct implements it under `#[async_trait]` and is registered with
/// [`job_kind!`](crate::job_kind). A worker process finds it by its name, so
/// everything that it needs is in the input, the state, or a service of the program.
///
/// Neither input nor state holds a secret: both are written to the store.
/// They hold what finds it, such as the path of a file that only its owner can read.
#[async_trait]
pub trait JobKind: Send + Sync + 'static {
    /// Stable, in snake case: `create_cluster`.
    const NAME: &'static str;
    /// For people, as a phrase: `Create a cluster`.
    const TITLE: &'static str;
    /// What happens to a job that fails or is cancelled.
    const ON_FAILURE: OnFailure = OnFailure::Undo;
    /// What is to be done; fixed when the job is started.
    type Input: Serialize + DeserializeOwned + Send + Sync;
    /// What later steps and the undo must know; kept between steps.
    /// [`serde_json::Value`] will do.
    type State: Serialize + DeserializeOwned + Default + Send + Sync;

    /// What the job is about, for people: `cluster shop`.
    fn subject(input: &Self::Input) -> String;

    /// Two jobs with the same key are never active at once: the second is
    /// refused when it is started. Most often the subject.
    fn exclusive_key(_input: &Self::Input) -> Option<String> {
        None
    }

    /// The steps, in order; the same for the same input.
    fn steps(input: &Self::Input) -> Vec<Step>;

    /// Carries out a step. It may have been carried out before, wholly or in
    /// part, by a worker that died: look first, then do what is missing.
    ///
    /// What the undo must know (the directory about to be made, the port about
    /// to be taken) goes into `state` and through [`JobCx::checkpoint`] *before*
    /// it exists. The state is also kept when the step ends, with or without an error.
    ///
    /// A long step watches [`JobCx::cancel`] and then returns an error of kind
    /// [`ErrorKind::Cancelled`]; one that does not is waited for.
    async fn run_step(
        &self,
        step: &str,
        input: &Self::Input,
        cx: &JobCx,
        state: &mut Self::State,
    ) -> Result<()>;

    /// Takes a step back. Called in reverse order for every step that was
    /// begun, after a failure or when cancelled; also for a step that was done
    /// only in part, and again after a worker died: look first here too.
    async fn undo_step(
        &self,
        _step: &str,
        _input: &Self::Input,
        _cx: &JobCx,
        _state: &mut Self::State,
    ) -> Result<()> {
        Ok(())
    }

    /// What there is now, a sentence each, of what the job made or changed.
    /// Asked when it ended without success and was not wholly taken back.
    async fn what_exists(&self, _input: &Self::Input, _cx: &JobCx, _state: &Self::State) -> Vec<String> {
        Vec::new()
    }

    /// What the next call needs: endpoint, port, user, reference to the secret.
    fn result(input: &Self::Input, state: &Self::State) -> Value;

    /// How long to wait before a step (or its undo) that gave `error` is tried
    /// again; `None` when it is of no use. `attempt` counts from 1.
    fn retry(&self, _step: &str, error: &Error, attempt: u32) -> Option<Duration> {
        back_off(error, attempt)
    }
}

/// What happens to a job that fails or is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// What it did is taken back, step by step; resuming it then starts anew.
    Undo,
    /// What it did stays; resuming it goes on where it stopped.
    Keep,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) weight: f64,
}

impl Step {
    /// `name` is unique within the job and stable; `title` is a short
    /// present-tense phrase for people: `Copying the writer's data`.
    pub fn new(name: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            weight: 1.0,
        }
    }

    /// Its share of the whole: roughly seconds on a small machine. 1 without this.
    #[must_use]
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = weight.max(0.0);
        self
    }
}

/// The usual [`JobKind::retry`]: what is unavailable or too slow is tried five
/// times in all, after 0.5, 1, 2 and 4 seconds; other errors are final.
pub fn back_off(error: &Error, attempt: u32) -> Option<Duration> {
    let transient = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Timeout);
    (transient && attempt < 5).then(|| Duration::from_millis(250 << attempt.min(10)))
}

/// Registers a unit struct that implements [`JobKind`].
#[macro_export]
macro_rules! job_kind {
    ($kind:ident) => {
        $crate::inventory::submit! { $crate::KindEntry::of(&$kind) }
    };
}
