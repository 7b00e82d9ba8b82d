//! The tool `start_cluster_job` and the commands that stop, start, delete, snapshot and restore.
//! A snapshot is deleted by it too.

use howdah_aurora::{Action, AuroraError, ClusterName, Clusters, Operation, Snapshot, SnapshotName};
use howdah_core::{
    Answer, Caller, Command, Confirmation, Context, Effect, Error, Result, Tool, Toolset,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clusters::{ClusterJob, start};

/// Stops, starts, deletes, snapshots or restores a cluster, or deletes a snapshot, as a job, and returns the job's id at once.
/// Deleting a cluster needs the name of a final snapshot, or that none is wanted; any deletion needs a person's consent.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct StartClusterJob {
    /// The cluster; for `restore` the one whose data are wanted; for `delete_snapshot` the snapshot.
    pub name: String,
    /// What is to be done.
    #[arg(value_enum)]
    pub action: ClusterAction,
    /// For `snapshot` the name to give it; for `restore` the one to restore;
    /// for `delete` the final one that is taken first.
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
    /// For `restore`: the name of the new cluster.
    #[arg(long = "as", value_name = "NEW")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// For `restore`: how many readers follow the writer, 0 to 15.
    #[arg(long, default_value_t = 0, value_name = "N")]
    #[serde(default)]
    pub readers: u8,
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
            ClusterAction::DeleteSnapshot => {
                let snapshot = self.name.parse::<SnapshotName>().map_err(Error::from)?;
                let Some(known) = taken(&clusters, &snapshot).await? else {
                    let known = clusters.snapshots().await?;
                    return Err(AuroraError::NoSnapshot {
                        name: snapshot.to_string(),
                        known: known.into_iter().map(|known| known.name.into()).collect(),
                    }
                    .into());
                };
                Operation {
                    provider: known.provider,
                    cluster: known.cluster,
                    action: Action::DeleteSnapshot { snapshot },
                }
            }
            action => {
                let (plane, cluster) = clusters.find(&self.name).await?;
                let action = match action {
                    ClusterAction::Stop => Action::Stop,
                    ClusterAction::Start => Action::Start,
                    ClusterAction::Snapshot => Action::Snapshot {
                        snapshot: needed(snapshot, "a name for the snapshot", "howdah cluster snapshot CLUSTER NAME")?,
                    },
                    ClusterAction::Delete | ClusterAction::Restore | ClusterAction::DeleteSnapshot => {
                        Action::Delete { final_snapshot: final_snapshot(snapshot, self.skip_final_snapshot)? }
                    }
                };
                Operation { provider: plane.name().to_owned(), cluster, action }
            }
        };
        clusters.check(&operation).await?;
        consent(cx, &operation).await?;
        start(cx, operation).await
    }
}

impl StartClusterJob {
    /// A new cluster, of a snapshot or of a cluster's data at a moment.
    async fn restore(&self, clusters: &Clusters, snapshot: Option<SnapshotName>) -> Result<Operation> {
        const HOW: &str = "`howdah cluster restore CLUSTER --snapshot ID --as NEW`, or with --to-time 2026-05-01T09:30:00Z (arguments `snapshot`, `to_time`, `new_name`).";
        let source = self.name.parse::<ClusterName>().map_err(Error::from)?;
        let Some(new) = &self.new_name else {
            return Err(Error::invalid("This needs a name for the new cluster.").hint(HOW));
        };
        let cluster = new.parse::<ClusterName>().map_err(Error::from)?;
        let readers = self.readers;
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
                Ok(Operation { provider, cluster, action: Action::Restore { snapshot, readers } })
            }
            (None, Some(time)) => {
                let (plane, source) = clusters.find(source.as_str()).await?;
                let provider = plane.name().to_owned();
                Ok(Operation { provider, cluster, action: Action::RestoreToTime { source, time, readers } })
            }
            (Some(_), Some(_)) => {
                Err(Error::invalid("Either a snapshot or a moment is restored: both were given.").hint(HOW))
            }
            (None, None) => Err(Error::invalid("This needs what is to be restored: a snapshot or a moment.").hint(HOW)),
        }
    }
}

