//! The commands that carry out a schema change in the foreground: what is durable is the journal in
//! the target, so that the command can be given again after anything.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use howdah_aurora::{Action, Clusters, Operation, SnapshotName};
use howdah_change::journal::{self, Wanted};
use howdah_change::{Accepts, ChangeError, Contract, Ended, Options, Phase, Plan};
use howdah_core::{
    Answer, Caller, Command, Confirmation, Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset,
};
use howdah_jobs::{Engine, exit_code};
use howdah_pg::{Origin, Target};
use howdah_store::Store;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::changes;
use crate::clusters;
use crate::migrations::{self, Migration};
use crate::target_session;

/// Carries out a schema change beside the clients, and waits until it is done. Given again after a crash,
/// of this program or of the server, it goes on where it stopped; given again afterwards, it says that it is done.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct RunChange {
    /// The script: one statement or several.
    #[arg(long, value_name = "SQL", allow_hyphen_values = true)]
    #[serde(default)]
    pub sql: Option<String>,
    /// The script as a file, of which the part is run that its migration tool would run; a directory
    /// stands for the first file that its tool has not run yet; else standard input
    #[arg(value_name = "FILE", conflicts_with = "sql", value_hint = clap::ValueHint::FilePath)]
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Note in the migration tool's own history table that it ran, as the file is known there, or as TOOL:KEY says
    #[arg(long, value_name = "TOOL:KEY", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[serde(default)]
    pub record: Option<String>,
    /// Keep what a rollback needs; `howdah change contract` removes it later
    #[arg(long)]
    #[serde(default)]
    pub keep_old: bool,
    /// Only show the plan
    #[arg(long)]
    #[serde(default)]
    pub dry_run: bool,
    /// Write the statements that take it back by hand to this file before it begins
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[serde(default)]
    pub rollback_script: Option<PathBuf>,
    /// Take a snapshot of that name first: of a cluster that Howdah made
    #[arg(long, value_name = "NAME")]
    #[serde(default)]
    pub snapshot: Option<String>,
    /// Fill rows only at these hours of the server's time zone
    #[arg(long, value_name = "01:00-05:00")]
    #[serde(default)]
    pub window: Option<String>,
    /// Agree that TRUNCATE removes rows for good
    #[arg(long)]
    #[serde(default)]
    pub accept_data_loss: bool,
    /// Seconds that each lock is tried for
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    #[serde(default = "lock_patience")]
    pub lock_patience: u64,
    /// What to do with a change of the journal; without it a script is carried out.
    #[arg(skip)]
    #[serde(default)]
    pub action: Option<ChangeAction>,
    /// The change of the journal.
    #[arg(skip)]
    #[serde(default)]
    pub id: Option<String>,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default)]
    pub target: Option<String>,
}

fn lock_patience() -> u64 {
    600
}

/// What can be done with a change of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// Go on with it.
    Resume,
    /// Take it back.
    Rollback,
    /// Remove what only a rollback would need.
    Contract,
    /// Let it wait.
    Pause,
    /// Stop it and take it back.
    Cancel,
}

/// What became of a change.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeRun {
    /// Its id.
    pub id: String,
    /// `done`, `was_done`, `expanded`, `paused`, `rolled_back`, `asked`, or `planned` for a dry run.
    pub state: String,
    /// The plan that was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// What a dry run found that is better settled first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beforehand: Vec<String>,
    /// What the change led to: what is not valid, and how the plans of the top statements changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub afterwards: Vec<String>,
}

howdah_core::tool!(RunChange);

