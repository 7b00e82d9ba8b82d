//! The tool `start_cluster_job`: everything that is done with a cluster that is there.

use howdah_aurora::{
    Action, ClusterName, Clusters, Compute, DEFAULT_SWITCH_TIMEOUT_S, Operation, Preset, ProxyOptions, Shape, Snapshot, SnapshotName,
};
use howdah_core::{Context, Effect, Error, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster_blue_green::BlueGreenOptions;
use crate::cluster_change::ClusterChange;
use crate::cluster_proxy::ProxyArguments;
use crate::cluster_snapshots::{self, SnapshotArguments};
use crate::cluster_upgrade::UpgradeOptions;
use crate::clusters::{ClusterJob, start};
use crate::upgrade_checks::Asked;

/// Stops, starts, deletes, snapshots, restores, clones, upgrades or changes a cluster, adds or removes a reader, fails over,
/// makes, switches or ends a blue/green deployment, makes or deletes its proxy or alarms, or copies, shares or deletes a snapshot, as a job, and returns the job's id at once.
/// Deleting a cluster needs the name of a final snapshot, or that none is wanted; what loses or costs something needs a person's consent.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct StartClusterJob {
    /// The cluster; for `restore` and `clone` the one whose data are wanted; for `delete_snapshot`, `copy_snapshot`,
    /// `share_snapshot` and `unshare_snapshot` the snapshot.
    pub name: String,
    /// What is to be done.
    #[arg(value_enum)]
    pub action: ClusterAction,
    /// For `snapshot` the name to give it, for `copy_snapshot` that of the copy; for `restore` the one to restore;
    /// for `delete` and `upgrade` the one that is taken first.
    #[arg(long, value_name = "SNAPSHOT")]
    #[serde(default)]
    pub snapshot: Option<String>,
    /// For `delete`: take no final snapshot, so that the data are gone.
    #[arg(long)]
    #[serde(default)]
    pub skip_final_snapshot: bool,
    /// For `restore`, in place of a snapshot: the moment whose data are wanted (RFC 3339, UTC).
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_time: Option<String>,
    /// For `restore` and `clone`: the name of the new cluster.
    #[arg(long = "as", value_name = "NEW")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// For `restore` and `clone`: how many readers follow the writer, 0 to 15; the preset's if left out.
    #[arg(long, value_name = "N")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<u8>,
    /// For `remove_reader` the instance; for `failover` the one that becomes the writer.
    #[arg(long, value_name = "INSTANCE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// For `modify`, `restore`, `clone` and `create_blue_green`: a range of ACU (0.5-4) or, on AWS, an instance class
    /// (db.r8g.large).
    #[arg(long, value_name = "SIZE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// For `restore` and `clone` on AWS: `dev` or `production`.
    #[arg(long, value_name = "PRESET")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// For `create_alarms` on AWS: who is told, a topic of SNS by its ARN; may be given several times.
    #[arg(long = "sns-topic", value_name = "ARN")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sns_topics: Vec<String>,
    /// Of copies of snapshots, and of with whom they are shared.
    #[command(flatten)]
    #[serde(flatten)]
    pub snapshots: SnapshotArguments,
    /// Of blue/green deployments.
    #[command(flatten)]
    #[serde(flatten)]
    pub blue_green: BlueGreenOptions,
    /// Of proxies.
    #[command(flatten)]
    #[serde(flatten)]
    pub proxy: ProxyArguments,
    /// Of upgrades.
    #[command(flatten)]
    #[serde(flatten)]
    pub upgrade: UpgradeOptions,
    /// For `modify`: what is to be otherwise, beside the size.
    #[command(flatten)]
    #[serde(flatten)]
    pub change: ClusterChange,
}

/// What can be done with a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterAction {
    /// End its servers, keep its data.
    Stop,
    /// Run it again.
    Start,
    /// Remove it with its data.
    Delete,
    /// Copy its data, whether it runs or not.
    Snapshot,
    /// Make a new cluster of a snapshot, or of the data as they were at a moment.
    Restore,
    /// Remove a snapshot with its data.
    DeleteSnapshot,
    /// Copy a snapshot under another name; on AWS also from another region or account, or under another key.
    CopySnapshot,
    /// On AWS: let other accounts restore and copy a snapshot.
    ShareSnapshot,
    /// On AWS: let them no longer.
    UnshareSnapshot,
    /// Make a new cluster of the data as they are now, sharing what neither changes.
    Clone,
    /// Let one more reader follow the writer.
    AddReader,
    /// Remove a reader.
    RemoveReader,
    /// Make a reader the writer.
    Failover,
    /// Change size, parameters, backups, protection and the like.
    Modify,
    /// Upgrade it in place to another version.
    Upgrade,
    /// Begin a blue/green deployment: make a green environment, a copy that follows the cluster's changes.
    CreateBlueGreen,
    /// Give the cluster's name and endpoints to its green environment.
    SwitchBlueGreen,
    /// End a blue/green deployment: before the switch its green environment goes, after it the old cluster.
    DeleteBlueGreen,
    /// Make a proxy that shares few sessions among many clients.
    CreateProxy,
    /// Remove the proxy.
    DeleteProxy,
    /// Make the alarms that tell somebody when it is not well, or bring them up to date.
    CreateAlarms,
    /// Remove the alarms that were made so.
    DeleteAlarms,
}

