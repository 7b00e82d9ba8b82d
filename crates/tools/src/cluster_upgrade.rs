//! The command of upgrades in place: the tool `start_cluster_job` with its action.

use howdah_core::{Command, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::start_cluster_job::{ClusterAction, StartClusterJob};

/// What may be said of an upgrade.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct UpgradeOptions {
    /// For `upgrade`: the version, a major one (17) whose newest is taken, or one with its minor version (17.4).
    #[arg(long, value_name = "VERSION")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_version: Option<String>,
    /// For `upgrade` on AWS: in the weekly maintenance window, in place of now.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_window: bool,
    /// For `upgrade`: go on where databases could not be looked into. What is found in the way is never passed over.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
}

/// Upgrade a cluster in place to another version, after a look into its databases; a snapshot is taken before, and kept.
#[derive(Debug, Clone, clap::Args)]
pub struct UpgradeCluster {
    /// The cluster. Nobody can connect to it meanwhile; `howdah cluster blue-green` upgrades with a switch.
    pub name: String,
    /// A major version (17), whose newest is taken, or one with its minor version (17.4).
    #[arg(long, value_name = "VERSION")]
    pub to: String,
    /// The name of the snapshot that is taken before; CLUSTER-before-VERSION if left out.
    #[arg(long, value_name = "SNAPSHOT")]
    pub snapshot: Option<String>,
    /// On AWS: in the weekly maintenance window, in place of now.
    #[arg(long)]
    pub in_window: bool,
    /// Go on where databases could not be looked into. What is found in the way is never passed over.
    #[arg(long)]
    pub unchecked: bool,
}

howdah_core::command!(UpgradeCluster);

impl Command for UpgradeCluster {
    const COMMAND: &'static [&'static str] = &["cluster", "upgrade"];
    const EXAMPLES: &'static str = "
        howdah cluster upgrade shop --to 17 --yes --wait             to the newest 17, now
        howdah cluster upgrade shop --to 16.10 --in-window --yes     a minor version, in the maintenance window";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        let upgrade = UpgradeOptions {
            to_version: Some(self.to),
            in_window: self.in_window,
            unchecked: self.unchecked,
        };
        Ok(StartClusterJob {
            snapshot: self.snapshot,
            upgrade,
            ..StartClusterJob::plain(self.name, ClusterAction::Upgrade)
        })
    }
}
