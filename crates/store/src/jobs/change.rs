use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{JobChange, JobRecord, JobState, NewEvent, NewJob, StepChange, StepState, read};
use crate::leases::{self, Lease};
use crate::{Store, StoreError, id, now_ms};

/// A job's diary keeps so many lines, the latest.
const EVENTS_KEPT: i64 = 500;
/// A line in it is cut after so many bytes.
const EVENT_BYTES: usize = 2_000;
/// Finished jobs are forgotten after 90 days, but never the latest 200.
const JOBS_KEPT_MS: i64 = 90 * 24 * 3_600_000;
const JOBS_KEPT: i64 = 200;

impl Store {
    /// Records a job as queued and gives it an id. Fails with
    /// [`StoreError::Busy`] while another active job has the same exclusive key.
    pub async fn add_job(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        self.write(move |transaction| {
            claim_key(transaction, job.exclusive_key.as_deref())?;
            forget_old(transaction)?;
            let id = id::random()?;
            let now = now_ms();
            transaction.execute(
                "INSERT INTO jobs (id, kind, subject, exclusive_key, input_json, created_by, state, created_ms, updated_ms) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?7)",
                params![
                    id,
                    job.kind,
                    job.subject,
                    job.exclusive_key,
                    serde_json::to_string(&job.input)?,
                    job.created_by,
                    now
                ],
            )?;
            for (ordinal, step) in job.steps.iter().enumerate() {
                transaction
                    .prepare_cached(
                        "INSERT INTO job_steps (job, ordinal, name, title, weight, state) VALUES (?1, ?2, ?3, ?4, ?5, 'pending')",
                    )?
                    .execute(params![id, ordinal as i64, step.name, step.title, step.weight])?;
            }
            existing(transaction, &id)
        })
        .await
    }

    /// Changes a job on behalf of the worker that holds `lease`; refused with
    /// [`StoreError::Fenced`] when another has it.
    pub async fn change_job(&self, lease: &Lease, change: JobChange) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |transaction| {
            leases::check(transaction, &lease)?;
            apply(transaction, &lease.job, &change)?;
            if change.state.is_some_and(|state| !state.is_active()) {
                leases::release(transaction, &lease)?;
            }
            Ok(())
        })
        .await
    }

    /// Notes that a worker is being started for the job, unless one has the
    /// lease, or was started within the last `boot_ms` and has not yet taken
    /// the job up; whether the caller is to start it.
    pub async fn claim_launch(&self, id: &str, boot_ms: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |transaction| {
            let job = existing(transaction, &id)?;
            let lease = leases::load(transaction, &id)?;
            if !job.state.is_active() || lease.as_ref().is_some_and(Lease::holds) {
                return Ok(false);
            }
            let now = now_ms();
            let booting = job.launched_ms.is_some_and(|launched| {
                let taken_up = lease.is_some_and(|lease| lease.acquired_ms >= launched);
                // A launch in the future is from before the clock was set back.
                !taken_up && (0..boot_ms).contains(&(now - launched))
            });
            if !booting {
                transaction.execute("UPDATE jobs SET launched_ms = ?2 WHERE id = ?1", params![id, now])?;
            }
            Ok(!booting)
        })
        .await
    }

    /// Asks for a job to be stopped and undone; a job that no worker has begun
    /// is over at once. Returns the job as it is then.
    pub async fn request_cancel(&self, id: &str, by: &str) -> Result<JobRecord, StoreError> {
        let (id, by) = (id.to_owned(), by.to_owned());
        self.write(move |transaction| {
            let job = existing(transaction, &id)?;
            if !job.state.is_active() || job.cancel_requested {
                return Ok(job);
            }
            let untouched = job.steps.iter().all(|step| step.state == StepState::Pending)
                && leases::load(transaction, &id)?.is_none_or(|lease| !lease.holds());
            let now = now_ms();
            transaction.execute(
                "UPDATE jobs SET cancel_requested = 1, updated_ms = ?2 WHERE id = ?1",
                params![id, now],
            )?;
            add_event(
                transaction,
                &id,
                &NewEvent::info(format!("{by} asked for the job to be cancelled")),
            )?;
            if untouched {
                transaction.execute(
                    "UPDATE jobs SET state = 'cancelled', finished_ms = ?2, phase = NULL WHERE id = ?1",
                    params![id, now],
                )?;
                transaction.execute("DELETE FROM leases WHERE job = ?1", [&id])?;
            }
            existing(transaction, &id)
        })
        .await
    }

    /// Makes a job that failed or was cancelled active again, as `state`, and
    /// forgets the end it had. `from_the_start` also forgets all that it did,
    /// which is right once that was undone.
    pub async fn reopen_job(
        &self,
        id: &str,
        state: JobState,
        from_the_start: bool,
        by: &str,
    ) -> Result<JobRecord, StoreError> {
        let (id, by) = (id.to_owned(), by.to_owned());
        self.write(move |transaction| {
            let job = existing(transaction, &id)?;
            if job.state.is_active() || job.state == JobState::Succeeded {
                return Ok(job);
            }
            claim_key(transaction, job.exclusive_key.as_deref())?;
            // An undo that goes on keeps the reason it was begun for.
            let forgets = state != JobState::Undoing;
            transaction.execute(
                "UPDATE jobs SET state = ?2, deaths = 0, launched_ms = NULL, finished_ms = NULL, exists_now_json = '[]', \
                 phase = NULL, step_fraction = NULL, updated_ms = ?3, \
                 error_json = CASE WHEN ?4 THEN NULL ELSE error_json END, \
                 cancel_requested = CASE WHEN ?4 THEN 0 ELSE cancel_requested END, \
                 work_json = CASE WHEN ?5 THEN 'null' ELSE work_json END WHERE id = ?1",
                params![id, state, now_ms(), forgets, from_the_start],
            )?;
            if from_the_start {
                transaction.execute(
                    "UPDATE job_steps SET state = 'pending', attempts = 0, started_ms = NULL, finished_ms = NULL, error = NULL \
                     WHERE job = ?1",
                    [&id],
                )?;
            }
            add_event(transaction, &id, &NewEvent::info(format!("{by} resumed the job")))?;
            existing(transaction, &id)
        })
        .await
    }

    /// Adds a line to a job's diary.
    pub async fn add_job_event(&self, id: &str, event: NewEvent) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |transaction| add_event(transaction, &id, &event))
            .await
    }
}

