use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;

use crate::jobs::JobState;
use crate::owner::{Owner, Standing};
use crate::{Store, StoreError, now_ms};

/// How long a lease lasts without a heartbeat, where its owner cannot be seen.
pub const LEASE_MS: i64 = 30_000;

/// The right of one process to work on one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// The job.
    pub job: String,
    /// Grows with every worker that the job has; a write with an older one is refused.
    pub token: i64,
    /// The process.
    pub owner: Owner,
    /// When it was taken, in milliseconds since 1970.
    pub acquired_ms: i64,
    /// Last sign of life, in milliseconds since 1970.
    pub renewed_ms: i64,
    /// When it ends without another, in milliseconds since 1970.
    pub expires_ms: i64,
}

impl Lease {
    /// Whether the owner is still at work, as far as it can be known here. On
    /// the same machine the process itself is looked at and no clock counts;
    /// elsewhere the lease holds until it expires.
    pub fn holds(&self) -> bool {
        match self.owner.standing() {
            Standing::Alive => true,
            Standing::Dead | Standing::Rebooted => false,
            // A lease that ends later than any could is from before the clock was set back.
            Standing::Elsewhere => (0..=2 * LEASE_MS).contains(&(self.expires_ms - now_ms())),
        }
    }
}

/// What came of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    /// The caller now has it.
    Taken(Lease),
    /// Another process has it.
    Held(Lease),
    /// The job is over.
    Finished(JobState),
}

/// What a worker learns when it says that it is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// Somebody wants the job stopped and undone.
    pub cancel_requested: bool,
}

impl Store {
    /// Asks for the right to work on a job. Taking over from a worker that
    /// died within a step counts one death for that step.
    pub async fn acquire_lease(&self, job: &str) -> Result<Acquired, StoreError> {
        let job = job.to_owned();
        self.write(move |transaction| acquire(transaction, &job)).await
    }

    /// The lease of a job, whether or not it still holds.
    pub async fn lease(&self, job: &str) -> Result<Option<Lease>, StoreError> {
        let job = job.to_owned();
        self.read(move |connection| load(connection, &job)).await
    }

    /// Says that the owner is alive, with what it is doing now.
    /// Fails with [`StoreError::Fenced`] when the lease has gone to another.
    pub async fn renew_lease(
        &self,
        lease: &Lease,
        phase: Option<String>,
        step_fraction: Option<f64>,
    ) -> Result<Heartbeat, StoreError> {
        let lease = lease.clone();
        self.write(move |transaction| {
            check(transaction, &lease)?;
            let now = now_ms();
            transaction
                .prepare_cached("UPDATE leases SET renewed_ms = ?2, expires_ms = ?3 WHERE job = ?1")?
                .execute(params![lease.job, now, now + LEASE_MS])?;
            transaction
                .prepare_cached(
                    "UPDATE jobs SET phase = coalesce(?2, phase), step_fraction = ?3, updated_ms = ?4 WHERE id = ?1",
                )?
                .execute(params![lease.job, phase, step_fraction, now])?;
            heartbeat(transaction, &lease.job)
        })
        .await
    }

    /// What a worker must know between two heartbeats; writes nothing.
    pub async fn check_lease(&self, lease: &Lease) -> Result<Heartbeat, StoreError> {
        let lease = lease.clone();
        self.read(move |connection| {
            check(connection, &lease)?;
            heartbeat(connection, &lease.job)
        })
        .await
    }

    /// Gives the lease back, if it is still the caller's; the job stays as it
    /// is, for the next worker.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |transaction| release(transaction, &lease)).await
    }
}

fn heartbeat(connection: &Connection, job: &str) -> Result<Heartbeat, StoreError> {
    let cancel_requested = connection
        .prepare_cached("SELECT cancel_requested FROM jobs WHERE id = ?1")?
        .query_row([job], |row| row.get(0))?;
    Ok(Heartbeat { cancel_requested })
}

/// Refuses every write of a worker that was replaced.
pub(crate) fn check(connection: &Connection, lease: &Lease) -> Result<(), StoreError> {
    let current: Option<i64> = connection
        .prepare_cached("SELECT token FROM leases WHERE job = ?1")?
        .query_row([&lease.job], |row| row.get(0))
        .optional()?;
    if current == Some(lease.token) {
        Ok(())
    } else {
        Err(StoreError::Fenced {
            job: lease.job.clone(),
        })
    }
}

pub(crate) fn release(transaction: &Transaction<'_>, lease: &Lease) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM leases WHERE job = ?1 AND token = ?2")?
        .execute(params![lease.job, lease.token])?;
    Ok(())
}

pub(crate) fn load(connection: &Connection, job: &str) -> Result<Option<Lease>, StoreError> {
    let row: Option<(i64, String, i64, i64, i64)> = connection
        .prepare_cached(
            "SELECT token, owner_json, acquired_ms, renewed_ms, expires_ms FROM leases WHERE job = ?1",
        )?
        .query_row([job], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let Some((token, owner, acquired_ms, renewed_ms, expires_ms)) = row else {
        return Ok(None);
    };
    Ok(Some(Lease {
        job: job.to_owned(),
        token,
        owner: serde_json::from_str(&owner)?,
        acquired_ms,
        renewed_ms,
        expires_ms,
    }))
}

fn acquire(transaction: &Transaction<'_>, job: &str) -> Result<Acquired, StoreError> {
    let found: Option<(String, i64)> = transaction
        .prepare_cached("SELECT state, token FROM jobs WHERE id = ?1")?
        .query_row([job], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (state, token) = found.ok_or_else(|| StoreError::NotFound {
        what: "job",
        id: job.to_owned(),
    })?;
    let state = JobState::parse(&state)?;
    if !state.is_active() {
        return Ok(Acquired::Finished(state));
    }
    if let Some(previous) = load(transaction, job)? {
        if previous.holds() {
            return Ok(Acquired::Held(previous));
        }
        // A machine that was restarted says nothing against the step.
        if previous.owner.standing() != Standing::Rebooted {
            transaction
                .prepare_cached(
                    "UPDATE jobs SET deaths = deaths + 1 WHERE id = ?1 AND EXISTS \
                     (SELECT 1 FROM job_steps WHERE job = ?1 AND state IN ('running', 'undoing'))",
                )?
                .execute([job])?;
        }
    }
    let now = now_ms();
    let lease = Lease {
        job: job.to_owned(),
        token: token + 1,
        owner: Owner::this_process().clone(),
        acquired_ms: now,
        renewed_ms: now,
        expires_ms: now + LEASE_MS,
    };
    transaction
        .prepare_cached("UPDATE jobs SET token = ?2, started_ms = coalesce(started_ms, ?3), updated_ms = ?3 WHERE id = ?1")?
        .execute(params![job, lease.token, now])?;
    transaction
        .prepare_cached(
            "INSERT INTO leases (job, token, owner_json, acquired_ms, renewed_ms, expires_ms) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5) ON CONFLICT (job) DO UPDATE SET token = excluded.token, \
             owner_json = excluded.owner_json, acquired_ms = excluded.acquired_ms, \
             renewed_ms = excluded.renewed_ms, expires_ms = excluded.expires_ms",
        )?
        .execute(params![
            job,
            lease.token,
            serde_json::to_string(&lease.owner)?,
            now,
            lease.expires_ms
        ])?;
    Ok(Acquired::Taken(lease))
}