impl Tool for RunChange {
    const NAME: &'static str = "run_change";
    const TITLE: &'static str = "Carry out a schema change";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::Destructive;
    const COMMAND: &'static [&'static str] = &["change", "run"];
    const EXAMPLES: &'static str = "
        howdah change run --sql 'CREATE INDEX ON orders (customer_id)' --yes      carry it out and wait
        howdah change run migration.sql --yes --keep-old                          leave a way back
        howdah change run migration.sql --yes --window 01:00-05:00                fill rows at night
        howdah change run migration.sql --yes --rollback-script back.sql          with the way back on paper
        howdah change run migration.sql --target shop --snapshot monday --yes     a copy of the cluster first
        howdah change run db/migrations --record --yes                            the next file, noted where its tool looks
        howdah change run --sql '…' --record=django:shop.0002_total --yes         noted under that name";
    // Agents start a job, which is bound by the target's mode.
    const PERSON_ONLY: bool = true;
    type Out = ChangeRun;

    async fn run(self, cx: &Context) -> Result<ChangeRun> {
        if let (Some(action), Some(id)) = (self.action, self.id.clone()) {
            return self.control(cx, action, &id).await;
        }
        let script = self.script(cx).await?;
        if self.dry_run {
            let mut session = target_session::open(cx, self.target.as_deref(), None).await?;
            let plan = Box::pin(howdah_change::plan_accepting(&mut session, &script, self.accepts())).await?;
            let found = howdah_change::preflight(&mut session, &plan).await?;
            let beforehand = found.stops.into_iter().chain(found.warnings).collect();
            let state = "planned".to_owned();
            return Ok(ChangeRun { id: plan.id.clone(), state, plan: Some(plan), beforehand, afterwards: Vec::new() });
        }
        if cx.caller != (Caller::Person { consents: true }) {
            let mut session = target_session::open(cx, self.target.as_deref(), None).await?;
            let plan = Box::pin(howdah_change::plan_accepting(&mut session, &script, self.accepts())).await?;
            ask(cx, &plan).await?;
        }
        let target = target_session::resolve(cx, self.target.as_deref(), None).await?;
        let mut options = self.options(self.contract())?;
        if self.rollback_script.is_some() || self.snapshot.is_some() {
            self.make_ways_back(cx, &target, &script).await?;
        }
        options.before = changes::before(cx, Self::NAME, &target, &script).await;
        let executor = changes::executor(cx, Arc::clone(&target), options, Self::NAME)?;
        let ended = Box::pin(executor.run(&script)).await;
        Self::ended(cx, &target, ended).await
    }
}

impl RunChange {
    /// The script, with what a migration tool is to know of it.
    async fn script(&self, cx: &Context) -> Result<String> {
        let record = self.record.as_deref();
        if let Some(path) = self.file.as_deref().filter(|path| self.sql.is_none() && path.as_os_str() != "-") {
            let mut session = target_session::open(cx, self.target.as_deref(), None).await?;
            if path.is_dir() {
                let (path, script) = migrations::next(&mut session, path, record).await?;
                tracing::info!("The next migration is {}", path.display());
                return Ok(script);
            }
            return Migration::read(path)?.script(&mut session, record).await;
        }
        let script = changes::script(cx, self.sql.as_deref(), self.file.clone()).await?;
        match record {
            None => Ok(script),
            Some(as_what) => {
                let mut session = target_session::open(cx, self.target.as_deref(), None).await?;
                migrations::recorded(&mut session, &script, as_what).await
            }
        }
    }

    /// What is wanted before the first step, and there only: a change that is under way has left it behind.
    async fn make_ways_back(&self, cx: &Context, target: &Arc<Target>, script: &str) -> Result<()> {
        let mut session = target.session().await?;
        let begun = changes::under_way(&mut session, script).await?;
        if let Some(file) = &self.rollback_script {
            let plan = match &begun {
                Some(entry) => entry.plan.clone(),
                None => Box::pin(howdah_change::plan_accepting(&mut session, script, self.accepts())).await?,
            };
            write_rollback(file, &plan)?;
        }
        match &self.snapshot {
            Some(name) if begun.is_none() => snapshot(cx, target, name).await,
            _ => Ok(()),
        }
    }

    fn accepts(&self) -> Accepts {
        Accepts { loss: self.accept_data_loss }
    }

    /// What a run removes: old names only when a person says so by `contract`.
    fn contract(&self) -> Contract {
        match (self.action, self.keep_old) {
            (Some(ChangeAction::Contract), _) => Contract::OldNames,
            (_, true) => Contract::Nothing,
            (_, false) => Contract::WayBack,
        }
    }

    fn options(&self, contract: Contract) -> Result<Options> {
        Ok(Options {
            contract,
            lock_patience: Duration::from_secs(self.lock_patience),
            window: self.window.as_deref().map(changes::window).transpose()?,
            accepts: self.accepts(),
            ..Options::default()
        })
    }