async fn taken(clusters: &Clusters, snapshot: &SnapshotName) -> Result<Option<Snapshot>> {
    let all = clusters.snapshots().await?;
    Ok(all.into_iter().find(|known| known.name == *snapshot))
}

fn needed(snapshot: Option<SnapshotName>, what: &str, how: &str) -> Result<SnapshotName> {
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

/// What a deletion takes away, for the person who decides about it.
struct Deletion {
    /// `the cluster shop`.
    what: String,
    /// What becomes of the data.
    data: String,
    /// The command with which a person consents.
    command: String,
    question: String,
}

impl Deletion {
    async fn of(cx: &Context, operation: &Operation) -> Result<Option<Self>> {
        let clusters = cx.get::<Clusters>()?;
        let sized = |bytes: Option<u64>| {
            bytes.map_or(String::new(), |bytes| format!(" ({})", howdah_core::human_bytes(bytes)))
        };
        let cluster = &operation.cluster;
        Ok(match &operation.action {
            Action::Delete { final_snapshot } => {
                let (data, option) = match final_snapshot {
                    Some(snapshot) => (
                        format!("Its data are kept in the snapshot {snapshot}."),
                        format!("--final-snapshot {snapshot}"),
                    ),
                    None => (
                        "Its data are gone for good: no snapshot is taken.".to_owned(),
                        "--skip-final-snapshot".to_owned(),
                    ),
                };
                let size = sized(clusters.describe(cluster.as_str()).await?.size_bytes);
                Some(Self {
                    what: format!("The cluster {cluster}"),
                    question: format!("Delete the PostgreSQL cluster {cluster}{size}? {data}"),
                    command: format!("howdah cluster delete {cluster} {option} --yes"),
                    data,
                })
            }
            Action::DeleteSnapshot { snapshot } => {
                let size = sized(taken(&clusters, snapshot).await?.map(|known| known.size_bytes));
                let data = format!("It is the copy of the cluster {cluster}; its data are gone for good.");
                Some(Self {
                    what: format!("The snapshot {snapshot}"),
                    question: format!("Delete the snapshot {snapshot}{size}? {data}"),
                    command: format!("howdah cluster delete-snapshot {snapshot} --yes"),
                    data,
                })
            }
            _ => None,
        })
    }
}

/// A person agrees to every deletion: by `--yes` at the command line, else by
/// an answer to the question that their client puts.
async fn consent(cx: &Context, operation: &Operation) -> Result<()> {
    if matches!(cx.caller, Caller::Person { consents: true }) {
        return Ok(());
    }
    let Some(deletion) = Deletion::of(cx, operation).await? else {
        return Ok(());
    };
    let refused = |why: &str| Error::refused(format!("{} was not deleted: {why}.", deletion.what));
    if matches!(cx.caller, Caller::Person { .. }) {
        return Err(refused("that needs your word").hint(format!(
            "{} If that is what you want: `{}`",
            deletion.data, deletion.command
        )));
    }
    let question = Confirmation {
        binding: deletion.command.clone(),
        message: deletion.question.clone(),
    };
    match cx.human.confirm(question).await? {
        Answer::Approved => Ok(()),
        Answer::Declined => Err(refused("the person said no")),
        Answer::Unavailable => Err(refused("only a person may decide that, and this client cannot ask")
            .hint(format!("A person can run: `{}`", deletion.command))),
        Answer::AskAndReturn => Err(refused("the person has been asked and has not answered yet")),
    }
}

/// End the servers of a cluster and keep its data.
#[derive(Debug, Clone, clap::Args)]
pub struct StopCluster {
    /// The cluster.
    pub name: String,
}

/// Run a stopped cluster again.
#[derive(Debug, Clone, clap::Args)]
pub struct StartCluster {
    /// The cluster.
    pub name: String,
}

/// Remove a cluster, with a final snapshot or without.
#[derive(Debug, Clone, clap::Args)]
pub struct DeleteCluster {
    /// The cluster.
    pub name: String,
    /// Take this snapshot of it first.
    #[arg(long, value_name = "SNAPSHOT", conflicts_with = "skip_final_snapshot")]
    pub final_snapshot: Option<String>,
    /// Take none: its data are gone.
    #[arg(long)]
    pub skip_final_snapshot: bool,
}

/// Copy the data of a cluster, running or stopped.
#[derive(Debug, Clone, clap::Args)]
pub struct SnapshotCluster {
    /// The cluster.
    pub name: String,
    /// The name to give the snapshot.
    pub snapshot: String,
}

/// Remove a snapshot; the data of its cluster are not touched.
#[derive(Debug, Clone, clap::Args)]
pub struct DeleteSnapshot {
    /// The snapshot; `howdah cluster list` shows them.
    pub snapshot: String,
}

/// Make a new cluster of a snapshot, or of a cluster's data as they were at a moment.
#[derive(Debug, Clone, clap::Args)]
pub struct RestoreCluster {
    /// The cluster whose data are wanted; it stays as it is, and for a snapshot may be gone.
    pub name: String,
    /// The snapshot; `howdah cluster list` shows them.
    #[arg(long, value_name = "ID", conflicts_with = "to_time", required_unless_present = "to_time")]
    pub snapshot: Option<String>,
    /// The moment, in RFC 3339: what was committed by then is there. `howdah cluster show` says since when.
    #[arg(long, value_name = "TIME")]
    pub to_time: Option<String>,
    /// The name of the new cluster.
    #[arg(long = "as", value_name = "NEW")]
    pub new_name: String,
    /// How many readers follow the writer, 0 to 15.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub readers: u8,
}

impl StartClusterJob {
    fn plain(name: String, action: ClusterAction) -> Self {
        Self { name, action, snapshot: None, to_time: None, new_name: None, skip_final_snapshot: false, readers: 0 }
    }
}

macro_rules! commands {
    ($($command:ident $word:literal $examples:literal |$self_:ident| $tool:expr;)*) => {$(
        howdah_core::command!($command);

        impl Command for $command {
            const COMMAND: &'static [&'static str] = &["cluster", $word];
            const EXAMPLES: &'static str = $examples;
            type Tool = StartClusterJob;

            fn into_tool(self) -> Result<StartClusterJob> {
                let $self_ = self;
                Ok($tool)
            }
        }
    )*};
}

