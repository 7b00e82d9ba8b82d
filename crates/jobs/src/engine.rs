use std::collections::HashSet;
use std::path::PathBuf;

use howdah_store::{
    EventLevel, JobFilter, JobRecord, JobState, Lease, NewEvent, NewJob, NewStep, StepState, Store,
};

use crate::kind::Step;
use crate::launch::{Launcher, log_file};
use crate::resolve::resolve;
use crate::{Event, JobKind, JobsError, erased};

/// So long a worker that was just started is given to take up its job.
const BOOT_MS: i64 = 5_000;

/// The exit code of a command that waited for a job: 0 when it succeeded, else 1.
pub fn exit_code(state: JobState) -> u8 {
    u8::from(state != JobState::Succeeded)
}

/// Starts, follows and steers jobs. Cheap to clone; opens nothing until used.
///
/// The program puts one into [`howdah_core::Context`] as a service, calls
/// [`Engine::adopt_orphans`] at the start of whatever deals with jobs, and runs
/// [`run_worker`](crate::run_worker) for the hidden command `howdah job work ID`.
#[derive(Clone)]
pub struct Engine {
    pub(crate) store: Store,
    launcher: Launcher,
}

impl Engine {
    /// An engine over the store, whose workers are started by `launcher`.
    pub fn new(store: Store, launcher: Launcher) -> Self {
        Self { store, launcher }
    }

    /// The store beneath.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Records a job and starts a worker process for it. `by` says, for people,
    /// who asked. Refused while another job has the same exclusive key.
    pub async fn start<K: JobKind>(&self, input: &K::Input, by: &str) -> Result<JobRecord, JobsError> {
        let job = self.record::<K>(input, by).await?;
        self.ensure_worker(&job).await?;
        Ok(job)
    }

    /// Records a job without starting a worker: for a process that will run it
    /// itself with [`Engine::work`].
    pub async fn record<K: JobKind>(&self, input: &K::Input, by: &str) -> Result<JobRecord, JobsError> {
        let steps = K::steps(input);
        check_steps(K::NAME, &steps)?;
        let new = NewJob {
            kind: K::NAME.to_owned(),
            subject: K::subject(input),
            exclusive_key: K::exclusive_key(input),
            input: serde_json::to_value(input)?,
            created_by: by.to_owned(),
            steps: steps
                .into_iter()
                .map(|step| NewStep {
                    name: step.name,
                    title: step.title,
                    weight: step.weight,
                })
                .collect(),
        };
        Ok(self.store.add_job(new).await?)
    }

    /// The job that is meant by `id`: a whole id, or the beginning of one.
    pub async fn job(&self, id: &str) -> Result<JobRecord, JobsError> {
        let id = resolve(&self.store, id).await?;
        self.exactly(&id).await
    }

    /// Jobs, the latest first.
    pub async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRecord>, JobsError> {
        if !self.store.exists() {
            return Ok(Vec::new());
        }
        Ok(self.store.jobs(filter).await?)
    }

    /// The last `limit` lines of the job's diary.
    pub async fn events(&self, id: &str, limit: usize) -> Result<Vec<Event>, JobsError> {
        Ok(self.store.job_events(id, 0, limit).await?)
    }

    /// The lease of the worker that has the job in hand, if one has.
    pub async fn worker(&self, id: &str) -> Result<Option<Lease>, JobsError> {
        Ok(self.store.lease(id).await?.filter(Lease::holds))
    }

    /// The file that the job's workers write their own messages to.
    pub fn log_file(&self, id: &str) -> PathBuf {
        log_file(&self.store, id)
    }

    /// Asks for a job to be stopped and, where its kind does so, undone.
    /// Returns at once; the worker obeys within a second, at the next point
    /// where the step allows it.
    pub async fn cancel(&self, id: &str, by: &str) -> Result<JobRecord, JobsError> {
        let job = self.job(id).await?;
        if !job.state.is_active() {
            return Err(JobsError::NotPossible {
                message: format!(
                    "Job {} has already {}; there is nothing to cancel.",
                    job.id,
                    ended(job.state)
                ),
                hint: format!("`howdah job show {}` says what it did.", job.id),
            });
        }
        if job.state == JobState::Undoing {
            return Err(JobsError::NotPossible {
                message: format!("Job {} is already being undone.", job.id),
                hint: format!("Follow it with `howdah job show {} --follow`.", job.id),
            });
        }
        let job = self.store.request_cancel(&job.id, by).await?;
        if job.state.is_active() {
            self.ensure_worker(&job).await?;
        }
        Ok(job)
    }