    async fn control(&self, cx: &Context, action: ChangeAction, id: &str) -> Result<ChangeRun> {
        let mut session = target_session::open(cx, self.target.as_deref(), None).await?;
        let entry = journal::find(&mut session, id)
            .await?
            .ok_or_else(|| howdah_change::ChangeError::Unknown(id.to_owned()))?;
        let wanted = match action {
            ChangeAction::Pause => Some(Wanted::Pause),
            ChangeAction::Cancel if entry.at_work => Some(Wanted::Cancel),
            _ => None,
        };
        if cx.caller != (Caller::Person { consents: true }) && action != ChangeAction::Pause {
            ask(cx, &entry.plan).await?;
        }
        if let Some(wanted) = wanted {
            journal::want(&mut session, id, wanted).await?;
            return Ok(ChangeRun {
                id: id.to_owned(),
                state: "asked".to_owned(),
                plan: None,
                beforehand: Vec::new(),
                afterwards: Vec::new(),
            });
        }
        drop(session);
        let target = target_session::resolve(cx, self.target.as_deref(), None).await?;
        let executor = changes::executor(cx, Arc::clone(&target), self.options(self.contract())?, Self::NAME)?;
        let ended = match action {
            ChangeAction::Rollback | ChangeAction::Cancel => Box::pin(executor.rollback(id)).await,
            _ => Box::pin(executor.resume(id)).await,
        };
        Self::ended(cx, &target, ended).await
    }

    /// What became of it, with what it led to.
    async fn ended(cx: &Context, target: &Arc<Target>, ended: std::result::Result<(Plan, Ended), ChangeError>) -> Result<ChangeRun> {
        let afterwards = match &ended {
            Ok((plan, Ended::Done | Ended::Expanded)) => changes::afterwards(cx, Self::NAME, target, plan).await,
            _ => Vec::new(),
        };
        cx.get::<Store>()?.flush_audit().await;
        let (plan, ended) = ended?;
        Ok(ChangeRun { afterwards, ..ChangeRun::of(plan, ended) })
    }

    fn over(action: ChangeAction, id: String, keep_old: bool) -> Self {
        Self {
            sql: None,
            file: None,
            keep_old,
            dry_run: false,
            rollback_script: None,
            snapshot: None,
            window: None,
            accept_data_loss: false,
            lock_patience: lock_patience(),
            record: None,
            action: Some(action),
            id: Some(id),
            target: None,
        }
    }
}

/// Writes the way back, as it is for people who take it by hand.
fn write_rollback(file: &Path, plan: &Plan) -> Result<()> {
    std::fs::write(file, plan.rollback_sql())
        .map_err(|error| Error::new(ErrorKind::Local, format!("{} cannot be written: {error}", file.display())))
}

/// Takes a snapshot of the target's cluster as a job, and waits for it.
async fn snapshot(cx: &Context, target: &Target, name: &str) -> Result<()> {
    if target.origin != Origin::Cluster {
        return Err(Error::invalid(format!("{} is no cluster that Howdah made, so that it cannot take a snapshot of it", target.name))
            .hint("Take one where the server is run (on RDS: aws rds create-db-cluster-snapshot), and leave --snapshot out."));
    }
    let cluster = target.name.split('/').next().unwrap_or(&target.name);
    let snapshot = name.parse::<SnapshotName>().map_err(Error::from)?;
    let (plane, cluster) = cx.get::<Clusters>()?.find(cluster).await?;
    let operation = Operation { provider: plane.name().to_owned(), cluster, action: Action::Snapshot { snapshot } };
    let job = clusters::start(cx, operation).await?.job_id;
    let ended = cx.get::<Engine>()?.follow(&job, &*cx.progress, &cx.cancel).await?;
    match exit_code(ended.state) {
        0 => Ok(()),
        _ => Err(Error::new(ErrorKind::Local, format!("The snapshot {name} was not taken, and nothing was changed"))
            .hint(format!("See why: howdah job show {job}"))),
    }
}

/// A person agrees to the plan: by `--yes`, else by an answer to it.
async fn ask(cx: &Context, plan: &Plan) -> Result<()> {
    if !plan.refusals.is_empty() {
        let reasons: Vec<String> = plan.refusals.iter().map(|refusal| refusal.text()).collect();
        return Err(Error::refused(reasons.join("\n")));
    }
    let question = Confirmation {
        binding: plan.id.clone(),
        message: format!("{}\n\nCarry it out?", plan.report().to_text(Some(100))),
    };
    match cx.human.confirm(question).await? {
        Answer::Approved => Ok(()),
        Answer::Declined => Err(Error::refused("Nothing was changed.")),
        Answer::Unavailable | Answer::AskAndReturn => {
            Err(Error::refused("This changes the schema, and there is no terminal to ask you.").hint("Add --yes to consent."))
        }
    }
}

