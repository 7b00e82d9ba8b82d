use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ClusterName, SnapshotName};

/// A cluster as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cluster {
    /// Its name, which is also that of its target.
    pub name: ClusterName,
    /// Who runs it: `local`, `aws`.
    pub provider: String,
    /// What it is doing.
    pub status: ClusterStatus,
    /// The server's version: `15.14`.
    pub version: String,
    /// When it was created, in UTC (RFC 3339).
    pub created: String,
    /// How to connect; absent while it is being created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// All databases together; absent when it could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// The earliest moment that it can be restored to, in UTC (RFC 3339); absent where it keeps no log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restorable_since: Option<String>,
    /// The writer first.
    pub instances: Vec<Instance>,
    /// The blue/green deployment that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blue_green: Option<BlueGreen>,
    /// The proxy before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// What else its provider says of it, by name: encryption, backups, scaling …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

/// What a cluster is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterStatus {
    /// A job is making it.
    Creating,
    /// Writer and readers take connections.
    Available,
    /// The writer takes connections, some reader does not.
    Degraded,
    /// Was stopped by a job.
    Stopped,
    /// Should run, and its writer does not take connections.
    Down,
    /// A job is removing it.
    Deleting,
}

impl ClusterStatus {
    /// As users read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "being created",
            Self::Available => "available",
            Self::Degraded => "degraded",
            Self::Stopped => "stopped",
            Self::Down => "down",
            Self::Deleting => "being deleted",
        }
    }
}

/// Everything that a client needs to connect, but the password itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// The name under which Howdah's other tools connect to it.
    pub target: String,
    /// Host of the writer.
    pub endpoint: String,
    /// Port of the writer.
    pub port: u16,
    /// Where readers listen, `host:port` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reader_endpoints: Vec<String>,
    /// The database to begin with.
    pub database: String,
    /// The role.
    pub user: String,
    /// The file with the role's password, which only its owner can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The secret of AWS Secrets Manager that has the role's password, by its ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The authority to verify the server with (`sslmode=verify-full`).
    pub ca_file: PathBuf,
}

/// One server of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Instance {
    /// `writer`, `reader-1` …
    pub name: String,
    /// What it does in the cluster.
    pub role: Role,
    /// Whether it runs.
    pub status: InstanceStatus,
    /// `host:port`.
    pub endpoint: String,
    /// What it runs on: `db.r8g.large`; absent where there is no choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The availability zone, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// For a reader, how far it is behind the writer, in bytes of write-ahead
    /// log; absent when it is not connected to the writer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_bytes: Option<u64>,
    /// For a reader, by how much its last change came late; absent when it is
    /// not connected, and when there was no change lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<f64>,
}

/// What an instance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes reads and writes.
    Writer,
    /// Follows the writer and takes reads.
    Reader,
}

/// Whether an instance runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstanceStatus {
    /// Takes connections.
    Available,
    /// Runs and does not take connections yet, or no longer.
    Busy,
    /// Does not run.
    Stopped,
}

impl InstanceStatus {
    /// As users read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
        }
    }
}

/// A copy of a cluster's data at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Its name.
    pub name: SnapshotName,
    /// Who keeps it: `local`, `aws`.
    pub provider: String,
    /// The cluster that it was taken of, which may be gone.
    pub cluster: ClusterName,
    /// The server's version.
    pub version: String,
    /// When it was taken, in UTC (RFC 3339).
    pub created: String,
    /// What it takes on the disk.
    pub size_bytes: u64,
    /// The database that connections to the cluster began with.
    pub database: String,
    /// Accounts beside its own that may restore and copy it; `all` is everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<String>,
}

/// Two environments of which one is to take the other's place, or has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlueGreen {
    /// How far it is.
    pub status: BlueGreenStatus,
    /// The cluster that serves, or did until the switch: `shop`, then `shop-old1`.
    pub blue: ClusterName,
    /// The cluster that follows it, or has taken its place: `shop-green`, then `shop`.
    pub green: ClusterName,
    /// How far green is behind blue, in bytes of write-ahead log; absent after the switch, and when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_bytes: Option<u64>,
    /// By how much blue's last change came late to green; absent after the switch, and when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<f64>,
}

/// How far a blue/green deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlueGreenStatus {
    /// Green is being made, or has not all of blue's data yet.
    Provisioning,
    /// Green has blue's data and follows its changes.
    Available,
    /// Green does not follow.
    Degraded,
    /// Green is taking blue's place.
    Switching,
    /// Green has taken blue's place.
    Switched,
    /// It is being ended.
    Deleting,
}

impl BlueGreenStatus {
    /// As users read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Available => "available",
            Self::Degraded => "degraded",
            Self::Switching => "switching over",
            Self::Switched => "switched over",
            Self::Deleting => "being deleted",
        }
    }
}

/// What shares few sessions of a cluster among many clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proxy {
    /// Its name, where its provider gives it one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `host:port`; connections are as those to the writer but for this.
    pub endpoint: String,
    /// What it does, as its provider says: `available`, `stopped`.
    pub status: String,
    /// Clients give it an IAM token in place of a password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub iam: bool,
    /// Which instances it does not reach, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unhealthy: Vec<String>,
}
