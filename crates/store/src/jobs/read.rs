use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use serde_json::Value;

use super::{Event, JobFilter, JobRecord, JobState, StepRecord};
use crate::{Store, StoreError};

const COLUMNS: &str = "id, kind, subject, exclusive_key, input_json, created_by, state, cancel_requested, \
    work_json, result_json, error_json, exists_now_json, phase, step_fraction, deaths, created_ms, launched_ms, \
    started_ms, finished_ms, updated_ms";

/// So many of the latest runs of a step tell how long the next will take.
const REMEMBERED_RUNS: i64 = 10;

impl Store {
    /// The job of that id.
    pub async fn job(&self, id: &str) -> Result<Option<JobRecord>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| load(connection, &id)).await
    }

    /// Jobs, the latest first.
    pub async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRecord>, StoreError> {
        self.read(move |connection| list(connection, &filter)).await
    }

    /// The ids of all jobs, the latest first: at most 1,000.
    pub async fn job_ids(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id FROM jobs ORDER BY number DESC LIMIT 1000")?;
            Ok(statement
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The last `limit` lines of a job's diary after line `after`, in order.
    pub async fn job_events(&self, id: &str, after: i64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, at_ms, level, step, message FROM job_events \
                 WHERE job = ?1 AND seq > ?2 ORDER BY seq DESC LIMIT ?3",
            )?;
            let events = statement.query_map(params![id, after, limit as i64], |row| {
                Ok(Event {
                    seq: row.get(0)?,
                    at_ms: row.get(1)?,
                    level: row.get(2)?,
                    step: row.get(3)?,
                    message: row.get(4)?,
                })
            })?;
            let mut events: Vec<Event> = events.collect::<Result<_, _>>()?;
            events.reverse();
            Ok(events)
        })
        .await
    }

    /// How long each step of this kind took, in milliseconds, as the mean of its latest runs.
    pub async fn step_durations(&self, kind: &str) -> Result<HashMap<String, f64>, StoreError> {
        let kind = kind.to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT step.name, avg(step.finished_ms - step.started_ms) \
                 FROM (SELECT id FROM jobs WHERE kind = ?1 AND state = 'succeeded' ORDER BY number DESC LIMIT ?2) AS job \
                 JOIN job_steps AS step ON step.job = job.id \
                 WHERE step.state = 'done' AND step.finished_ms >= step.started_ms GROUP BY step.name",
            )?;
            let rows = statement.query_map(params![kind, REMEMBERED_RUNS], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

pub(super) fn load(connection: &Connection, id: &str) -> Result<Option<JobRecord>, StoreError> {
    let job = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1"))?
        .query_row([id], |row| Ok(job(row)))
        .optional()?;
    let Some(mut job) = job.transpose()? else {
        return Ok(None);
    };
    job.steps = connection
        .prepare_cached("SELECT * FROM job_steps WHERE job = ?1 ORDER BY ordinal")?
        .query_map([id], step)?
        .collect::<Result<_, _>>()?;
    Ok(Some(job))
}

fn list(connection: &Connection, filter: &JobFilter) -> Result<Vec<JobRecord>, StoreError> {
    // The states are ours, not a caller's text.
    let states: Vec<String> = filter
        .states
        .iter()
        .map(|state| format!("'{}'", state.name()))
        .collect();
    let states = if states.is_empty() {
        "true".to_owned()
    } else {
        format!("state IN ({})", states.join(", "))
    };
    let limit = if filter.limit == 0 {
        -1
    } else {
        filter.limit as i64
    };
    let mut jobs: Vec<JobRecord> = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM jobs WHERE {states} AND (?1 IS NULL OR kind = ?1) ORDER BY number DESC LIMIT ?2"
        ))?
        .query_map(params![filter.kind, limit], |row| Ok(job(row)))?
        .collect::<Result<Result<_, StoreError>, _>>()??;

    let mut places: HashMap<String, usize> = jobs
        .iter()
        .enumerate()
        .map(|(place, job)| (job.id.clone(), place))
        .collect();
    // SQLite takes 32,766 parameters at the most; these are far fewer.
    for some in jobs
        .iter()
        .map(|job| job.id.clone())
        .collect::<Vec<_>>()
        .chunks(500)
    {
        let marks = vec!["?"; some.len()].join(", ");
        let mut statement = connection.prepare(&format!(
            "SELECT *, job FROM job_steps WHERE job IN ({marks}) ORDER BY job, ordinal"
        ))?;
        let mut rows = statement.query(params_from_iter(some))?;
        while let Some(row) = rows.next()? {
            if let Some(place) = places.get_mut(row.get_ref("job")?.as_str().unwrap_or_default()) {
                jobs[*place].steps.push(step(row)?);
            }
        }
    }
    Ok(jobs)
}

fn job(row: &Row<'_>) -> Result<JobRecord, StoreError> {
    let json = |column: &str| -> Result<Option<Value>, StoreError> {
        let text: Option<String> = row.get(column)?;
        let value: Option<Value> = text.as_deref().map(serde_json::from_str).transpose()?;
        Ok(value.filter(|value| !value.is_null()))
    };
    Ok(JobRecord {
        id: row.get("id")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        exclusive_key: row.get("exclusive_key")?,
        input: json("input_json")?.unwrap_or_default(),
        created_by: row.get("created_by")?,
        state: row.get::<_, JobState>("state")?,
        cancel_requested: row.get("cancel_requested")?,
        work: json("work_json")?.unwrap_or_default(),
        result: json("result_json")?,
        error: json("error_json")?,
        exists_now: serde_json::from_str(&row.get::<_, String>("exists_now_json")?)?,
        phase: row.get("phase")?,
        step_fraction: row.get("step_fraction")?,
        deaths: row.get("deaths")?,
        created_ms: row.get("created_ms")?,
        launched_ms: row.get("launched_ms")?,
        started_ms: row.get("started_ms")?,
        finished_ms: row.get("finished_ms")?,
        updated_ms: row.get("updated_ms")?,
        steps: Vec::new(),
    })
}

fn step(row: &Row<'_>) -> rusqlite::Result<StepRecord> {
    Ok(StepRecord {
        ordinal: row.get::<_, u32>("ordinal")? as usize,
        name: row.get("name")?,
        title: row.get("title")?,
        weight: row.get("weight")?,
        state: row.get("state")?,
        attempts: row.get("attempts")?,
        started_ms: row.get("started_ms")?,
        finished_ms: row.get("finished_ms")?,
        error: row.get("error")?,
    })
}
