//! The commands of a cluster's proxy: each is the tool `start_cluster_job` with its action.

use howdah_core::{Command, Result};

use crate::start_cluster_job::{ClusterAction, StartClusterJob};

/// Make a proxy before a cluster, which shares few sessions among many clients.
#[derive(Debug, Clone, clap::Args)]
pub struct CreateProxy {
    /// The cluster.
    pub name: String,
}

/// Remove the proxy before a cluster; its clients lose their connections.
#[derive(Debug, Clone, clap::Args)]
pub struct DeleteProxy {
    /// The cluster.
    pub name: String,
}

howdah_core::command!(CreateProxy);

impl Command for CreateProxy {
    const COMMAND: &'static [&'static str] = &["cluster", "proxy", "create"];
    const EXAMPLES: &'static str = "
        howdah cluster proxy create shop --wait      many clients may connect; howdah cluster show shop says where";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        Ok(StartClusterJob::plain(self.name, ClusterAction::CreateProxy))
    }
}

howdah_core::command!(DeleteProxy);

impl Command for DeleteProxy {
    const COMMAND: &'static [&'static str] = &["cluster", "proxy", "delete"];
    const EXAMPLES: &'static str = "
        howdah cluster proxy delete shop --yes --wait      clients connect to the cluster itself again";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        Ok(StartClusterJob::plain(self.name, ClusterAction::DeleteProxy))
    }
}
