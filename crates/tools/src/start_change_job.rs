//! The tool `start_change_job` and the kind of job that it starts.

use std::sync::Arc;

use howdah_change::{Contract, Ended, Options, Plan};
use howdah_core::{
    Answer, Caller, Confirmation, Context, Effect, Error, Output, Progress, ProgressSink, Report, Result, Tool, Toolset,
};
use howdah_jobs::{Engine, JobCx, JobKind, OnFailure, Step, async_trait, job_kind};
use howdah_pg::{Mode, Origin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use crate::changes;
use crate::job_view::requested_by;
use crate::run_change::ChangeRun;
use crate::target_session;

/// Carries out a schema change beside the clients as a job, and returns the job's id at once. Plan it first
/// with plan_change. Whether it may be started is for the target's mode, and where that is `confirm` for a person.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct StartChangeJob {
    /// The script: one statement or several.
    pub sql: String,
    /// Keep what a rollback needs, such as the old column.
    #[arg(long)]
    #[serde(default)]
    pub keep_old: bool,
    /// The target; the default one if not given. It has to be one that howdah.toml, DATABASE_URL or a cluster names.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// The job.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeJob {
    /// The job's id.
    pub job_id: String,
    /// The change's id, by which the target's journal knows it.
    pub change: String,
    /// What to do now.
    pub next: String,
}

howdah_core::tool!(StartChangeJob);

impl Tool for StartChangeJob {
    const NAME: &'static str = "start_change_job";
    const TITLE: &'static str = "Carry out a schema change";
    const TOOLSET: Toolset = Toolset::Build;
    const EFFECT: Effect = Effect::AsTargetAllows;
    const COMMAND: &'static [&'static str] = &["change", "start"];
    const EXAMPLES: &'static str = "
        howdah change start 'CREATE INDEX ON orders (customer_id)' --target shop --yes    in the background";
    type Out = ChangeJob;

    async fn run(self, cx: &Context) -> Result<ChangeJob> {
        let target = target_session::resolve(cx, self.target.as_deref(), None).await?;
        if target.origin == Origin::CommandLine {
            return Err(Error::invalid("A job needs a target that its worker finds again; a URL is not kept.")
                .hint("Name the target in howdah.toml, or carry the change out at the command line: howdah change run"));
        }
        let mut session = target.session().await?;
        let plan = Box::pin(howdah_change::plan(&mut session, &self.sql)).await?;
        drop(session);
        if !plan.refusals.is_empty() {
            let reasons: Vec<String> = plan.refusals.iter().map(|refusal| refusal.text()).collect();
            return Err(Error::refused(reasons.join("\n")));
        }
        consent(cx, target.mode, &target.name, &plan).await?;
        let input = ChangeInput { target: target.name.clone(), change: plan.id.clone(), sql: self.sql, keep_old: self.keep_old };
        let job = cx.get::<Engine>()?.start::<CarryOut>(&input, &requested_by(cx)).await?;
        Ok(ChangeJob {
            next: format!("Wait with get_job_status (id {0}, wait_s 50) or `howdah job show {0} --follow`.", job.id),
            job_id: job.id,
            change: plan.id,
        })
    }
}

async fn consent(cx: &Context, mode: Mode, target: &str, plan: &Plan) -> Result<()> {
    match (cx.caller, mode) {
        (Caller::Person { consents: true }, _) => return Ok(()),
        (Caller::Person { consents: false }, _) => {}
        (_, Mode::ReadWrite) => return Ok(()),
        (_, Mode::Confirm) => {}
        (_, Mode::ReadOnly) => {
            return Err(Error::refused(format!("Target \"{target}\" only reads."))
                .hint(format!("A person can run it with `howdah change run`, or set mode = \"confirm\" under [targets.{target}] in howdah.toml.")));
        }
    }
    let question = Confirmation {
        binding: format!("change {} on {target}", plan.id),
        message: format!("Change the schema of \"{target}\"?\n\n{}", plan.report().to_text(Some(100))),
    };
    match cx.human.confirm(question).await? {
        Answer::Approved => Ok(()),
        Answer::Declined => Err(Error::refused("The person said no. Nothing was changed.")),
        Answer::Unavailable => Err(Error::refused("Only a person may decide that, and this client cannot ask.")
            .hint("A person can run it with `howdah change run --yes`.")),
        Answer::AskAndReturn => Err(Error::refused("A person is being asked. Nothing was changed so far.")),
    }
}