howdah_core::tool!(StartClusterJob);

impl Tool for StartClusterJob {
    const NAME: &'static str = "start_cluster_job";
    const TITLE: &'static str = "Operate a cluster";
    const TOOLSET: Toolset = Toolset::Cluster;
    const EFFECT: Effect = Effect::Destructive;
    const COMMAND: &'static [&'static str] = &["cluster", "operate"];
    const EXAMPLES: &'static str = "
        howdah cluster operate shop stop --wait                      end its servers, keep its data
        howdah cluster operate shop snapshot --snapshot monday       copy its data while it runs
        howdah cluster operate shop restore --snapshot monday --as copy     a new cluster of that copy";
    type Out = ClusterJob;

    async fn run(self, cx: &Context) -> Result<ClusterJob> {
        let clusters = cx.get::<Clusters>()?;
        let snapshot = self.snapshot.as_deref().map(str::parse::<SnapshotName>).transpose().map_err(Error::from)?;
        let operation = match self.action {
            ClusterAction::Restore => self.restore(&clusters, snapshot).await?,
            ClusterAction::DeleteSnapshot => cluster_snapshots::delete(&self, &clusters).await?,
            ClusterAction::CopySnapshot => cluster_snapshots::copy(&self, &clusters, snapshot).await?,
            ClusterAction::ShareSnapshot | ClusterAction::UnshareSnapshot => {
                cluster_snapshots::share(&self, &clusters).await?
            }
            ClusterAction::Upgrade => {
                let asked = Asked {
                    to: self.upgrade.to_version.clone(),
                    snapshot,
                    in_window: self.upgrade.in_window,
                    unchecked: self.upgrade.unchecked,
                };
                asked.operation(&clusters, &self.name).await?.0
            }
            ClusterAction::Clone => {
                let (plane, source) = clusters.find(&self.name).await?;
                let (shape, readers) = self.shape()?;
                let action = Action::Clone { source, readers, shape };
                Operation { provider: plane.name().to_owned(), cluster: self.new_name()?, action }
            }
            ClusterAction::Stop => self.itself(&clusters, Action::Stop).await?,
            ClusterAction::Start => self.itself(&clusters, Action::Start).await?,
            ClusterAction::Delete => {
                let final_snapshot = final_snapshot(snapshot, self.skip_final_snapshot)?;
                self.itself(&clusters, Action::Delete { final_snapshot }).await?
            }
            ClusterAction::Snapshot => {
                let snapshot = needed(snapshot, "a name for the snapshot", "howdah cluster snapshot CLUSTER NAME")?;
                self.itself(&clusters, Action::Snapshot { snapshot }).await?
            }
            ClusterAction::AddReader => self.itself(&clusters, Action::AddReader).await?,
            ClusterAction::RemoveReader => {
                let reader = self.reader.clone().ok_or_else(|| {
                    Error::invalid("This needs the reader that is to go.")
                        .hint("`howdah cluster remove-reader CLUSTER INSTANCE`, or the argument `reader`.")
                })?;
                self.itself(&clusters, Action::RemoveReader { reader }).await?
            }
            ClusterAction::Failover => self.itself(&clusters, Action::Failover { to: self.reader.clone() }).await?,
            ClusterAction::CreateBlueGreen => {
                let (version, compute) = (self.blue_green.pg_version, self.compute()?);
                self.itself(&clusters, Action::CreateBlueGreen { version, compute }).await?
            }
            ClusterAction::SwitchBlueGreen => {
                let timeout_s = self.blue_green.timeout_s.unwrap_or(DEFAULT_SWITCH_TIMEOUT_S);
                self.itself(&clusters, Action::SwitchBlueGreen { timeout_s }).await?
            }
            ClusterAction::DeleteBlueGreen => {
                let keep = self.blue_green.keep;
                self.itself(&clusters, Action::DeleteBlueGreen { keep }).await?
            }
            ClusterAction::CreateProxy => {
                let options = ProxyOptions {
                    secret: self.proxy.proxy_secret.clone(),
                    iam: self.proxy.proxy_iam,
                    role: self.proxy.proxy_role.clone(),
                };
                self.itself(&clusters, Action::CreateProxy(options)).await?
            }
            ClusterAction::DeleteProxy => self.itself(&clusters, Action::DeleteProxy).await?,
            ClusterAction::CreateAlarms => {
                let topics = self.sns_topics.clone();
                self.itself(&clusters, Action::CreateAlarms { topics }).await?
            }
            ClusterAction::DeleteAlarms => self.itself(&clusters, Action::DeleteAlarms).await?,
            ClusterAction::Modify => {
                let change = self.change.modification(self.compute()?)?;
                self.itself(&clusters, Action::Modify(change)).await?
            }
        };
        start(cx, operation).await
    }
}

