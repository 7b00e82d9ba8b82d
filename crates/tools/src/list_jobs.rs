use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use howdah_jobs::{Engine, JobFilter, JobState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job_view::{human_duration, timestamp};

/// The most jobs that are listed at once.
const MOST: usize = 500;

/// The jobs of this machine, the latest first.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ListJobs {
    /// Only jobs in this state.
    #[arg(long, value_enum)]
    #[serde(default)]
    pub state: Option<WantedState>,
    /// Only jobs of this kind, such as `create_cluster`.
    #[arg(long)]
    #[serde(default)]
    pub kind: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 20)]
    #[serde(default = "some_jobs")]
    pub limit: usize,
}

/// Which jobs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedState {
    /// Not over: queued, running or being undone.
    Active,
    /// Done.
    Succeeded,
    /// Not possible.
    Failed,
    /// Stopped by somebody.
    Cancelled,
}

/// Jobs, the latest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Jobs {
    /// The jobs.
    pub jobs: Vec<JobLine>,
    /// Whether there are more than were asked for.
    pub truncated: bool,
    #[serde(skip)]
    filtered: bool,
}

/// A job in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobLine {
    /// Its id.
    pub id: String,
    /// What sort of job.
    pub kind: String,
    /// What it is about.
    pub about: String,
    /// How far it has come.
    pub state: String,
    /// What is being done now, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How much is done, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
    /// When it was asked for, UTC.
    pub created_at: String,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
}

howdah_core::tool!(ListJobs);

impl Tool for ListJobs {
    const NAME: &'static str = "list_jobs";
    const TITLE: &'static str = "List jobs";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["job", "list"];
    const EXAMPLES: &'static str = "
        howdah job list                     the latest jobs
        howdah job list --state active      what is being done now
        howdah job list --state failed      what went wrong";
    type Out = Jobs;

    async fn run(self, cx: &Context) -> Result<Jobs> {
        let engine = cx.get::<Engine>()?;
        let limit = self.limit.clamp(1, MOST);
        let filter = JobFilter {
            states: self.state.map_or(Vec::new(), WantedState::states),
            kind: self.kind.clone(),
            limit: limit + 1,
        };
        let mut found = engine.jobs(filter).await.map_err(Error::from)?;
        let truncated = found.len() > limit;
        found.truncate(limit);
        let mut jobs = Vec::with_capacity(found.len());
        for job in &found {
            let progress = engine.progress(job).await.map_err(Error::from)?;
            let failure = job.error.as_ref().and_then(|error| error["message"].as_str());
            jobs.push(JobLine {
                id: job.id.clone(),
                kind: job.kind.clone(),
                about: job.subject.clone(),
                state: job.state.name().to_owned(),
                note: failure
                    .map(str::to_owned)
                    .or(job.state.is_active().then_some(progress.phase)),
                fraction: progress.fraction.filter(|_| job.state.is_active()),
                created_at: timestamp(job.created_ms),
                duration_s: job
                    .started_ms
                    .zip(job.finished_ms)
                    .map(|(from, to)| (to - from).max(0) as f64 / 1000.0),
            });
        }
        Ok(Jobs {
            jobs,
            truncated,
            filtered: self.state.is_some() || self.kind.is_some(),
        })
    }
}

impl WantedState {
    fn states(self) -> Vec<JobState> {
        match self {
            Self::Active => vec![JobState::Queued, JobState::Running, JobState::Undoing],
            Self::Succeeded => vec![JobState::Succeeded],
            Self::Failed => vec![JobState::Failed],
            Self::Cancelled => vec![JobState::Cancelled],
        }
    }
}

impl Output for Jobs {
    fn report(&self) -> Report {
        if self.jobs.is_empty() && self.filtered {
            return Report::new().text("No job is like that. `howdah job list` shows them all.");
        }
        if self.jobs.is_empty() {
            return Report::new().text("There are no jobs yet. `howdah cluster create NAME` starts one.");
        }
        let rows = self.jobs.iter().map(JobLine::row).collect();
        let report = Report::new().table(
            &["Job", "Kind", "About", "State", "Asked for", "Took", "Note"],
            rows,
        );
        if self.truncated {
            report.text("There are more: --limit shows them.")
        } else {
            report
        }
    }

    fn summary(&self) -> String {
        match self.jobs.len() {
            0 => self.report().to_text(None),
            1 => "1 job.".to_owned(),
            jobs if self.truncated => format!("The latest {jobs} jobs; there are more."),
            jobs => format!("{jobs} jobs, the latest first."),
        }
    }
}

impl JobLine {
    fn row(&self) -> Vec<String> {
        let state = match self.fraction {
            Some(fraction) => format!("{}, {:.0} %", self.state, fraction * 100.0),
            None => self.state.clone(),
        };
        vec![
            self.id.clone(),
            self.kind.clone(),
            self.about.clone(),
            state,
            self.created_at.clone(),
            self.duration_s.map_or(String::new(), human_duration),
            self.note.clone().unwrap_or_default(),
        ]
    }
}

fn some_jobs() -> usize {
    20
}
