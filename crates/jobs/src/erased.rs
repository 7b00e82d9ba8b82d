use std::time::Duration;

use async_trait::async_trait;
use howdah_core::{Error, Result};
use serde_json::Value;

use crate::{JobCx, JobKind, OnFailure};

/// A registered [`JobKind`].
pub struct KindEntry {
    kind: &'static dyn AnyKind,
}

inventory::collect!(KindEntry);

impl KindEntry {
    /// The entry of a kind; see [`job_kind!`](crate::job_kind).
    pub const fn of<K: JobKind>(kind: &'static K) -> Self {
        Self { kind }
    }
}

/// The kind of that name, if this program knows it.
pub(crate) fn find(name: &str) -> Option<&'static dyn AnyKind> {
    inventory::iter::<KindEntry>()
        .map(|entry| entry.kind)
        .find(|kind| kind.name() == name)
}

/// A [`JobKind`] whose types are JSON, as they are in the store.
#[async_trait]
pub(crate) trait AnyKind: Send + Sync {
    fn name(&self) -> &'static str;
    fn on_failure(&self) -> OnFailure;
    fn retry(&self, step: &str, error: &Error, attempt: u32) -> Option<Duration>;
    fn result(&self, input: &Value, work: &Value) -> Result<Value>;
    async fn run_step(&self, step: &str, input: &Value, cx: &JobCx, work: &mut Value) -> Result<()>;
    async fn undo_step(&self, step: &str, input: &Value, cx: &JobCx, work: &mut Value) -> Result<()>;
    async fn what_exists(&self, input: &Value, cx: &JobCx, work: &Value) -> Result<Vec<String>>;
}

#[async_trait]
impl<K: JobKind> AnyKind for K {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn on_failure(&self) -> OnFailure {
        K::ON_FAILURE
    }

    fn retry(&self, step: &str, error: &Error, attempt: u32) -> Option<Duration> {
        JobKind::retry(self, step, error, attempt)
    }

    fn result(&self, input: &Value, work: &Value) -> Result<Value> {
        Ok(K::result(&read_input::<K>(input)?, &read_state::<K>(work)?))
    }

    async fn run_step(&self, step: &str, input: &Value, cx: &JobCx, work: &mut Value) -> Result<()> {
        let (input, mut state) = (read_input::<K>(input)?, read_state::<K>(work)?);
        let result = JobKind::run_step(self, step, &input, cx, &mut state).await;
        *work = write_state::<K>(&state)?;
        result
    }

    async fn undo_step(&self, step: &str, input: &Value, cx: &JobCx, work: &mut Value) -> Result<()> {
        let (input, mut state) = (read_input::<K>(input)?, read_state::<K>(work)?);
        let result = JobKind::undo_step(self, step, &input, cx, &mut state).await;
        *work = write_state::<K>(&state)?;
        result
    }

    async fn what_exists(&self, input: &Value, cx: &JobCx, work: &Value) -> Result<Vec<String>> {
        Ok(JobKind::what_exists(self, &read_input::<K>(input)?, cx, &read_state::<K>(work)?).await)
    }
}

fn read_input<K: JobKind>(input: &Value) -> Result<K::Input> {
    serde_json::from_value(input.clone()).map_err(|error| unreadable::<K>("input", &error))
}

fn read_state<K: JobKind>(work: &Value) -> Result<K::State> {
    if work.is_null() {
        return Ok(K::State::default());
    }
    serde_json::from_value(work.clone()).map_err(|error| unreadable::<K>("state", &error))
}

fn write_state<K: JobKind>(state: &K::State) -> Result<Value> {
    serde_json::to_value(state).map_err(|error| unreadable::<K>("state", &error))
}

fn unreadable<K: JobKind>(what: &str, error: &serde_json::Error) -> Error {
    Error::internal(format!(
        "The {what} of a {} job does not fit this howdah: {error}",
        K::NAME
    ))
    .hint("The job was most likely started by another version; finish it with that one.")
}
