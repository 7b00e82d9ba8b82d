//! How a job is shown: one form for every tool that has to do with jobs.

use howdah_core::{Caller, Context, Error, Report, Result};
use howdah_jobs::{Engine, Event, JobRecord, JobState, StepState};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A job: how far it has come, what it did, what it gave or why it failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobView {
    /// Its id.
    pub id: String,
    /// What sort of job: `create_cluster`.
    pub kind: String,
    /// What it is about: `cluster shop`.
    pub about: String,
    /// `queued`, `running`, `undoing`, `succeeded`, `failed` or `cancelled`.
    pub state: String,
    /// What is being done now.
    pub phase: String,
    /// How much is done, 0 to 1, while it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
    /// Estimated seconds that remain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_s: Option<f64>,
    /// When it was asked for, UTC.
    pub created_at: String,
    /// Who asked for it.
    pub created_by: String,
    /// The process that has it in hand, while one has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Seconds from its start until now or its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// What it does, in order.
    pub steps: Vec<StepView>,
    /// The latest lines of its diary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// What it gave, once it has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it failed: message, hint, detail, step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// What it left behind when it failed or was cancelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exists_now: Vec<String>,
    /// What to do next.
    pub next: String,
}

/// A step of a job.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StepView {
    /// What it does.
    pub title: String,
    /// `pending`, `running`, `done`, `failed`, `undoing`, `undone` or `undo_failed`.
    pub state: String,
    /// How long it took, or has taken so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How often it was begun, where more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// What its last attempt said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl JobView {
    /// The job with the last `events` lines of its diary.
    pub async fn of(engine: &Engine, job: &JobRecord, events: usize) -> Result<Self> {
        let progress = engine.progress(job).await.map_err(Error::from)?;
        let events = match events {
            0 => Vec::new(),
            limit => engine.events(&job.id, limit).await.map_err(Error::from)?,
        };
        let worker = match job.state.is_active() {
            true => engine.worker(&job.id).await.map_err(Error::from)?,
            false => None,
        };
        Ok(Self {
            id: job.id.clone(),
            kind: job.kind.clone(),
            about: job.subject.clone(),
            state: job.state.name().to_owned(),
            phase: progress.phase,
            fraction: progress
                .fraction
                .map(|fraction| (fraction * 1000.0).round() / 1000.0),
            eta_s: progress.eta_s.map(tenths),
            created_at: timestamp(job.created_ms),
            created_by: job.created_by.clone(),
            worker: worker.map(|lease| {
                let seen = seconds(lease.renewed_ms, None);
                let ago = human_duration(seen);
                format!(
                    "process {} on {}, last heard of {ago} ago",
                    lease.owner.pid, lease.owner.host
                )
            }),
            duration_s: job.started_ms.map(|from| seconds(from, job.finished_ms)),
            steps: job.steps.iter().map(|step| step_view(job, step)).collect(),
            events: events.iter().map(event_line).collect(),
            result: job.result.clone(),
            error: job.error.as_ref().map(shown_error),
            exists_now: job.exists_now.clone(),
            next: next(job),
        })
    }

    /// The job in one or two lines, for a model that has the rest as structure.
    pub fn line(&self) -> String {
        let mut line = format!("Job {} ({}) is {}", self.id, self.about, self.state);
        match self.state.as_str() {
            "running" | "undoing" => {
                line.push_str(&format!(": {}", self.phase));
                if let Some(fraction) = self.fraction {
                    line.push_str(&format!(", {:.0} %", fraction * 100.0));
                }
                if let Some(eta) = self.eta_s {
                    line.push_str(&format!(", about {} left", human_duration(eta)));
                }
            }
            "failed" => {
                if let Some(message) = self.error.as_ref().and_then(|error| error["message"].as_str()) {
                    line.push_str(&format!(": {message}"));
                }
            }
            _ => {}
        }
        if !line.ends_with('.') {
            line.push('.');
        }
        format!("{line} {}", self.next)
    }

    /// The job as a person reads it.
    pub fn report(&self) -> Report {
        let mut facts = vec![
            ("Job", self.id.clone()),
            ("About", format!("{} ({})", self.about, self.kind)),
            ("State", self.state.clone()),
            ("Asked for", format!("{} by {}", self.created_at, self.created_by)),
        ];
        if matches!(self.state.as_str(), "running" | "undoing" | "queued") {
            let done = self
                .fraction
                .map_or(String::new(), |fraction| format!(", {:.0} %", fraction * 100.0));
            facts.push(("Doing", format!("{}{done}", self.phase)));
        }
        if let Some(worker) = &self.worker {
            facts.push(("Worker", worker.clone()));
        }
        if let Some(eta) = self.eta_s {
            facts.push(("Remaining", format!("about {}", human_duration(eta))));
        }
        if let Some(duration) = self.duration_s {
            let label = if self.worker.is_some() {
                "Running for"
            } else {
                "Took"
            };
            facts.push((label, human_duration(duration)));
        }
        let mut report = Report::new().facts(facts);
        if let Some(error) = &self.error {
            report = report.heading("Why it failed").text(error_text(error));
        }
        if !self.exists_now.is_empty() {
            report = report.heading("What exists now").text(self.exists_now.join("\n"));
        }
        let steps = self.steps.iter().map(StepView::row).collect();
        report = report.table(&["Step", "State", "Time", "Note"], steps);
        if !self.events.is_empty() {
            report = report.heading("Diary").code(self.events.join("\n"));
        }
        if let Some(Value::Object(result)) = &self.result {
            let facts = result
                .iter()
                .map(|(name, value)| (name.replace('_', " "), plain(value)));
            report = report.heading("Result").facts(facts.collect::<Vec<_>>());
        }
        report.text(self.next.clone())
    }
}

