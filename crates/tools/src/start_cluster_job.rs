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
    /// The cluster; for `restore` the new one that is made; for `delete_snapshot` the snapshot.
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
    /// Make a new cluster of a snapshot.
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
        howdah cluster operate copy restore --snapshot monday        a new cluster of that copy";
    type Out = ClusterJob;

    async fn run(self, cx: &Context) -> Result<ClusterJob> {
        let clusters = cx.get::<Clusters>()?;
        let snapshot = self.snapshot.as_deref().map(str::parse::<SnapshotName>).transpose().map_err(Error::from)?;
        let operation = match self.action {
            ClusterAction::Restore => {
                let snapshot = needed(
                    snapshot,
                    "the snapshot to restore",
                    "howdah cluster restore NEW --snapshot NAME",
                )?;
                let provider = taken(&clusters, &snapshot)
                    .await?
                    .map_or_else(|| "local".to_owned(), |known| known.provider);
                Operation {
                    provider,
                    cluster: self.name.parse::<ClusterName>().map_err(Error::from)?,
                    action: Action::Restore {
                        snapshot,
                        readers: self.readers,
                    },
                }
            }
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

/// Make a new cluster of a snapshot.
#[derive(Debug, Clone, clap::Args)]
pub struct RestoreCluster {
    /// The name of the new cluster.
    pub name: String,
    /// The snapshot; `howdah cluster list` shows them.
    #[arg(long)]
    pub snapshot: String,
    /// How many readers follow the writer, 0 to 15.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub readers: u8,
}

impl StartClusterJob {
    fn plain(name: String, action: ClusterAction) -> Self {
        Self { name, action, snapshot: None, skip_final_snapshot: false, readers: 0 }
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
        howdah cluster restore shop-check --snapshot before-release --wait      a new cluster of a snapshot" |it|
        StartClusterJob {
            snapshot: Some(it.snapshot),
            readers: it.readers,
            ..StartClusterJob::plain(it.name, ClusterAction::Restore)
        };
}