const HOW: &str = "`howdah cluster restore CLUSTER --snapshot ID --as NEW`, or with --to-time 2026-05-01T09:30:00Z (arguments `snapshot`, `to_time`, `new_name`).";

impl StartClusterJob {
    /// What is done with the cluster itself.
    async fn itself(&self, clusters: &Clusters, action: Action) -> Result<Operation> {
        let (plane, cluster) = clusters.find(&self.name).await?;
        Ok(Operation { provider: plane.name().to_owned(), cluster, action })
    }

    fn compute(&self) -> Result<Option<Compute>> {
        self.size.as_deref().map(str::parse).transpose()
    }

    /// What a new cluster is made of, and how many readers it has.
    fn shape(&self) -> Result<(Shape, u8)> {
        let preset: Preset = self.preset.as_deref().map(str::parse).transpose()?.unwrap_or_default();
        Ok((Shape { preset, compute: self.compute()? }, self.readers.unwrap_or(preset.readers())))
    }

    fn new_name(&self) -> Result<ClusterName> {
        let Some(new) = &self.new_name else {
            return Err(Error::invalid("This needs a name for the new cluster.").hint(HOW));
        };
        new.parse::<ClusterName>().map_err(Error::from)
    }

    /// A new cluster, of a snapshot or of a cluster's data at a moment.
    async fn restore(&self, clusters: &Clusters, snapshot: Option<SnapshotName>) -> Result<Operation> {
        let source = self.name.parse::<ClusterName>().map_err(Error::from)?;
        let cluster = self.new_name()?;
        let (shape, readers) = self.shape()?;
        match (snapshot, self.to_time.clone()) {
            (Some(snapshot), None) => {
                let known = taken(clusters, &snapshot).await?;
                if let Some(known) = &known && known.cluster != source {
                    let message = format!("The snapshot {snapshot} is of the cluster {}, not of {source}.", known.cluster);
                    return Err(Error::invalid(message).hint(format!(
                        "`howdah cluster restore {} --snapshot {snapshot} --as {cluster}`",
                        known.cluster
                    )));
                }
                let provider = known.map_or_else(|| "local".to_owned(), |known| known.provider);
                Ok(Operation { provider, cluster, action: Action::Restore { snapshot, readers, shape } })
            }
            (None, Some(time)) => {
                let (plane, source) = clusters.find(source.as_str()).await?;
                let provider = plane.name().to_owned();
                Ok(Operation { provider, cluster, action: Action::RestoreToTime { source, time, readers, shape } })
            }
            (Some(_), Some(_)) => {
                Err(Error::invalid("Either a snapshot or a moment is restored: both were given.").hint(HOW))
            }
            (None, None) => Err(Error::invalid("This needs what is to be restored: a snapshot or a moment.").hint(HOW)),
        }
    }
}

pub(crate) async fn taken(clusters: &Clusters, snapshot: &SnapshotName) -> Result<Option<Snapshot>> {
    let all = clusters.snapshots().await?;
    Ok(all.into_iter().find(|known| known.name == *snapshot))
}

pub(crate) fn needed(snapshot: Option<SnapshotName>, what: &str, how: &str) -> Result<SnapshotName> {
    snapshot.ok_or_else(|| Error::invalid(format!("This needs {what}.")).hint(format!("`{how}`, or the argument `snapshot`.")))
}

fn final_snapshot(snapshot: Option<SnapshotName>, skip: bool) -> Result<Option<SnapshotName>> {
    match (snapshot, skip) {
        (Some(_), true) => Err(Error::invalid("Either a final snapshot or none: both were asked for.")
            .hint("Leave out one of snapshot and skip_final_snapshot.")),
        (None, false) => Err(Error::invalid("Deleting a cluster needs a decision about its data.")
            .hint("Name a final snapshot (--final-snapshot NAME, argument `snapshot`), or give it up (--skip-final-snapshot, argument `skip_final_snapshot`).")),
        (snapshot, _) => Ok(snapshot),
    }
}
