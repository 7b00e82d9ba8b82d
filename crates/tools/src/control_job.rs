use howdah_core::{Command, Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use howdah_jobs::Engine;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job_view::{JobView, requested_by};

/// Cancels a job, which takes back what it did, or resumes one that failed, was cancelled or lost its worker.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ControlJob {
    /// The job's id, or the beginning of it.
    pub id: String,
    /// What is to be done with it.
    #[arg(value_enum)]
    pub action: JobAction,
}

/// What can be done with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobAction {
    /// Stop it and take back what it did.
    Cancel,
    /// Go on with it, or try it again.
    Resume,
}

/// The job, just after.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Controlled {
    /// The job.
    pub job: JobView,
    #[serde(skip)]
    done: &'static str,
}

howdah_core::tool!(ControlJob);

impl Tool for ControlJob {
    const NAME: &'static str = "control_job";
    const TITLE: &'static str = "Cancel or resume a job";
    const TOOLSET: Toolset = Toolset::Core;
    // Cancelling the creation of a cluster removes the cluster.
    const EFFECT: Effect = Effect::Destructive;
    const COMMAND: &'static [&'static str] = &["job", "control"];
    const EXAMPLES: &'static str = "
        howdah job control 4kd0j2yx cancel   stop it and take back what it did
        howdah job control 4kd0j2yx resume   go on with it, or try it again";
    type Out = Controlled;

    async fn run(self, cx: &Context) -> Result<Controlled> {
        let engine = cx.get::<Engine>()?;
        let by = requested_by(cx);
        let (job, done) = match self.action {
            JobAction::Cancel => (engine.cancel(&self.id, &by).await, "was asked to stop"),
            JobAction::Resume => (engine.resume(&self.id, &by).await, "goes on"),
        };
        let job = job.map_err(Error::from)?;
        Ok(Controlled {
            done: if job.state.is_active() {
                done
            } else {
                "is cancelled"
            },
            job: JobView::of(&engine, &job, 0).await?,
        })
    }
}

impl Output for Controlled {
    fn report(&self) -> Report {
        Report::new()
            .text(format!("Job {} ({}) {}.", self.job.id, self.job.about, self.done))
            .text(self.job.next.clone())
    }
}

/// Stop a job and take back what it did.
#[derive(Debug, Clone, clap::Args)]
pub struct CancelJob {
    /// The job's id, or the beginning of it.
    pub id: String,
}

howdah_core::command!(CancelJob);

impl Command for CancelJob {
    const COMMAND: &'static [&'static str] = &["job", "cancel"];
    const EXAMPLES: &'static str = "
        howdah job cancel 4kd0j2yx           stop it and take back what it did";
    type Tool = ControlJob;

    fn into_tool(self) -> Result<ControlJob> {
        Ok(ControlJob {
            id: self.id,
            action: JobAction::Cancel,
        })
    }
}

/// Go on with a job that lost its worker, or try one again that failed or was cancelled.
#[derive(Debug, Clone, clap::Args)]
pub struct ResumeJob {
    /// The job's id, or the beginning of it.
    pub id: String,
}

howdah_core::command!(ResumeJob);

impl Command for ResumeJob {
    const COMMAND: &'static [&'static str] = &["job", "resume"];
    const EXAMPLES: &'static str = "
        howdah job resume 4kd0j2yx           go on with it, or try it again";
    type Tool = ControlJob;

    fn into_tool(self) -> Result<ControlJob> {
        Ok(ControlJob {
            id: self.id,
            action: JobAction::Resume,
        })
    }
}
