use std::collections::HashMap;
use std::time::{Duration, Instant};

use howdah_core::{Progress, ProgressSink};
use howdah_store::JobRecord;
use tokio_util::sync::CancellationToken;

use crate::progress::progress;
use crate::{Engine, JobsError};

/// How often a job that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(150);
/// So many workers in a row may end before they take up a job.
const STILLBORN: u32 = 3;

impl Engine {
    /// How far the job has come.
    pub async fn progress(&self, job: &JobRecord) -> Result<Progress, JobsError> {
        let durations = if job.state.is_active() {
            self.store.step_durations(&job.kind).await?
        } else {
            HashMap::new()
        };
        Ok(progress(job, &durations))
    }

    /// Waits until the job is over, and says on the way how far it has come. A
    /// worker that dies meanwhile is replaced. `stop` ends the waiting, not the job.
    pub async fn follow(
        &self,
        id: &str,
        sink: &dyn ProgressSink,
        stop: &CancellationToken,
    ) -> Result<JobRecord, JobsError> {
        let job = self.watch(id, None, sink, stop).await?;
        if job.state.is_active() {
            return Err(JobsError::WaitStopped { id: job.id });
        }
        Ok(job)
    }

    /// The same for at most so long; the job may not be over when it returns.
    pub async fn wait(
        &self,
        id: &str,
        at_most: Duration,
        sink: &dyn ProgressSink,
        stop: &CancellationToken,
    ) -> Result<JobRecord, JobsError> {
        self.watch(id, Some(Instant::now() + at_most), sink, stop).await
    }

    async fn watch(
        &self,
        id: &str,
        until: Option<Instant>,
        sink: &dyn ProgressSink,
        stop: &CancellationToken,
    ) -> Result<JobRecord, JobsError> {
        let mut job = self.job(id).await?;
        let durations = self.store.step_durations(&job.kind).await?;
        let mut said: Option<Progress> = None;
        let (mut launches, mut token) = (0, None);
        loop {
            let now = progress(&job, &durations);
            if said.as_ref() != Some(&now) {
                sink.report(now.clone());
                said = Some(now);
            }
            if !job.state.is_active() {
                return Ok(job);
            }
            // Whoever looks at a job that lost its worker thereby gives it a new one.
            if self.ensure_worker(&job).await? {
                launches += 1;
            }
            if until.is_some_and(|until| Instant::now() >= until) || stop.is_cancelled() {
                return Ok(job);
            }
            let current = self.store.lease(&job.id).await?.map(|lease| lease.token);
            if current.is_some() && current != token {
                (launches, token) = (0, current);
            }
            if launches > STILLBORN {
                let log = self.log_file(&job.id);
                return Err(JobsError::Stillborn {
                    id: job.id,
                    launches,
                    log,
                });
            }
            let pause = until.map_or(LOOK, |until| {
                LOOK.min(until.saturating_duration_since(Instant::now()))
            });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
            job = self.exactly(&job.id).await?;
        }
    }
}
