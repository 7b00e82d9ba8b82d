//! The tool `get_database_connection_info`.

use std::sync::Arc;

use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset};
use howdah_pg::{Target, Targets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::target_session;
use crate::target_state::TargetState;

/// Which databases there are, and how each one is: where it is, what may be done
/// on it, whether its server answers. Passwords are never part of it.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct GetDatabaseConnectionInfo {
    /// Only this target.
    #[arg(value_name = "TARGET")]
    #[serde(default)]
    pub target: Option<String>,
}

/// The targets and their state.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConnectionInfo {
    /// Sorted by name.
    pub targets: Vec<TargetState>,
    /// Those that are configured wrongly, and how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenTarget>,
    /// The clusters of this machine, where no target is known: each is one by its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
}

/// A target that cannot be used as it is configured.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BrokenTarget {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

howdah_core::tool!(GetDatabaseConnectionInfo);

impl Tool for GetDatabaseConnectionInfo {
    const NAME: &'static str = "get_database_connection_info";
    const TITLE: &'static str = "Show the databases";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["targets"];
    const EXAMPLES: &'static str = "
        howdah targets               every database that is configured, and whether it answers
        howdah targets shop --json   one of them, for a program";
    type Out = ConnectionInfo;

    async fn run(self, cx: &Context) -> Result<ConnectionInfo> {
        let targets = cx.get::<Targets>()?;
        let chosen: Vec<Arc<Target>> = match &self.target {
            Some(name) => vec![target_session::resolve(cx, Some(name), None).await?],
            None => targets.list(),
        };
        let broken = match &self.target {
            Some(_) => vec![],
            None => targets.broken(),
        };
        let default = targets.get(None).ok().map(|target| target.name.clone());
        let looks = chosen
            .iter()
            .map(|target| TargetState::of(target, Some(&target.name) == default.as_ref()));
        let clusters = match chosen.is_empty() && broken.is_empty() {
            true => target_session::clusters_here(cx).await,
            false => vec![],
        };
        Ok(ConnectionInfo {
            clusters,
            targets: futures::future::join_all(looks).await,
            broken: broken
                .into_iter()
                .map(|(name, error)| BrokenTarget {
                    name,
                    problem: error.to_text(),
                })
                .collect(),
        })
    }
}

impl Output for ConnectionInfo {
    fn report(&self) -> Report {
        if !self.clusters.is_empty() {
            return Report::new().text(format!(
                "No database is configured. The clusters of this machine are targets by their names: {}.",
                self.clusters.join(", ")
            ));
        }
        if self.targets.is_empty() && self.broken.is_empty() {
            return Report::new()
                .text("No database is configured.")
                .text("Give one with --url or DATABASE_URL, name it in howdah.toml, or create a cluster: howdah cluster create NAME");
        }
        let report = self.targets.iter().fold(Report::new(), |report, target| {
            let default = if target.default { " (default)" } else { "" };
            target.report(report.heading(format!("{}{default}", target.name)))
        });
        self.broken.iter().fold(report, |report, target| {
            report
                .heading(&target.name)
                .facts([("State", "configured wrongly"), ("Problem", &target.problem)])
        })
    }

    fn summary(&self) -> String {
        if !self.clusters.is_empty() {
            return format!(
                "No database is configured. connect_to_database takes the clusters of this machine: {}.",
                self.clusters.join(", ")
            );
        }
        if self.targets.is_empty() && self.broken.is_empty() {
            return "No database is configured: ask the person for a target in howdah.toml, or create a cluster.".to_owned();
        }
        let broken = |target: &BrokenTarget| format!("{}: {}", target.name, target.problem);
        let lines: Vec<String> = self
            .targets
            .iter()
            .map(TargetState::line)
            .chain(self.broken.iter().map(broken))
            .collect();
        lines.join("\n")
    }
}
