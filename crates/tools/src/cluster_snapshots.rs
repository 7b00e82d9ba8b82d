//! The commands that copy snapshots and share them: each is the tool `start_cluster_job` with its action.

use howdah_aurora::{Action, AuroraError, Clusters, Operation, Sharing, SnapshotCopy, SnapshotName, SnapshotSource};
use howdah_core::{Command, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::start_cluster_job::{ClusterAction, StartClusterJob, needed, taken};

/// What may be said of copies of snapshots, and of with whom they are shared.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotArguments {
    /// For `copy_snapshot` on AWS: the region where the snapshot is; the account's own if left out.
    #[arg(long, value_name = "REGION")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_region: Option<String>,
    /// For `copy_snapshot` on AWS: the KMS key that the copy is encrypted with (ARN, id or alias); as the snapshot if left out.
    #[arg(long, value_name = "KEY")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// For `share_snapshot` and `unshare_snapshot` on AWS: an account by its 12 digits; may be given several times.
    #[arg(long = "account", value_name = "ID")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// For `share_snapshot` and `unshare_snapshot` on AWS: everybody, where the operator allows that.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
}

impl SnapshotArguments {
    fn sharing(&self) -> Result<Sharing> {
        Ok(Sharing {
            accounts: self.accounts.iter().map(|account| account.parse()).collect::<Result<_>>()?,
            public: self.public,
        })
    }
}

/// A copy of the snapshot that is named, wherever it is.
pub(crate) async fn copy(job: &StartClusterJob, clusters: &Clusters, name: Option<SnapshotName>) -> Result<Operation> {
    let source: SnapshotSource = job.name.parse().map_err(Error::from)?;
    let snapshot = needed(name, "a name for the copy", "howdah cluster copy-snapshot SNAPSHOT NAME")?;
    let region = job.snapshots.from_region.clone();
    let (provider, cluster) = match source.name().filter(|_| region.is_none()) {
        Some(name) => {
            let known = known(clusters, &name).await?;
            (known.provider, known.cluster)
        }
        None => {
            let (provider, cluster) = clusters.source_of(&source, region.as_deref()).await?;
            (provider.to_owned(), cluster)
        }
    };
    let copy = SnapshotCopy { source, snapshot, region, kms_key: job.snapshots.kms_key.clone() };
    Ok(Operation { provider, cluster, action: Action::CopySnapshot(copy) })
}

/// A snapshot that is shared with others, or no longer.
pub(crate) async fn share(job: &StartClusterJob, clusters: &Clusters) -> Result<Operation> {
    if job.name.starts_with("rds:") {
        return Err(Error::refused(format!("AWS took the snapshot {} by itself, and such a one cannot be shared.", job.name))
            .hint(format!("Copy it first, and share the copy: `howdah cluster copy-snapshot {} NAME --wait`.", job.name)));
    }
    let snapshot = job.name.parse::<SnapshotName>().map_err(Error::from)?;
    let sharing = job.snapshots.sharing()?;
    let known = known(clusters, &snapshot).await?;
    let action = match job.action {
        ClusterAction::UnshareSnapshot => Action::UnshareSnapshot { snapshot, sharing },
        _ => Action::ShareSnapshot { snapshot, sharing },
    };
    Ok(Operation { provider: known.provider, cluster: known.cluster, action })
}

/// A snapshot that is removed.
pub(crate) async fn delete(job: &StartClusterJob, clusters: &Clusters) -> Result<Operation> {
    let snapshot = job.name.parse::<SnapshotName>().map_err(Error::from)?;
    let known = known(clusters, &snapshot).await?;
    Ok(Operation { provider: known.provider, cluster: known.cluster, action: Action::DeleteSnapshot { snapshot } })
}

/// The snapshot of that name; an error with the names that there are if there is none.
async fn known(clusters: &Clusters, name: &SnapshotName) -> Result<howdah_aurora::Snapshot> {
    if let Some(known) = taken(clusters, name).await? {
        return Ok(known);
    }
    let all = clusters.snapshots().await?;
    Err(AuroraError::NoSnapshot {
        name: name.to_string(),
        known: all.into_iter().map(|known| known.name.into()).collect(),
    }
    .into())
}