impl ChangeRun {
    fn has_old_names(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.steps.iter().any(|step| step.phase == Phase::Retire))
    }

    pub(crate) fn of(plan: Plan, ended: Ended) -> Self {
        let state = match ended {
            Ended::Done => "done",
            Ended::WasDone => "was_done",
            Ended::Expanded => "expanded",
            Ended::Paused => "paused",
            Ended::RolledBack => "rolled_back",
        };
        Self {
            id: plan.id.clone(),
            state: state.to_owned(),
            plan: Some(plan),
            beforehand: Vec::new(),
            afterwards: Vec::new(),
        }
    }
}

impl Output for ChangeRun {
    fn report(&self) -> Report {
        let id = &self.id;
        let text = match self.state.as_str() {
            "planned" => {
                let report = self.plan.as_ref().map_or_else(Report::new, Plan::report);
                return self.beforehand.iter().fold(report, |report, warning| report.text(format!("First: {warning}")));
            }
            "done" => format!("The change {id} is done and verified."),
            "was_done" => format!("The change {id} was already done."),
            "expanded" => format!(
                "The change {id} is done and verified; {}. Go back with `howdah change rollback {id}`, or end it with `howdah change contract {id}`.",
                if self.has_old_names() { "old names work beside the new ones until no client needs them" } else { "what a rollback needs is kept" }
            ),
            "paused" => format!("The change {id} waits. It goes on with `howdah change resume {id}`."),
            "rolled_back" => format!("The change {id} was taken back."),
            _ => format!("Whoever carries out the change {id} sees it within a second."),
        };
        let mut report = Report::new().text(text);
        if let Some(plan) = &self.plan
            && matches!(self.state.as_str(), "done" | "expanded")
        {
            for note in &plan.notes {
                report = report.text(format!("Note: {note}"));
            }
        }
        self.afterwards.iter().fold(report, |report, told| report.text(told.as_str()))
    }

    fn exit_code(&self) -> u8 {
        match self.state.as_str() {
            "planned" => u8::from(self.plan.as_ref().is_some_and(|plan| !plan.refusals.is_empty())),
            "paused" => 1,
            _ => 0,
        }
    }
}

/// Go on with a change that was interrupted, failed or was paused.
#[derive(Debug, Clone, clap::Args)]
pub struct ResumeChange {
    /// The change; `howdah change status` lists them.
    pub id: String,
    /// Keep what a rollback needs
    #[arg(long)]
    pub keep_old: bool,
}

/// Take a change back, keeping everything that clients wrote.
#[derive(Debug, Clone, clap::Args)]
pub struct RollbackChange {
    /// The change; `howdah change status` lists them.
    pub id: String,
}

/// Remove what only a rollback would need.
#[derive(Debug, Clone, clap::Args)]
pub struct ContractChange {
    /// The change; `howdah change status` lists them.
    pub id: String,
}

/// Let a change that is under way wait.
#[derive(Debug, Clone, clap::Args)]
pub struct PauseChange {
    /// The change; `howdah change status` lists them.
    pub id: String,
}

/// Stop a change that is under way and take it back.
#[derive(Debug, Clone, clap::Args)]
pub struct CancelChange {
    /// The change; `howdah change status` lists them.
    pub id: String,
}

macro_rules! commands {
    ($($command:ident $word:literal $action:ident $example:literal |$self_:ident| $keep:expr;)*) => {$(
        howdah_core::command!($command);

        impl Command for $command {
            const COMMAND: &'static [&'static str] = &["change", $word];
            const EXAMPLES: &'static str = $example;
            type Tool = RunChange;

            fn into_tool(self) -> Result<RunChange> {
                let $self_ = self;
                let keep = $keep;
                Ok(RunChange::over(ChangeAction::$action, $self_.id, keep))
            }
        }
    )*};
}

commands! {
    ResumeChange "resume" Resume "
        howdah change resume 4f0c2a9b1d3e5f60 --yes      go on where it stopped" |it| it.keep_old;
    RollbackChange "rollback" Rollback "
        howdah change rollback 4f0c2a9b1d3e5f60 --yes    the schema as it was, with every write" |it| false;
    ContractChange "contract" Contract "
        howdah change contract 4f0c2a9b1d3e5f60 --yes    after this there is no way back" |it| false;
    PauseChange "pause" Pause "
        howdah change pause 4f0c2a9b1d3e5f60             it stops after the batch at hand" |it| false;
    CancelChange "cancel" Cancel "
        howdah change cancel 4f0c2a9b1d3e5f60 --yes      stop it and take it back" |it| false;
}
