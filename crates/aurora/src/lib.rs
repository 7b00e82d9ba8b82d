//! Clusters: what can be done with one, as jobs, and the providers that do it.
//!
//! A [`ControlPlane`] is a provider. [`Clusters`] is what tools use: it knows
//! the providers, describes clusters and turns one into a target of queries.
//! Everything that changes a cluster is an [`Operation`], carried out as a job
//! of one of the kinds in [`jobs`].

mod alarm;
#[cfg(feature = "aws")]
pub mod aws;
mod cluster;
mod clusters;
mod control_plane;
pub mod cost;
pub mod elsewhere;
mod error;
pub mod events;
pub mod figures;
mod jobs;
pub mod local;
mod name;
mod operation;
mod shape;
mod sharing;
mod tier;
mod upgrade;

pub use alarm::{Alarm, AlarmState};
pub use cluster::{
    BlueGreen, BlueGreenStatus, Cluster, ClusterStatus, Connection, Instance, InstanceStatus, Proxy, Role,
    Snapshot,
};
pub use clusters::{Clusters, Listing, PROVIDERS};
pub use control_plane::{ControlPlane, SeenElsewhere};
pub use error::AuroraError;
pub use name::{ClusterName, SnapshotName, SnapshotSource};
pub use operation::{
    Action, DEFAULT_SWITCH_TIMEOUT_S, MAX_READERS, Member, Modification, Operation, OperationState,
    ProxyOptions, SWITCH_TIMEOUT_S, SnapshotCopy,
};
pub use shape::{Acu, Compute, Preset, Shape};
pub use sharing::{AccountId, Sharing};
pub use tier::Tier;
pub use upgrade::{EngineVersion, Upgrade};

/// How the log of an instance of RDS comes to this machine.
pub fn log_of_rds(instance: &str) -> String {
    format!(
        "Fetch one and give it with --file: aws rds describe-db-log-files --db-instance-identifier {instance} names them; \
         aws rds download-db-log-file-portion --db-instance-identifier {instance} --log-file-name NAME --starting-token 0 --output text > log"
    )
}