impl NewEvent {
    /// A line about the job as a whole.
    pub fn info(message: impl Into<String>) -> Self {
        Self {
            level: super::EventLevel::Info,
            step: None,
            message: message.into(),
        }
    }
}

fn existing(connection: &Connection, id: &str) -> Result<JobRecord, StoreError> {
    read::load(connection, id)?.ok_or_else(|| StoreError::NotFound {
        what: "job",
        id: id.to_owned(),
    })
}

fn claim_key(transaction: &Transaction<'_>, key: Option<&str>) -> Result<(), StoreError> {
    let Some(key) = key else { return Ok(()) };
    let holder: Option<String> = transaction
        .query_row(
            "SELECT id FROM jobs WHERE exclusive_key = ?1 AND state IN ('queued', 'running', 'undoing')",
            [key],
            |row| row.get(0),
        )
        .optional()?;
    match holder {
        Some(job) => Err(StoreError::Busy {
            key: key.to_owned(),
            job,
        }),
        None => Ok(()),
    }
}

fn forget_old(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(
        "DELETE FROM jobs WHERE state NOT IN ('queued', 'running', 'undoing') AND finished_ms < ?1 \
         AND number <= (SELECT max(number) FROM jobs) - ?2",
        params![now_ms() - JOBS_KEPT_MS, JOBS_KEPT],
    )?;
    Ok(())
}

fn apply(transaction: &Transaction<'_>, id: &str, change: &JobChange) -> Result<(), StoreError> {
    let now = now_ms();
    let json = |value: &Option<serde_json::Value>| value.as_ref().map(serde_json::Value::to_string);
    let exists_now = change
        .exists_now
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    let over = change.state.is_some_and(|state| !state.is_active());
    transaction
        .prepare_cached(
            "UPDATE jobs SET state = coalesce(?2, state), work_json = coalesce(?3, work_json), \
             result_json = coalesce(?4, result_json), error_json = coalesce(?5, error_json), \
             exists_now_json = coalesce(?6, exists_now_json), \
             phase = CASE WHEN ?8 THEN NULL ELSE coalesce(?7, phase) END, \
             step_fraction = CASE WHEN ?8 OR ?7 IS NOT NULL THEN NULL ELSE step_fraction END, \
             finished_ms = CASE WHEN ?8 THEN ?9 ELSE finished_ms END, updated_ms = ?9 WHERE id = ?1",
        )?
        .execute(params![
            id,
            change.state,
            json(&change.work),
            json(&change.result),
            json(&change.error),
            exists_now,
            change.phase,
            over,
            now
        ])?;
    if let Some(step) = &change.step {
        apply_step(transaction, id, step, now)?;
    }
    for event in &change.events {
        add_event(transaction, id, event)?;
    }
    Ok(())
}

fn apply_step(
    transaction: &Transaction<'_>,
    id: &str,
    step: &StepChange,
    now: i64,
) -> Result<(), StoreError> {
    let sql = match step.state {
        StepState::Running => {
            "state = ?3, attempts = attempts + 1, started_ms = ?4, finished_ms = NULL, error = ?5"
        }
        // What went wrong stays readable after the undo.
        StepState::Undoing => "state = ?3, finished_ms = NULL, error = coalesce(?5, error)",
        StepState::Undone | StepState::UndoFailed => {
            "state = ?3, finished_ms = ?4, error = coalesce(?5, error)"
        }
        StepState::Pending | StepState::Done | StepState::Failed => {
            "state = ?3, finished_ms = ?4, error = ?5"
        }
    };
    transaction
        .prepare_cached(&format!(
            "UPDATE job_steps SET {sql} WHERE job = ?1 AND ordinal = ?2"
        ))?
        .execute(params![id, step.ordinal as i64, step.state, now, step.error])?;
    if matches!(
        step.state,
        StepState::Done | StepState::Undone | StepState::UndoFailed | StepState::Failed
    ) {
        transaction
            .prepare_cached("UPDATE jobs SET deaths = 0 WHERE id = ?1")?
            .execute([id])?;
    }
    Ok(())
}

fn add_event(transaction: &Transaction<'_>, id: &str, event: &NewEvent) -> Result<(), StoreError> {
    let mut end = event.message.len().min(EVENT_BYTES);
    while !event.message.is_char_boundary(end) {
        end -= 1;
    }
    let seq: i64 = transaction
        .prepare_cached("SELECT coalesce(max(seq), 0) + 1 FROM job_events WHERE job = ?1")?
        .query_row([id], |row| row.get(0))?;
    transaction
        .prepare_cached(
            "INSERT INTO job_events (job, seq, at_ms, level, step, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id,
            seq,
            now_ms(),
            event.level,
            event.step,
            &event.message[..end]
        ])?;
    transaction
        .prepare_cached("DELETE FROM job_events WHERE job = ?1 AND seq <= ?2")?
        .execute(params![id, seq - EVENTS_KEPT])?;
    Ok(())
}