impl StepView {
    fn row(&self) -> Vec<String> {
        let attempts = self.attempts.map(|attempts| format!("attempt {attempts}"));
        let note: Vec<String> = [attempts, self.error.clone()].into_iter().flatten().collect();
        vec![
            self.title.clone(),
            self.state.replace('_', " "),
            self.seconds.map_or(String::new(), human_duration),
            note.join(": "),
        ]
    }
}

/// Who asked, as the store and the diary name it.
pub fn requested_by(cx: &Context) -> String {
    match cx.caller {
        Caller::Agent => "an agent".to_owned(),
        Caller::Dashboard => "a person in the dashboard".to_owned(),
        Caller::Person { .. } => match std::env::var("USER") {
            Ok(user) if !user.is_empty() => user,
            _ => "a person at the command line".to_owned(),
        },
    }
}

/// A time as RFC 3339 in UTC, to the second.
pub fn timestamp(ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000))
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// `850 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`.
pub fn human_duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 0.9995 => format!("{:.0} ms", seconds * 1000.0),
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

fn step_view(job: &JobRecord, step: &howdah_jobs::StepRecord) -> StepView {
    let timed = !matches!(step.state, StepState::Pending);
    let until = step.finished_ms.or(job.finished_ms);
    StepView {
        title: step.title.clone(),
        state: step.state.name().to_owned(),
        seconds: step.started_ms.filter(|_| timed).map(|from| seconds(from, until)),
        attempts: (step.attempts > 1).then_some(step.attempts),
        error: step.error.clone(),
    }
}

fn event_line(event: &Event) -> String {
    let level = match event.level {
        howdah_jobs::EventLevel::Info => "",
        howdah_jobs::EventLevel::Warning => "warning: ",
        howdah_jobs::EventLevel::Error => "error: ",
    };
    let step = event
        .step
        .as_ref()
        .map_or(String::new(), |step| format!("[{step}] "));
    format!(
        "{} {step}{level}{}",
        timestamp(event.at_ms),
        event.message.replace('\n', " ")
    )
}

fn next(job: &JobRecord) -> String {
    let id = &job.id;
    let undo_failed = job.steps.iter().any(|step| step.state == StepState::UndoFailed);
    let undone = job.steps.iter().any(|step| step.state == StepState::Undone);
    match job.state {
        JobState::Queued | JobState::Running if job.cancel_requested => {
            "It is being cancelled: the current step stops at its next safe point.".to_owned()
        }
        JobState::Queued | JobState::Running => {
            format!("Wait with get_job_status (id {id}, wait_s 50) or `howdah job show {id} --follow`.")
        }
        JobState::Undoing => format!(
            "What it did is being taken back; wait with get_job_status (id {id}, wait_s 50) or `howdah job show {id} --follow`."
        ),
        JobState::Succeeded => "Nothing is left to do; the result has what the next call needs.".to_owned(),
        JobState::Failed | JobState::Cancelled if undo_failed => format!(
            "Not all of it could be taken back. Remove the cause, then `howdah job resume {id}` (control_job) goes on taking it back."
        ),
        JobState::Failed if undone || job.exists_now.is_empty() => format!(
            "Nothing of it is left behind. When the cause is removed, `howdah job resume {id}` (control_job) tries it again."
        ),
        JobState::Failed => format!(
            "When the cause is removed, `howdah job resume {id}` (control_job) goes on where it stopped."
        ),
        JobState::Cancelled => format!("`howdah job resume {id}` (control_job) would start it again."),
    }
}

/// What a reader needs of a stored error, without the fields that are for programs.
fn shown_error(error: &Value) -> Value {
    let mut shown = error.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("while_undoing");
        fields.retain(|_, value| !value.is_null());
    }
    shown
}

fn error_text(error: &Value) -> String {
    let mut lines = vec![error["message"].as_str().unwrap_or_default().to_owned()];
    for (label, field) in [("In step", "step"), ("Detail", "detail"), ("Next", "hint")] {
        if let Some(text) = error[field].as_str() {
            lines.push(format!("{label}: {text}"));
        }
    }
    lines.join("\n")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(several) => several.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn seconds(from_ms: i64, to_ms: Option<i64>) -> f64 {
    let to = to_ms.unwrap_or_else(|| (OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000) as i64);
    tenths((to - from_ms).max(0) as f64 / 1000.0)
}

fn tenths(seconds: f64) -> f64 {
    if seconds < 1.0 {
        (seconds * 1000.0).round() / 1000.0
    } else {
        (seconds * 10.0).round() / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(human_duration(0.85), "850 ms");
        assert_eq!(human_duration(12.34), "12.3 s");
        assert_eq!(human_duration(245.0), "4 min 5 s");
        assert_eq!(human_duration(7_380.0), "2 h 3 min");
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(1_700_000_000_999), "2023-11-14T22:13:20Z");
    }
}
