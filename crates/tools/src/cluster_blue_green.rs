//! The commands of blue/green deployments: each is the tool `start_cluster_job` with its action.

use howdah_core::{Command, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::start_cluster_job::{ClusterAction, StartClusterJob};

/// What may be said of a blue/green deployment.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct BlueGreenOptions {
    /// For `create_blue_green`: a newer major version of PostgreSQL; the cluster's own if left out.
    #[arg(long, value_name = "MAJOR")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pg_version: Option<u16>,
    /// For `switch_blue_green`: how many seconds green may take to have all changes, 30 to 3600; 300 if left out. Then all is as it was.
    #[arg(long, value_name = "SECONDS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
    /// For `delete_blue_green`: the other side stays, as a cluster of its own.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
}

/// Make a green environment: a copy of a cluster that follows its changes, of the same or a newer version.
#[derive(Debug, Clone, clap::Args)]
pub struct CreateBlueGreen {
    /// The cluster, which goes on serving.
    pub name: String,
    /// A newer major version of PostgreSQL; the cluster's own if left out.
    #[arg(long, value_name = "MAJOR")]
    pub pg_version: Option<u16>,
    /// A range of ACU (0.5-4) or, on AWS, an instance class (db.r8g.large); as the cluster's if left out.
    #[arg(long, value_name = "SIZE")]
    pub size: Option<String>,
}

/// Give a cluster's name and endpoints to its green environment; the old one stays as NAME-old1.
#[derive(Debug, Clone, clap::Args)]
pub struct SwitchBlueGreen {
    /// The cluster.
    pub name: String,
    /// How many seconds green may take to have all changes, 30 to 3600; 300 if left out. Then all is as it was.
    #[arg(long, value_name = "SECONDS")]
    pub timeout_s: Option<u32>,
}

/// End a blue/green deployment: before the switch its green environment goes, after it the old cluster.
#[derive(Debug, Clone, clap::Args)]
pub struct DeleteBlueGreen {
    /// The cluster, which stays.
    pub name: String,
    /// The other side stays too, as a cluster of its own.
    #[arg(long)]
    pub keep: bool,
}

fn operate(name: String, action: ClusterAction, blue_green: BlueGreenOptions) -> StartClusterJob {
    StartClusterJob { blue_green, ..StartClusterJob::plain(name, action) }
}

howdah_core::command!(CreateBlueGreen);

impl Command for CreateBlueGreen {
    const COMMAND: &'static [&'static str] = &["cluster", "blue-green", "create"];
    const EXAMPLES: &'static str = "
        howdah cluster blue-green create shop --wait                     a copy that follows, to try changes on
        howdah cluster blue-green create shop --pg-version 18 --wait     of a newer version, to upgrade with a switch";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        let options = BlueGreenOptions { pg_version: self.pg_version, ..BlueGreenOptions::default() };
        Ok(StartClusterJob { size: self.size, ..operate(self.name, ClusterAction::CreateBlueGreen, options) })
    }
}

howdah_core::command!(SwitchBlueGreen);

impl Command for SwitchBlueGreen {
    const COMMAND: &'static [&'static str] = &["cluster", "blue-green", "switch"];
    const EXAMPLES: &'static str = "
        howdah cluster blue-green switch shop --yes --wait     clients find the green environment where the old cluster was";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        let options = BlueGreenOptions { timeout_s: self.timeout_s, ..BlueGreenOptions::default() };
        Ok(operate(self.name, ClusterAction::SwitchBlueGreen, options))
    }
}

howdah_core::command!(DeleteBlueGreen);

impl Command for DeleteBlueGreen {
    const COMMAND: &'static [&'static str] = &["cluster", "blue-green", "delete"];
    const EXAMPLES: &'static str = "
        howdah cluster blue-green delete shop --yes --wait      nothing is left of the other side
        howdah cluster blue-green delete shop --keep --wait     both go on as clusters of their own";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        let options = BlueGreenOptions { keep: self.keep, ..BlueGreenOptions::default() };
        Ok(operate(self.name, ClusterAction::DeleteBlueGreen, options))
    }
}
