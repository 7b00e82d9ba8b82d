use std::any::Any;
use std::sync::Arc;

use howdah_core::{Context, Error, ErrorKind, Result};
use howdah_store::{EventLevel, JobChange, Lease, NewEvent, Store};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::drive;
use crate::pulse::Report;

/// What a step can use while it runs.
pub struct JobCx {
    /// Triggered when the job is to be cancelled or its worker to stop: a long
    /// step returns soon with [`ErrorKind::Cancelled`]. Never triggered by a
    /// cancel while the job is being undone.
    pub cancel: CancellationToken,
    pub(crate) services: Context,
    pub(crate) store: Store,
    pub(crate) lease: Lease,
    pub(crate) report: Arc<Report>,
    pub(crate) step: Option<String>,
    pub(crate) attempt: u32,
}

impl JobCx {
    /// The job's id.
    pub fn id(&self) -> &str {
        &self.lease.job
    }

    /// How often this step was begun, counted from 1: more than 1 says that it
    /// may have been done in part.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// A service of the program, as in [`Context::get`].
    pub fn get<T: Any + Send + Sync>(&self) -> Result<Arc<T>> {
        self.services.get()
    }

    /// The program's context, for code that takes one.
    pub fn services(&self) -> &Context {
        &self.services
    }

    /// Says what the step is doing now, and how much of it is done (0 to 1)
    /// where that is known. Costs nothing; may be called often.
    pub fn progress(&self, phase: impl Into<String>, fraction: Option<f64>) {
        self.report.set(phase.into(), fraction);
    }

    /// Adds a line to the job's diary.
    pub async fn log(&self, message: impl Into<String>) {
        self.event(EventLevel::Info, message.into()).await;
    }

    /// Adds a line to the job's diary about something that was not as expected.
    pub async fn warn(&self, message: impl Into<String>) {
        self.event(EventLevel::Warning, message.into()).await;
    }

    /// Writes the state to the disk now, in the middle of a step: before
    /// making something that the undo must find. Fails when this worker was replaced.
    pub async fn checkpoint<S: Serialize>(&self, state: &S) -> Result<()> {
        let change = JobChange {
            work: Some(serde_json::to_value(state)?),
            ..JobChange::default()
        };
        let is_ending = || self.cancel.is_cancelled();
        Ok(drive::write(&self.store, &self.lease, change, is_ending).await?)
    }

    /// An error of kind [`ErrorKind::Cancelled`] once the step is to stop.
    pub fn check_cancelled(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "The step was stopped."));
        }
        Ok(())
    }

    async fn event(&self, level: EventLevel, message: String) {
        tracing::info!(job = self.id(), step = self.step, "{message}");
        let event = NewEvent {
            level,
            step: self.step.clone(),
            message,
        };
        let change = JobChange {
            events: vec![event],
            ..JobChange::default()
        };
        // A diary that cannot be written is no reason to stop; the next state write will say so.
        if let Err(error) = self.store.change_job(&self.lease, change).await {
            tracing::warn!(job = self.id(), "The job's diary could not be written: {error}");
        }
    }
}
