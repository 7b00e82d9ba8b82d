//! The commands that stop, start, delete, snapshot, restore, clone and change a cluster: each is
//! the tool `start_cluster_job` with its action.

use howdah_core::{Command, Result};

use crate::cluster_blue_green::BlueGreenOptions;
use crate::cluster_change::ClusterChange;
use crate::cluster_proxy::ProxyArguments;
use crate::cluster_snapshots::SnapshotArguments;
use crate::cluster_upgrade::UpgradeOptions;
use crate::start_cluster_job::{ClusterAction, StartClusterJob};

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
    /// What it is made of.
    #[command(flatten)]
    pub made_of: MadeOf,
}

/// What a new cluster is made of.
#[derive(Debug, Clone, clap::Args)]
pub struct MadeOf {
    /// How many readers follow the writer, 0 to 15; the preset's if left out.
    #[arg(long, value_name = "N")]
    pub readers: Option<u8>,
    /// On AWS: `dev` or `production`.
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<String>,
    /// A range of ACU (0.5-4) or, on AWS, an instance class (db.r8g.large); as it was if left out.
    #[arg(long, value_name = "SIZE")]
    pub size: Option<String>,
}

/// Make a new cluster of a cluster's data as they are now, sharing what neither changes.
#[derive(Debug, Clone, clap::Args)]
pub struct CloneCluster {
    /// The cluster whose data are wanted; it stays as it is.
    pub name: String,
    /// The name of the new cluster.
    #[arg(long = "as", value_name = "NEW")]
    pub new_name: String,
    /// What it is made of.
    #[command(flatten)]
    pub made_of: MadeOf,
}

/// Let one more reader follow the writer.
#[derive(Debug, Clone, clap::Args)]
pub struct AddReader {
    /// The cluster.
    pub name: String,
}

/// Remove a reader; its clients lose their connections.
#[derive(Debug, Clone, clap::Args)]
pub struct RemoveReader {
    /// The cluster.
    pub name: String,
    /// The instance; `howdah cluster show` names them.
    pub reader: String,
}

/// Make a reader the writer.
#[derive(Debug, Clone, clap::Args)]
pub struct FailOver {
    /// The cluster.
    pub name: String,
    /// The reader; the first in line if left out.
    #[arg(long, value_name = "INSTANCE")]
    pub to: Option<String>,
}

/// Change the size of a cluster's instances, its parameters, backups, protection and the like.
#[derive(Debug, Clone, clap::Args)]
pub struct ModifyCluster {
    /// The cluster.
    pub name: String,
    /// A range of ACU (0.5-4) or, on AWS, an instance class (db.r8g.large).
    #[arg(long, value_name = "SIZE")]
    pub size: Option<String>,
    /// What else is to be otherwise.
    #[command(flatten)]
    pub change: ClusterChange,
}

/// Make the alarms that tell somebody when a cluster is not well, or bring them up to date.
#[derive(Debug, Clone, clap::Args)]
pub struct CreateAlarms {
    /// The cluster.
    pub name: String,
    /// Who is told: a topic of SNS by its ARN; may be given several times.
    #[arg(long = "sns-topic", value_name = "ARN")]
    pub sns_topics: Vec<String>,
}

/// Remove the alarms that howdah made for a cluster.
#[derive(Debug, Clone, clap::Args)]
pub struct DeleteAlarms {
    /// The cluster.
    pub name: String,
}

impl StartClusterJob {
    pub(crate) fn plain(name: String, action: ClusterAction) -> Self {
        Self {
            name,
            action,
            snapshot: None,
            skip_final_snapshot: false,
            to_time: None,
            new_name: None,
            readers: None,
            reader: None,
            size: None,
            preset: None,
            sns_topics: Vec::new(),
            snapshots: SnapshotArguments::default(),
            blue_green: BlueGreenOptions::default(),
            proxy: ProxyArguments::default(),
            upgrade: UpgradeOptions::default(),
            change: ClusterChange::default(),
        }
    }

    fn made_of(self, made_of: MadeOf) -> Self {
        Self { readers: made_of.readers, preset: made_of.preset, size: made_of.size, ..self }
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
            ..StartClusterJob::plain(it.name, ClusterAction::Restore).made_of(it.made_of)
        };
    CloneCluster "clone" "
        howdah cluster clone shop --as shop-trial --wait      its data as they are now, in minutes whatever their size" |it|
        StartClusterJob {
            new_name: Some(it.new_name),
            ..StartClusterJob::plain(it.name, ClusterAction::Clone).made_of(it.made_of)
        };
    AddReader "add-reader" "
        howdah cluster add-reader shop --wait      one more reader, and wait until it takes connections" |it|
        StartClusterJob::plain(it.name, ClusterAction::AddReader);
    RemoveReader "remove-reader" "
        howdah cluster remove-reader shop shop-2 --yes      one reader less" |it|
        StartClusterJob {
            reader: Some(it.reader),
            ..StartClusterJob::plain(it.name, ClusterAction::RemoveReader)
        };
    FailOver "failover" "
        howdah cluster failover shop --yes --wait      make a reader the writer" |it|
        StartClusterJob {
            reader: it.to,
            ..StartClusterJob::plain(it.name, ClusterAction::Failover)
        };
    CreateAlarms "create-alarms" "
        howdah cluster create-alarms shop --sns-topic arn:aws:sns:eu-central-1:123456789012:on-call      those of the guide" |it|
        StartClusterJob {
            sns_topics: it.sns_topics,
            ..StartClusterJob::plain(it.name, ClusterAction::CreateAlarms)
        };
    DeleteAlarms "delete-alarms" "
        howdah cluster delete-alarms shop --yes      those that howdah made" |it|
        StartClusterJob::plain(it.name, ClusterAction::DeleteAlarms);
    ModifyCluster "modify" "
        howdah cluster modify shop --size 1-8 --yes              another range of capacity, without a restart
        howdah cluster modify shop --size db.r8g.large --yes     another class: every instance restarts
        howdah cluster modify shop --deletion-protection true    refuse its deletion
        howdah cluster modify shop --parameter log_min_duration_statement=500          a setting of its servers
        howdah cluster modify shop --parameter rds.logical_replication=1 --restart     one that takes effect with a restart" |it|
        StartClusterJob {
            size: it.size,
            change: it.change,
            ..StartClusterJob::plain(it.name, ClusterAction::Modify)
        };
}
