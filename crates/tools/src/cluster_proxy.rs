//! The commands of a cluster's proxy: each is the tool `start_cluster_job` with its action.

use howdah_core::{Command, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::start_cluster_job::{ClusterAction, StartClusterJob};

/// What may be said of a proxy.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ProxyArguments {
    /// For `create_proxy` on AWS: the secret with the login that it uses, by its ARN; the cluster's managed one if left out.
    #[arg(long, value_name = "ARN")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret: Option<String>,
    /// For `create_proxy` on AWS: the role by which it reads that secret, by its ARN; proxy_role of howdah.toml if left out.
    #[arg(long, value_name = "ARN")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_role: Option<String>,
    /// For `create_proxy` on AWS: clients give it an IAM token in place of the password.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proxy_iam: bool,
}

/// Make a proxy before a cluster, which shares few sessions among many clients: pgbouncer on this machine, RDS Proxy on AWS.
#[derive(Debug, Clone, clap::Args)]
pub struct CreateProxy {
    /// The cluster.
    pub name: String,
    /// On AWS: the secret with the login that it uses, by its ARN; the cluster's managed one if left out.
    #[arg(long, value_name = "ARN")]
    pub secret: Option<String>,
    /// On AWS: the role by which it reads that secret, by its ARN; proxy_role of howdah.toml if left out.
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// On AWS: clients give it an IAM token in place of the password.
    #[arg(long)]
    pub iam: bool,
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
        howdah cluster proxy create shop --wait            many clients may connect; says where
        howdah cluster proxy create shop --iam --wait      on AWS: with IAM tokens in place of the password";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        let proxy = ProxyArguments { proxy_secret: self.secret, proxy_role: self.role, proxy_iam: self.iam };
        Ok(StartClusterJob { proxy, ..StartClusterJob::plain(self.name, ClusterAction::CreateProxy) })
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
