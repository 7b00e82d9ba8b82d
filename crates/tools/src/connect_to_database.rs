//! The tool `connect_to_database`.

use howdah_core::{Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset};
use howdah_pg::Targets;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::target_session;
use crate::target_state::{ServerCondition, TargetState};

/// Makes a database the one that the other tools use, after trying it. Takes the
/// name of a configured target or of a cluster that Howdah created; never a URL or password.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ConnectToDatabase {
    /// The target or cluster; the default one if left out.
    #[arg(value_name = "TARGET")]
    #[serde(default)]
    pub target: Option<String>,
    /// Another database on the same server.
    #[arg(long)]
    #[serde(default)]
    pub database: Option<String>,
}

/// The database that is used from now on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Connected {
    /// What it is and how it is.
    pub target: TargetState,
}

howdah_core::tool!(ConnectToDatabase);

impl Tool for ConnectToDatabase {
    const NAME: &'static str = "connect_to_database";
    const TITLE: &'static str = "Connect to a database";
    const TOOLSET: Toolset = Toolset::Core;
    // Which database is meant by the next call is the session's own affair.
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["connect"];
    const EXAMPLES: &'static str = "
        howdah connect shop                       try a target of howdah.toml or a cluster
        howdah connect shop --database postgres   try another database of its server";
    type Out = Connected;

    async fn run(self, cx: &Context) -> Result<Connected> {
        let targets = cx.get::<Targets>()?;
        let target = target_session::resolve(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let mut state = TargetState::of(&target, true).await;
        if state.state != ServerCondition::Up {
            let problem = state.problem.take().unwrap_or_default();
            return Err(Error::new(
                ErrorKind::Unavailable,
                format!("Target {} is {}: {problem}", state.name, state.state.name()),
            ));
        }
        targets.set_default(&target);
        Ok(Connected { target: state })
    }
}

impl Output for Connected {
    fn report(&self) -> Report {
        self.target
            .report(Report::new().heading(format!("Connected to {}", self.target.name)))
    }

    fn summary(&self) -> String {
        format!("Connected. {}", self.target.line())
    }
}