commands! {
    StopCluster "stop" "
        howdah cluster stop shop --wait      end its servers and wait until they have" |it|
        StartClusterJob::plain(it.name, ClusterAction::Stop);
    StartCluster "start" "
        howdah cluster start shop --wait     run it again and wait until it takes connections" |it|
        StartClusterJob::plain(it.name, ClusterAction::Start);
    DeleteCluster "delete" "
        howdah cluster delete shop --final-snapshot last --yes      keep a copy of its data
        howdah cluster delete shop --skip-final-snapshot --yes      keep nothing" |it|
        StartClusterJob {
            snapshot: it.final_snapshot,
            skip_final_snapshot: it.skip_final_snapshot,
            ..StartClusterJob::plain(it.name, ClusterAction::Delete)
        };
    SnapshotCluster "snapshot" "
        howdah cluster snapshot shop before-release --wait      copy its data while it runs" |it|
        StartClusterJob {
            snapshot: Some(it.snapshot),
            ..StartClusterJob::plain(it.name, ClusterAction::Snapshot)
        };
    DeleteSnapshot "delete-snapshot" "
        howdah cluster delete-snapshot before-release --yes      remove a copy that nobody needs" |it|
        StartClusterJob::plain(it.snapshot, ClusterAction::DeleteSnapshot);
    RestoreCluster "restore" "
        howdah cluster restore shop --snapshot before-release --as shop-check --wait       a new cluster of a snapshot
        howdah cluster restore shop --to-time 2026-05-01T09:30:00Z --as shop-then --wait   of the data at a moment" |it|
        StartClusterJob {
            snapshot: it.snapshot,
            to_time: it.to_time,
            new_name: Some(it.new_name),
            readers: it.readers,
            ..StartClusterJob::plain(it.name, ClusterAction::Restore)
        };
}