/// Copy a snapshot under another name; on AWS also from another region or account, or under another key.
#[derive(Debug, Clone, clap::Args)]
pub struct CopySnapshot {
    /// The snapshot; on AWS also one that AWS took by itself (rds:…), or one of another region or account by its ARN.
    pub snapshot: String,
    /// The name of the copy.
    pub new_name: String,
    /// On AWS: the region where the snapshot is; the account's own if left out.
    #[arg(long, value_name = "REGION")]
    pub from_region: Option<String>,
    /// On AWS: the KMS key that the copy is encrypted with (ARN, id or alias); as the snapshot if left out.
    #[arg(long, value_name = "KEY")]
    pub kms_key: Option<String>,
}

/// Let other accounts of AWS restore and copy a snapshot.
#[derive(Debug, Clone, clap::Args)]
pub struct ShareSnapshot {
    /// The snapshot; `howdah cluster list` shows them, and with whom they are shared.
    pub snapshot: String,
    /// An account by its 12 digits; may be given several times.
    #[arg(long = "account", value_name = "ID", required_unless_present = "public")]
    pub accounts: Vec<String>,
    /// Everybody who has an account of AWS, where the operator allows that.
    #[arg(long)]
    pub public: bool,
}

/// Let other accounts restore a snapshot no longer; what they have copied stays theirs.
#[derive(Debug, Clone, clap::Args)]
pub struct UnshareSnapshot {
    /// The snapshot; `howdah cluster list` shows them, and with whom they are shared.
    pub snapshot: String,
    /// An account by its 12 digits; may be given several times.
    #[arg(long = "account", value_name = "ID", required_unless_present = "public")]
    pub accounts: Vec<String>,
    /// Everybody.
    #[arg(long)]
    pub public: bool,
}

howdah_core::command!(CopySnapshot);

impl Command for CopySnapshot {
    const COMMAND: &'static [&'static str] = &["cluster", "copy-snapshot"];
    const EXAMPLES: &'static str = "
        howdah cluster copy-snapshot monday keep-me --wait                       under another name
        howdah cluster copy-snapshot monday to-share --kms-key alias/shared      encrypted with a key that can be shared
        howdah cluster copy-snapshot monday here --from-region us-east-1 --kms-key alias/backups     from another region
        howdah cluster copy-snapshot rds:shop-2026-05-01-03-04 first-of-may      of one that AWS took by itself";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        let snapshots =
            SnapshotArguments { from_region: self.from_region, kms_key: self.kms_key, ..SnapshotArguments::default() };
        let plain = StartClusterJob::plain(self.snapshot, ClusterAction::CopySnapshot);
        Ok(StartClusterJob { snapshot: Some(self.new_name), snapshots, ..plain })
    }
}

howdah_core::command!(ShareSnapshot);

impl Command for ShareSnapshot {
    const COMMAND: &'static [&'static str] = &["cluster", "share-snapshot"];
    const EXAMPLES: &'static str = "
        howdah cluster share-snapshot to-share --account 123456789012 --yes --wait      that account can restore it";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        let snapshots = SnapshotArguments { accounts: self.accounts, public: self.public, ..SnapshotArguments::default() };
        Ok(StartClusterJob { snapshots, ..StartClusterJob::plain(self.snapshot, ClusterAction::ShareSnapshot) })
    }
}

howdah_core::command!(UnshareSnapshot);

impl Command for UnshareSnapshot {
    const COMMAND: &'static [&'static str] = &["cluster", "unshare-snapshot"];
    const EXAMPLES: &'static str = "
        howdah cluster unshare-snapshot to-share --account 123456789012 --wait      that account can restore it no longer
        howdah cluster unshare-snapshot to-share --public --wait                    not everybody any more";
    type Tool = StartClusterJob;

    fn into_tool(self) -> Result<StartClusterJob> {
        let snapshots = SnapshotArguments { accounts: self.accounts, public: self.public, ..SnapshotArguments::default() };
        Ok(StartClusterJob { snapshots, ..StartClusterJob::plain(self.snapshot, ClusterAction::UnshareSnapshot) })
    }
}
