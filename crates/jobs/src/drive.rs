use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use howdah_core::{Context, Error, ErrorKind};
use howdah_store::{
    EventLevel, JobChange, JobRecord, JobState, Lease, NewEvent, StepChange, StepRecord, StepState, Store,
    StoreError,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::erased::AnyKind;
use crate::pulse::{Report, Signals};
use crate::{JobCx, JobsError, OnFailure, Worked};

/// So many workers may die in a row in one step; then the step is given up.
const DEATHS: u32 = 5;
/// So long a step may go on once the process is to end.
const ENDING: Duration = Duration::from_secs(10);
/// So long a worker waits for a store that is full or locked.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long [`JobKind::what_exists`](crate::JobKind::what_exists) may take.
const LOOKING: Duration = Duration::from_secs(30);

/// One worker's run over one job: forward from the first step that is not
/// done, then, where that fails or is cancelled, back.
pub(crate) struct Drive {
    pub(crate) store: Store,
    pub(crate) log: PathBuf,
    pub(crate) lease: Lease,
    pub(crate) kind: &'static dyn AnyKind,
    pub(crate) services: Context,
    pub(crate) report: Arc<Report>,
    pub(crate) signals: Signals,
}

/// How the way forward ended.
enum Forward {
    Done(Value),
    Failed(Error, Option<String>),
    Cancelled,
    Left(Worked),
}

/// How one call of a kind's code ended.
enum Called {
    Ok,
    Err(Error),
    Left(Worked),
}

/// Which way a step is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

impl Drive {
    pub(crate) async fn run(&self) -> Result<Worked, JobsError> {
        let result = self.run_from_here().await;
        match result {
            Err(JobsError::Store(StoreError::Fenced { .. })) => Ok(Worked::Replaced),
            other => other,
        }
    }

    async fn run_from_here(&self) -> Result<Worked, JobsError> {
        let mut job = self.load().await?;
        tracing::info!(
            job = job.id,
            kind = job.kind,
            token = self.lease.token,
            "The worker has the job"
        );
        if job.state != JobState::Undoing {
            let (error, step) = match self.forward(&mut job).await? {
                Forward::Done(result) => return self.succeed(result).await,
                Forward::Left(worked) => return Ok(worked),
                Forward::Failed(error, step) => (Some(error), step),
                Forward::Cancelled => (None, None),
            };
            let error = error.map(|error| error_json(&error, step.as_deref(), false));
            if self.kind.on_failure() == OnFailure::Keep {
                return self.end_without_success(&job, error).await;
            }
            job.error = error.clone();
            self.persist(JobChange {
                state: Some(JobState::Undoing),
                error,
                phase: Some("Taking back what was done".into()),
                ..JobChange::default()
            })
            .await?;
        }
        self.back(&mut job).await
    }

    async fn forward(&self, job: &mut JobRecord) -> Result<Forward, JobsError> {
        for step in job.steps.clone() {
            if step.state == StepState::Done {
                continue;
            }
            if self.signals.ending.is_cancelled() {
                return Ok(Forward::Left(Worked::Stopped));
            }
            if job.cancel_requested || self.signals.cancelled.is_cancelled() {
                return Ok(Forward::Cancelled);
            }
            if step.state == StepState::Running && job.deaths >= DEATHS {
                let error = self.died_too_often(&step, job.deaths);
                self.step_failed(job, &step, StepState::Failed, &error).await?;
                return Ok(Forward::Failed(error, Some(step.name)));
            }
            match self.call_with_retries(job, &step, Way::Forward).await? {
                Called::Ok => {
                    self.persist(JobChange {
                        work: Some(job.work.clone()),
                        step: Some(StepChange {
                            ordinal: step.ordinal,
                            state: StepState::Done,
                            error: None,
                        }),
                        ..JobChange::default()
                    })
                    .await?;
                }
                Called::Left(worked) => return Ok(Forward::Left(worked)),
                Called::Err(error) if self.signals.cancelled.is_cancelled() => {
                    // Most likely the cancel is why; what was said is kept all the same.
                    self.step_failed(job, &step, StepState::Failed, &error).await?;
                    return Ok(Forward::Cancelled);
                }
                Called::Err(error) => {
                    self.step_failed(job, &step, StepState::Failed, &error).await?;
                    return Ok(Forward::Failed(error, Some(step.name)));
                }
            }
        }
        match self.kind.result(&job.input, &job.work) {
            Ok(result) => Ok(Forward::Done(result)),
            Err(error) => Ok(Forward::Failed(error, None)),
        }
    }

    /// Takes back what was begun, the last step first. It stops at the first
    /// step that cannot be taken back: what is beneath it may still be in use.
    async fn back(&self, job: &mut JobRecord) -> Result<Worked, JobsError> {
        job.steps = self.load().await?.steps;
        for step in job.steps.clone().iter().rev() {
            if matches!(step.state, StepState::Pending | StepState::Undone) {
                continue;
            }
            if self.signals.ending.is_cancelled() {
                return Ok(Worked::Stopped);
            }
            let called = if step.state == StepState::Undoing && job.deaths >= DEATHS {
                Called::Err(self.died_too_often(step, job.deaths))
            } else {
                self.call_with_retries(job, step, Way::Back).await?
            };
            match called {
                Called::Ok => {
                    self.persist(JobChange {
                        work: Some(job.work.clone()),
                        step: Some(StepChange {
                            ordinal: step.ordinal,
                            state: StepState::Undone,
                            error: None,
                        }),
                        ..JobChange::default()
                    })
                    .await?;
                }
                Called::Left(worked) => return Ok(worked),
                Called::Err(error) => {
                    self.step_failed(job, step, StepState::UndoFailed, &error).await?;
                    let told = job
                        .error
                        .clone()
                        .unwrap_or_else(|| error_json(&error, Some(&step.name), true));
                    return self.end_without_success(job, Some(told)).await;
                }
            }
        }
        // A cancelled job whose undo failed before has that error, which is settled now.
        let settled = job
            .error
            .as_ref()
            .is_none_or(|error| error["while_undoing"] == json!(true));
        let (state, error) = if settled {
            (JobState::Cancelled, Some(Value::Null))
        } else {
            (JobState::Failed, None)
        };
        self.persist(JobChange {
            state: Some(state),
            error,
            exists_now: Some(Vec::new()),
            events: vec![NewEvent::info("All that was done has been taken back")],
            ..JobChange::default()
        })
        .await?;
        Ok(Worked::Finished(state))
    }

    async fn succeed(&self, result: Value) -> Result<Worked, JobsError> {
        self.persist(JobChange {
            state: Some(JobState::Succeeded),
            result: Some(result),
            ..JobChange::default()
        })
        .await?;
        Ok(Worked::Finished(JobState::Succeeded))
    }

    async fn end_without_success(&self, job: &JobRecord, error: Option<Value>) -> Result<Worked, JobsError> {
        let state = if error.is_some() {
            JobState::Failed
        } else {
            JobState::Cancelled
        };
        let cx = self.job_cx(None, 1, CancellationToken::new());
        let look = AssertUnwindSafe(self.kind.what_exists(&job.input, &cx, &job.work)).catch_unwind();
        let exists_now = match tokio::time::timeout(LOOKING, look).await {
            Ok(Ok(Ok(exists))) => exists,
            Ok(Ok(Err(error))) => vec![format!("What exists could not be seen: {error}")],
            Ok(Err(_)) | Err(_) => vec!["What exists could not be seen in time.".into()],
        };
        self.persist(JobChange {
            state: Some(state),
            error,
            exists_now: Some(exists_now),
            ..JobChange::default()
        })
        .await?;
        Ok(Worked::Finished(state))
    }

    /// Begins a step (or its undo) and tries it as often as the kind wants.
    async fn call_with_retries(
        &self,
        job: &mut JobRecord,
        step: &StepRecord,
        way: Way,
    ) -> Result<Called, JobsError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (state, phase) = match way {
                Way::Forward => (StepState::Running, step.title.clone()),
                Way::Back => (StepState::Undoing, format!("Taking back: {}", step.title)),
            };
            self.report.set(phase.clone(), None);
            self.persist(JobChange {
                state: (way == Way::Forward).then_some(JobState::Running),
                phase: Some(phase),
                step: Some(StepChange {
                    ordinal: step.ordinal,
                    state,
                    error: None,
                }),
                ..JobChange::default()
            })
            .await?;
            let error = match self.call(job, step, step.attempts + tries, way).await? {
                Called::Err(error) => error,
                other => return Ok(other),
            };
            if way == Way::Forward && self.signals.cancelled.is_cancelled() {
                return Ok(Called::Err(error));
            }
            let Some(delay) = self.kind.retry(&step.name, &error, tries) else {
                return Ok(Called::Err(error));
            };
            let again = format!("{error} Trying again in {:.1} s.", delay.as_secs_f64());
            self.persist(JobChange {
                work: Some(job.work.clone()),
                events: vec![event(EventLevel::Warning, Some(step), again)],
                ..JobChange::default()
            })
            .await?;
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = self.signals.replaced.cancelled() => return Ok(Called::Left(Worked::Replaced)),
                () = self.signals.ending.cancelled() => return Ok(Called::Left(Worked::Stopped)),
                () = self.signals.cancelled.cancelled(), if way == Way::Forward => return Ok(Called::Err(error)),
            }
        }
    }

    /// Runs the kind's code for one step, once.
    async fn call(
        &self,
        job: &mut JobRecord,
        step: &StepRecord,
        attempt: u32,
        way: Way,
    ) -> Result<Called, JobsError> {
        let token = CancellationToken::new();
        let cx = self.job_cx(Some(&step.name), attempt, token.clone());
        let mut work = job.work.clone();
        let called = match way {
            Way::Forward => {
                let run = self.kind.run_step(&step.name, &job.input, &cx, &mut work);
                self.supervise(run, &token, way).await
            }
            Way::Back => {
                let undo = self.kind.undo_step(&step.name, &job.input, &cx, &mut work);
                self.supervise(undo, &token, way).await
            }
        };
        match called {
            Some(called) => {
                job.work = work;
                Ok(called)
            }
            None => {
                // What a step that panicked had checkpointed is what its undo must know.
                job.work = self.load().await?.work;
                Ok(Called::Err(
                    Error::internal(format!("The step {} stopped on a defect of Howdah.", step.name)).hint(
                        format!("Please report it with the end of {}.", self.log.display()),
                    ),
                ))
            }
        }
    }

    /// Waits for a step while heeding what comes from outside; `None` when it panicked.
    async fn supervise(
        &self,
        step: impl Future<Output = howdah_core::Result<()>>,
        token: &CancellationToken,
        way: Way,
    ) -> Option<Called> {
        let mut step = pin!(AssertUnwindSafe(step).catch_unwind());
        let (mut told, mut deadline) = (false, None);
        loop {
            let overdue = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                ended = &mut step => return match ended {
                    Err(_) => None,
                    Ok(Ok(())) => Some(Called::Ok),
                    Ok(Err(_)) if self.signals.replaced.is_cancelled() => Some(Called::Left(Worked::Replaced)),
                    Ok(Err(_)) if deadline.is_some() => Some(Called::Left(Worked::Stopped)),
                    Ok(Err(error)) => Some(Called::Err(error)),
                },
                // Another worker is doing the same: not one more action.
                () = self.signals.replaced.cancelled() => return Some(Called::Left(Worked::Replaced)),
                () = overdue => return Some(Called::Left(Worked::Stopped)),
                () = self.signals.ending.cancelled(), if deadline.is_none() => {
                    token.cancel();
                    deadline = Some(tokio::time::Instant::now() + ENDING);
                }
                () = self.signals.cancelled.cancelled(), if way == Way::Forward && !told => {
                    token.cancel();
                    told = true;
                }
            }
        }
    }

    async fn step_failed(
        &self,
        job: &JobRecord,
        step: &StepRecord,
        state: StepState,
        error: &Error,
    ) -> Result<(), JobsError> {
        tracing::warn!(job = job.id, step = step.name, "{}", error.to_text());
        let level = if error.kind == ErrorKind::Cancelled {
            EventLevel::Info
        } else {
            EventLevel::Error
        };
        self.persist(JobChange {
            work: Some(job.work.clone()),
            step: Some(StepChange {
                ordinal: step.ordinal,
                state,
                error: Some(error.message.clone()),
            }),
            events: vec![event(level, Some(step), error.to_text())],
            ..JobChange::default()
        })
        .await
    }

    fn died_too_often(&self, step: &StepRecord, deaths: u32) -> Error {
        Error::new(
            ErrorKind::Local,
            format!(
                "The worker process ended {deaths} times in a row in the step {} without a word: \
                 it was killed, or the machine ran out of memory.",
                step.name
            ),
        )
        .hint(format!(
            "See the end of {} and the system's log.",
            self.log.display()
        ))
    }

    fn job_cx(&self, step: Option<&str>, attempt: u32, cancel: CancellationToken) -> JobCx {
        JobCx {
            cancel,
            services: self.services.clone(),
            store: self.store.clone(),
            lease: self.lease.clone(),
            report: Arc::clone(&self.report),
            step: step.map(str::to_owned),
            attempt,
        }
    }

    async fn load(&self) -> Result<JobRecord, JobsError> {
        let job = self.store.job(&self.lease.job).await?;
        job.ok_or_else(|| {
            StoreError::Fenced {
                job: self.lease.job.clone(),
            }
            .into()
        })
    }

    async fn persist(&self, change: JobChange) -> Result<(), JobsError> {
        let is_ending = || self.signals.ending.is_cancelled();
        Ok(write(&self.store, &self.lease, change, is_ending).await?)
    }
}

/// Writes a change; a store that is full or locked is given some time, unless the worker is to stop.
pub(crate) async fn write(
    store: &Store,
    lease: &Lease,
    change: JobChange,
    is_ending: impl Fn() -> bool,
) -> Result<(), StoreError> {
    let start = Instant::now();
    loop {
        match store.change_job(lease, change.clone()).await {
            Err(error @ (StoreError::Full { .. } | StoreError::Locked { .. } | StoreError::Io { .. }))
                if start.elapsed() < PATIENCE && !is_ending() =>
            {
                tracing::warn!(job = lease.job, "{error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return other,
        }
    }
}

fn event(level: EventLevel, step: Option<&StepRecord>, message: String) -> NewEvent {
    NewEvent {
        level,
        step: step.map(|step| step.name.clone()),
        message,
    }
}

fn error_json(error: &Error, step: Option<&str>, while_undoing: bool) -> Value {
    let mut json = serde_json::to_value(error).unwrap_or_else(|_| json!({ "message": error.message }));
    if let Some(step) = step {
        json["step"] = json!(step);
    }
    if while_undoing {
        json["while_undoing"] = json!(true);
    }
    json
}
