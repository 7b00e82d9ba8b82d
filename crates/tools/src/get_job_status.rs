use std::time::Duration;

use howdah_core::{Caller, Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use howdah_jobs::{Engine, exit_code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job_view::JobView;

/// The longest that a call waits: shorter than the patience of common clients.
const LONGEST_WAIT_S: u64 = 50;
/// The most lines of the diary that are shown.
const MOST_EVENTS: usize = 100;

/// How far a job has come; its result when it is done, and why and what is left when it failed.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct GetJobStatus {
    /// The job's id, or the beginning of it.
    pub id: String,
    /// Answer when the job is over, or after so many seconds (at most 50). Saves calls.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    #[serde(default)]
    pub wait_s: u64,
    /// Lines of its diary, the latest.
    #[arg(long, value_name = "LINES", default_value_t = 10)]
    #[serde(default = "some_events")]
    pub events: usize,
    /// Show its progress until it is over; the exit code tells whether it succeeded.
    #[arg(long, conflicts_with = "wait_s")]
    #[serde(default)]
    #[schemars(skip)]
    pub follow: bool,
}

/// How far the job has come.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobStatus {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    #[serde(skip)]
    exit_code: u8,
}

howdah_core::tool!(GetJobStatus);

impl Tool for GetJobStatus {
    const NAME: &'static str = "get_job_status";
    const TITLE: &'static str = "Show a job";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["job", "show"];
    const EXAMPLES: &'static str = "
        howdah job show 4kd0j2yx            its state, steps, diary and result
        howdah job show 4k --follow         its progress until it is over
        howdah job show 4k --json           the same for programs";
    type Out = JobStatus;

    async fn run(self, cx: &Context) -> Result<JobStatus> {
        let engine = cx.get::<Engine>()?;
        // An agent's call must end before its client loses patience.
        let follow = self.follow && cx.caller != Caller::Agent;
        let job = if follow {
            engine.follow(&self.id, cx.progress.as_ref(), &cx.cancel).await
        } else {
            let wait = Duration::from_secs(self.wait_s.min(LONGEST_WAIT_S));
            engine
                .wait(&self.id, wait, cx.progress.as_ref(), &cx.cancel)
                .await
        }
        .map_err(Error::from)?;
        Ok(JobStatus {
            exit_code: if follow { exit_code(job.state) } else { 0 },
            job: JobView::of(&engine, &job, self.events.min(MOST_EVENTS)).await?,
        })
    }
}

impl Output for JobStatus {
    fn report(&self) -> Report {
        self.job.report()
    }

    fn summary(&self) -> String {
        self.job.line()
    }

    fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

fn some_events() -> usize {
    10
}