    /// Lets a job go on: one whose worker died goes on at once; one that failed
    /// or was cancelled is tried again, from the start where it was undone, else
    /// from where it stopped; an undo that failed is tried again first.
    pub async fn resume(&self, id: &str, by: &str) -> Result<JobRecord, JobsError> {
        let job = self.job(id).await?;
        if job.state == JobState::Succeeded {
            return Err(JobsError::NotPossible {
                message: format!("Job {} has succeeded; there is nothing to resume.", job.id),
                hint: format!("`howdah job show {}` shows its result.", job.id),
            });
        }
        if job.state.is_active() {
            if let Some(worker) = self.worker(&job.id).await? {
                return Err(JobsError::NotPossible {
                    message: format!(
                        "Job {} is at work already, in process {} on {}.",
                        job.id, worker.owner.pid, worker.owner.host
                    ),
                    hint: format!("Follow it with `howdah job show {} --follow`.", job.id),
                });
            }
            self.launch(&job).await?;
            return self.exactly(&job.id).await;
        }
        if erased::find(&job.kind).is_none() {
            return Err(JobsError::UnknownKind {
                id: job.id,
                kind: job.kind,
            });
        }
        let half_undone = job
            .steps
            .iter()
            .any(|step| matches!(step.state, StepState::UndoFailed | StepState::Undoing));
        let undone = job.steps.iter().any(|step| step.state == StepState::Undone);
        let state = if half_undone {
            JobState::Undoing
        } else {
            JobState::Queued
        };
        let job = self
            .store
            .reopen_job(&job.id, state, undone && !half_undone, by)
            .await?;
        self.ensure_worker(&job).await?;
        Ok(job)
    }

    /// Starts a worker for every active job that has lost its own. Cheap where
    /// there is none; to be called by whatever deals with jobs, at its start.
    pub async fn adopt_orphans(&self) -> Result<Vec<String>, JobsError> {
        if !self.store.exists() {
            return Ok(Vec::new());
        }
        let active = JobFilter {
            states: vec![JobState::Queued, JobState::Running, JobState::Undoing],
            ..JobFilter::default()
        };
        let mut adopted = Vec::new();
        for job in self.store.jobs(active).await? {
            if self.ensure_worker(&job).await? {
                adopted.push(job.id);
            }
        }
        Ok(adopted)
    }

    /// Starts a worker where the job needs one and has none; whether it did.
    pub(crate) async fn ensure_worker(&self, job: &JobRecord) -> Result<bool, JobsError> {
        // A job of a kind that only another version knows is left to that one.
        if !job.state.is_active() || erased::find(&job.kind).is_none() {
            return Ok(false);
        }
        // Looked at first without the lock that a write takes: this is asked often.
        if self.worker(&job.id).await?.is_some() || !self.store.claim_launch(&job.id, BOOT_MS).await? {
            return Ok(false);
        }
        self.launch(job).await?;
        Ok(true)
    }

    async fn launch(&self, job: &JobRecord) -> Result<(), JobsError> {
        let result = self.launcher.launch(&self.store, &job.id);
        if let Err(error) = &result {
            let event = NewEvent {
                level: EventLevel::Error,
                step: None,
                message: error.to_string(),
            };
            self.store.add_job_event(&job.id, event).await?;
        }
        result
    }

    pub(crate) async fn exactly(&self, id: &str) -> Result<JobRecord, JobsError> {
        self.store.job(id).await?.ok_or_else(|| JobsError::UnknownJob {
            id: id.to_owned(),
            near: Vec::new(),
        })
    }
}

fn ended(state: JobState) -> &'static str {
    match state {
        JobState::Cancelled => "been cancelled",
        JobState::Failed => "failed",
        _ => "succeeded",
    }
}

fn check_steps(kind: &'static str, steps: &[Step]) -> Result<(), JobsError> {
    let bad = |detail: String| Err(JobsError::BadSteps { kind, detail });
    if steps.is_empty() {
        return bad("there are none".into());
    }
    let mut names = HashSet::new();
    match steps.iter().find(|step| !names.insert(&step.name)) {
        Some(twice) => bad(format!("two are called {}", twice.name)),
        None => Ok(()),
    }
}
