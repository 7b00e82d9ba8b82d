use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ClusterName, Compute, Connection, Shape, Sharing, SnapshotName, SnapshotSource, Upgrade};

/// The most readers that a cluster can have, as in Aurora.
pub const MAX_READERS: u8 = 15;

/// Something to be done with a cluster: the input of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Who does it.
    pub provider: String,
    /// With which cluster.
    pub cluster: ClusterName,
    /// What.
    pub action: Action,
}

/// What can be done with a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Make it.
    Create {
        /// Major version; the newest that is there without one.
        version: Option<u16>,
        /// Readers beside the writer, up to [`MAX_READERS`].
        readers: u8,
        /// The database that connections begin with.
        database: String,
        /// What it is made of.
        #[serde(default)]
        shape: Shape,
    },
    /// End its processes, keep its data.
    Stop,
    /// Run it again.
    Start,
    /// Remove it.
    Delete {
        /// Take this snapshot before; without one the data are gone.
        final_snapshot: Option<SnapshotName>,
    },
    /// Copy its data.
    Snapshot {
        /// Under this name.
        snapshot: SnapshotName,
    },
    /// Remove a snapshot of it; the cluster itself may be gone.
    DeleteSnapshot {
        /// Which.
        snapshot: SnapshotName,
    },
    /// Copy a snapshot of it; the cluster itself may be gone.
    CopySnapshot(SnapshotCopy),
    /// Let others than the account that has it restore and copy a snapshot of it.
    ShareSnapshot {
        /// Which.
        snapshot: SnapshotName,
        /// Whom.
        sharing: Sharing,
    },
    /// Let them no longer.
    UnshareSnapshot {
        /// Which.
        snapshot: SnapshotName,
        /// Whom.
        sharing: Sharing,
    },
    /// Make it of a snapshot.
    Restore {
        /// Of which.
        snapshot: SnapshotName,
        /// Readers beside the writer, up to [`MAX_READERS`].
        readers: u8,
        /// What it is made of.
        #[serde(default)]
        shape: Shape,
    },
    /// Make it of another one as that was at a moment.
    RestoreToTime {
        /// The other one, which stays as it is.
        source: ClusterName,
        /// RFC 3339; what was committed then is there.
        time: String,
        /// Readers beside the writer, up to [`MAX_READERS`].
        readers: u8,
        /// What it is made of.
        #[serde(default)]
        shape: Shape,
    },
    /// Make it of another one as that is now, sharing the pages that neither changes.
    Clone {
        /// The other one, which stays as it is.
        source: ClusterName,
        /// Readers beside the writer, up to [`MAX_READERS`].
        readers: u8,
        /// What it is made of.
        #[serde(default)]
        shape: Shape,
    },
    /// Let one more reader follow the writer.
    AddReader,
    /// Remove a reader.
    RemoveReader {
        /// Its name, as the cluster's description has it.
        reader: String,
    },
    /// Make a reader the writer.
    Failover {
        /// Which; the first in line without one.
        to: Option<String>,
    },
    /// Change what it is made of or how it is guarded.
    Modify(Modification),
    /// Upgrade it in place to another version.
    Upgrade(Upgrade),
    /// Begin a blue/green deployment: make its green environment, a copy that follows its changes, for what is tried
    /// there before it takes the cluster's place.
    CreateBlueGreen {
        /// The green environment's major version; the cluster's own without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u16>,
        /// The size of the green environment's instances; the cluster's own without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compute: Option<Compute>,
    },
    /// Give the cluster's name and endpoints to its green environment. What had them so far, blue, stays as `NAME-old1`.
    SwitchBlueGreen {
        /// How long the green environment may take to have all of blue's changes, before all is as it was; see
        /// [`SWITCH_TIMEOUT_S`].
        timeout_s: u32,
    },
    /// End a blue/green deployment: before the switch its green environment goes, after it the old blue.
    DeleteBlueGreen {
        /// It does not go but becomes a cluster of its own.
        #[serde(default)]
        keep: bool,
    },
    /// Make a proxy that shares few sessions among many clients.
    CreateProxy(ProxyOptions),
    /// Remove the proxy; its clients lose their connections.
    DeleteProxy,
    /// Make the alarms that tell somebody when it is not well, or bring them up to date.
    CreateAlarms {
        /// Who is told: topics of SNS, by ARN.
        #[serde(default)]
        topics: Vec<String>,
    },
    /// Remove the alarms that were made so.
    DeleteAlarms,
}

/// A copy of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCopy {
    /// Of which.
    pub source: SnapshotSource,
    /// Under this name.
    pub snapshot: SnapshotName,
    /// The region where the source is, where it is another one than that of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The KMS key that the copy is encrypted with: ARN, id or alias; as the source without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
}

/// How a proxy lets clients in and logs in itself, where its provider gives a choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyOptions {
    /// The secret of AWS Secrets Manager with the login that it uses, by its ARN; the cluster's managed one without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Clients give it an IAM token in place of that password.
    #[serde(default, skip_serializing_if = "is_false")]
    pub iam: bool,
    /// The role by which it reads the secret, by its ARN; that of `howdah.toml` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// What may be said of how long a switch takes at most, as in RDS, in seconds.
pub const SWITCH_TIMEOUT_S: std::ops::RangeInclusive<u32> = 30..=3600;

/// How long a switch takes at most where nobody says so, as in RDS, in seconds.
pub const DEFAULT_SWITCH_TIMEOUT_S: u32 = 300;

/// What is to be otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modification {
    /// The size of its instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<Compute>,
    /// Days that backups are kept, 1 to 35.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u8>,
    /// Whether a deletion is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,
    /// Settings of the servers by name, each with its value; back to its default without one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Option<String>>,
    /// Restart the instances afterwards that wait for it, the readers first, so that every parameter is in force.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restart: bool,
    /// The port that clients connect to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// When backups are taken each day, in UTC: `02:00-03:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_window: Option<String>,
    /// When its provider may restart it each week, in UTC: `sun:03:00-sun:04:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance_window: Option<String>,
    /// Whether its log is copied to CloudWatch Logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_export: Option<bool>,
    /// Whether Performance Insights is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance_insights: Option<bool>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What an operation remembers between its steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationState {
    /// How to connect to the cluster that was made, started or restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The server's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The snapshot that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotName>,
    /// Those that the operation lets restore the snapshot, and who could not before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admitted: Vec<String>,
    /// All who may restore the snapshot now, beside the account that has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<String>,
    /// Whether the cluster ran before it was stopped on the way.
    #[serde(default)]
    pub was_running: bool,
    /// Set right before what cannot be taken back.
    #[serde(default)]
    pub point_of_no_return: bool,
    /// What the provider itself calls the cluster: never the same for two of one name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What blue is called once green has its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<ClusterName>,
    /// The instances that the operation makes, takes away or chooses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// The parameter group that the cluster had before it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the capacity of the cluster stands for where it runs, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<String>,
    /// What is left for a person to do afterwards, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// The alarms that were not there before the operation, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
}

/// An instance as it can be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// `db.serverless`, `db.r8g.large`.
    pub class: String,
    /// Its place in the line of failover, 0 to 15.
    pub tier: i32,
    /// Whether it takes writes.
    pub writer: bool,
    /// Seconds between two samples of Enhanced Monitoring; 0 is none.
    #[serde(default)]
    pub monitoring_seconds: i32,
}
