use std::sync::Arc;

use howdah_core::Context;
use howdah_store::{Acquired, JobState, Lease};
use tokio::signal::unix::{SignalKind, signal};

use crate::drive::Drive;
use crate::pulse::{Pulse, Report, Signals};
use crate::{Engine, JobsError, erased};

/// What came of a worker's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worked {
    /// The job is over.
    Finished(JobState),
    /// Another worker has it.
    Held(Lease),
    /// Another worker took it over meanwhile.
    Replaced,
    /// This process is to end; the job waits for the next worker.
    Stopped,
}

/// The whole of the hidden command `howdah job work ID`: leaves the parent's
/// session, carries the job out with the services in `cx`, and stops in time
/// when the system ends the process. `cx` needs every service that a kind of
/// job may ask for, above all the clusters.
pub async fn run_worker(engine: &Engine, id: &str, cx: &Context) -> Result<Worked, JobsError> {
    // Fails only where the process leads a session already, which is as good.
    rustix::process::setsid().ok();
    let ending = cx.cancel.clone();
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        if let Ok(mut signals) = signal(kind) {
            let ending = ending.clone();
            tokio::spawn(async move {
                signals.recv().await;
                ending.cancel();
            });
        }
    }
    let worked = engine.work(id, cx).await;
    match &worked {
        Ok(worked) => tracing::info!(job = id, "The worker ends: {worked:?}"),
        Err(error) => tracing::error!(job = id, "The worker ends: {error}"),
    }
    worked
}

impl Engine {
    /// Carries a job out in this process, from wherever it is, until it is over.
    /// `cx.cancel` asks for the process to end, which leaves the job to the next
    /// worker; it does not cancel the job.
    pub async fn work(&self, id: &str, cx: &Context) -> Result<Worked, JobsError> {
        let job = self.exactly(id).await?;
        let kind = erased::find(&job.kind).ok_or_else(|| JobsError::UnknownKind {
            id: job.id.clone(),
            kind: job.kind.clone(),
        })?;
        let lease = match self.store.acquire_lease(id).await? {
            Acquired::Taken(lease) => lease,
            Acquired::Held(lease) => return Ok(Worked::Held(lease)),
            Acquired::Finished(state) => return Ok(Worked::Finished(state)),
        };
        let report = Arc::new(Report::default());
        let signals = Signals {
            ending: cx.cancel.clone(),
            ..Signals::default()
        };
        let pulse = Pulse::start(
            self.store.clone(),
            lease.clone(),
            Arc::clone(&report),
            signals.clone(),
        )
        .map_err(|source| JobsError::Launch {
            id: id.to_owned(),
            program: "the heartbeat".into(),
            source,
        })?;
        let drive = Drive {
            store: self.store.clone(),
            log: self.log_file(id),
            lease,
            kind,
            services: cx.clone(),
            report,
            signals,
        };
        let worked = drive.run().await;
        pulse.end().await;
        worked
    }
}