impl Output for ChangeJob {
    fn report(&self) -> Report {
        Report::new().text(format!(
            "Job {0} (change {1}) was started. It goes on in the background: howdah job show {0} --follow",
            self.job_id, self.change
        ))
    }

    fn summary(&self) -> String {
        format!("Job {} (change {}) was started. {}", self.job_id, self.change, self.next)
    }

    fn job(&self) -> Option<&str> {
        Some(&self.job_id)
    }
}

/// What the worker needs; the way to the target is in the configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeInput {
    target: String,
    change: String,
    sql: String,
    keep_old: bool,
}

/// What the job gives.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ChangeState {
    state: String,
    #[serde(default)]
    afterwards: Vec<String>,
}

/// Takes the executor's progress to where the job's is shown.
struct Relay(watch::Sender<Progress>);

impl ProgressSink for Relay {
    fn report(&self, progress: Progress) {
        self.0.send_replace(progress);
    }
}

struct CarryOut;

job_kind!(CarryOut);

#[async_trait]
impl JobKind for CarryOut {
    const NAME: &'static str = "change";
    const TITLE: &'static str = "Change a schema";
    // What is done is in the target's journal; `howdah change rollback` takes it back.
    const ON_FAILURE: OnFailure = OnFailure::Keep;
    type Input = ChangeInput;
    type State = ChangeState;

    fn subject(input: &ChangeInput) -> String {
        format!("change {} on {}", input.change, input.target)
    }

    fn exclusive_key(input: &ChangeInput) -> Option<String> {
        Some(format!("change:{}:{}", input.target, input.change))
    }

    fn steps(_: &ChangeInput) -> Vec<Step> {
        vec![Step::new("carry_out", "Carrying out the change")]
    }

    async fn run_step(&self, _: &str, input: &ChangeInput, job: &JobCx, state: &mut ChangeState) -> Result<()> {
        let (sender, mut news) = watch::channel(Progress { phase: String::new(), fraction: None, eta_s: None });
        let mut cx = job.services().clone();
        cx.cancel = job.cancel.clone();
        cx.progress = Arc::new(Relay(sender));
        let target = target_session::resolve(&cx, Some(&input.target), None).await?;
        let contract = if input.keep_old { Contract::Nothing } else { Contract::WayBack };
        let before = changes::before(&cx, StartChangeJob::NAME, &target, &input.sql).await;
        let options = Options { contract, before, ..Options::default() };
        let executor = changes::executor(&cx, Arc::clone(&target), options, StartChangeJob::NAME)?;
        let mut running = Box::pin(executor.run(&input.sql));
        let (plan, ended) = loop {
            tokio::select! {
                ended = &mut running => break ended?,
                Ok(()) = news.changed() => {
                    let progress = news.borrow_and_update().clone();
                    job.progress(progress.phase, progress.fraction);
                }
            }
        };
        if matches!(ended, Ended::Done | Ended::Expanded) {
            state.afterwards = changes::afterwards(&cx, StartChangeJob::NAME, &target, &plan).await;
        }
        state.state = ChangeRun::of(plan, ended).state;
        Ok(())
    }

    async fn what_exists(&self, input: &ChangeInput, _: &JobCx, _: &ChangeState) -> Vec<String> {
        vec![format!(
            "The change {0} stands where it stopped. Take it back with `howdah change rollback {0}`, or resume this job.",
            input.change
        )]
    }

    fn result(input: &ChangeInput, state: &ChangeState) -> Value {
        serde_json::json!({ "change": input.change, "target": input.target, "state": state.state, "afterwards": state.afterwards })
    }
}
