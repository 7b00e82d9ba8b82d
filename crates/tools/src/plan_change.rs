//! The tool `plan_change`.

use std::path::PathBuf;

use howdah_change::Plan;
use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset, counted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::changes;
use crate::target_session;

/// Plans a schema change: the steps in which a script is carried out beside the clients, with their
/// reasons, locks, costs and undo, or why it cannot be. Nothing is changed; start_change_job carries it out.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct PlanChange {
    /// The script: one statement or several.
    #[arg(long, value_name = "SQL", allow_hyphen_values = true)]
    #[serde(default)]
    pub sql: Option<String>,
    /// The script as a file; else standard input
    #[arg(value_name = "FILE", conflicts_with = "sql", value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub file: Option<PathBuf>,
    /// `text`, or for people who carry it out by hand `sql`, and `rollback` for the way back.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "sql", "rollback"])]
    #[serde(default)]
    #[schemars(skip)]
    pub format: String,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// A plan.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PlannedChange {
    /// The plan.
    pub plan: Plan,
    /// Whether it can be carried out.
    pub possible: bool,
    #[serde(skip)]
    #[schemars(skip)]
    format: String,
}

howdah_core::tool!(PlanChange);

impl Tool for PlanChange {
    const NAME: &'static str = "plan_change";
    const TITLE: &'static str = "Plan a schema change";
    const TOOLSET: Toolset = Toolset::Build;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["change", "plan"];
    const EXAMPLES: &'static str = "
        howdah change plan --sql 'ALTER TABLE orders ALTER id TYPE bigint'     the steps and why
        howdah change plan migration.sql --format sql                          to carry it out by hand
        howdah change plan migration.sql --format rollback                     and to take it back by hand";
    type Out = PlannedChange;

    async fn run(self, cx: &Context) -> Result<PlannedChange> {
        let script = changes::script(cx, self.sql.as_deref(), self.file).await?;
        let mut session = target_session::open(cx, self.target.as_deref(), None).await?;
        let plan = howdah_change::plan(&mut session, &script).await?;
        Ok(PlannedChange { possible: plan.refusals.is_empty(), plan, format: self.format })
    }
}

impl Output for PlannedChange {
    fn report(&self) -> Report {
        match self.format.as_str() {
            "sql" => Report::new().code(self.plan.sql()),
            "rollback" => Report::new().code(self.plan.rollback_sql()),
            _ => self.plan.report(),
        }
    }

    fn summary(&self) -> String {
        if self.possible {
            format!("{}, {}. Carry it out with start_change_job.", counted(self.plan.steps.len(), "step"), self.plan.estimate().words())
        } else {
            self.plan.refusals.iter().map(|refusal| refusal.text()).collect::<Vec<_>>().join(" ")
        }
    }

    fn exit_code(&self) -> u8 {
        u8::from(!self.possible)
    }
}
