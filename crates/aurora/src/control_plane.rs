use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use howdah_core::{ErrorKind, Result};
use howdah_jobs::{JobCx, Step};
use howdah_pg::{ConnInfo, Secret};
use howdah_store::samples::{Activity, Stretch, Window};

use crate::cost::Description;
use crate::events::Event;
use crate::figures::Series;
use crate::{
    Alarm, AuroraError, Cluster, ClusterName, Connection, EngineVersion, Operation, OperationState, Snapshot,
    SnapshotName, SnapshotSource, Tier,
};

/// Sessions at work that a provider saw by itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeenElsewhere {
    /// A minute each.
    pub activity: Vec<Activity>,
    /// Texts of their statements by the ids, without constants; the provider may have cut them.
    pub texts: Vec<(i64, String)>,
}

/// A provider of clusters.
///
/// An operation is a sequence of steps, each of which can be carried out again
/// after it was carried out wholly or in part: it looks first, then does what is
/// missing. What a provider cannot do, [`ControlPlane::check`] says by name.
#[async_trait]
pub trait ControlPlane: Send + Sync {
    /// The name by which users choose it.
    fn name(&self) -> &'static str;

    /// Whether the operation can be begun: an error says why not, before a job
    /// is recorded.
    async fn check(&self, operation: &Operation) -> Result<()>;

    /// How much of a word an operation needs that [`ControlPlane::check`] lets pass.
    async fn tier(&self, operation: &Operation) -> Result<Tier>;

    /// The steps of an operation; the same for the same operation.
    fn steps(&self, operation: &Operation) -> Vec<Step>;

    /// Carries out a step.
    async fn run_step(
        &self,
        step: &str,
        operation: &Operation,
        cx: &JobCx,
        state: &mut OperationState,
    ) -> Result<()>;

    /// Takes a step back, done wholly or in part.
    async fn undo_step(
        &self,
        step: &str,
        operation: &Operation,
        cx: &JobCx,
        state: &mut OperationState,
    ) -> Result<()>;

    /// What there is now of what the operation is about, a sentence each.
    async fn what_exists(&self, operation: &Operation) -> Vec<String>;

    /// The version of a cluster, and the one that it would get by an upgrade in place to `wanted`: the newest of a
    /// major version. An error names the versions that it can go to.
    async fn upgrade_path(
        &self,
        cluster: &ClusterName,
        _wanted: EngineVersion,
    ) -> Result<(EngineVersion, EngineVersion)> {
        Err(AuroraError::Unsupported {
            provider: self.name(),
            what: format!("upgrade {cluster} in place"),
        }
        .into())
    }

    /// The names of all clusters, in order.
    async fn clusters(&self) -> Result<Vec<ClusterName>>;

    /// All clusters as they are now, in order of name.
    async fn describe_all(&self) -> Result<Vec<Cluster>> {
        let mut all = Vec::new();
        for name in self.clusters().await? {
            match self.describe(&name).await {
                Ok(cluster) => all.push(cluster),
                // Deleted since it was listed.
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// A cluster as it is now. Answers also when its servers do not.
    async fn describe(&self, cluster: &ClusterName) -> Result<Cluster>;

    /// How to connect to a cluster that takes connections; an error that says
    /// what it is instead if it does not.
    async fn connection(&self, cluster: &ClusterName) -> Result<Connection>;

    /// How to connect to the writer through the cluster's proxy, and with which password; an error that says what is
    /// missing where that cannot be.
    async fn through_proxy(&self, cluster: &ClusterName) -> Result<(Connection, Secret)>;

    /// All snapshots, in order of name.
    async fn snapshots(&self) -> Result<Vec<Snapshot>>;

    /// Who may restore a snapshot beside the account that has it: accounts, and `all` for everybody.
    async fn shared_with(&self, _snapshot: &SnapshotName) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// The cluster that a snapshot is of which [`ControlPlane::snapshots`] does not list: one that the provider
    /// took by itself, or one of another region or account.
    async fn source_of(&self, source: &SnapshotSource, _region: Option<&str>) -> Result<ClusterName> {
        Err(AuroraError::Unsupported {
            provider: self.name(),
            what: format!("copy the snapshot {source}: it has no regions and accounts"),
        }
        .into())
    }

    /// The logs of its servers on this machine, the oldest of each first; fetched where they are elsewhere.
    async fn logs(&self, cluster: &ClusterName) -> Result<Vec<PathBuf>>;

    /// What happened to a cluster and its instances in a stretch of time, in no order, as far as the provider
    /// noticed; with what happened to its snapshots, if that is wanted too.
    async fn events(&self, cluster: &ClusterName, window: Window, snapshots: bool) -> Result<Vec<Event>>;

    /// What tells somebody when the cluster is not well, whoever made it.
    async fn alarms(&self, _cluster: &ClusterName) -> Result<Vec<Alarm>> {
        Err(AuroraError::Unsupported {
            provider: self.name(),
            what: "have alarms: triggers of howdah.toml tell people while `howdah watch` runs".to_owned(),
        }
        .into())
    }

    /// Whether it measures clusters by itself.
    fn measures(&self) -> bool {
        false
    }

    /// What the provider measures of a cluster and of its instances by itself.
    async fn series(&self, _cluster: &ClusterName) -> Result<Vec<Series>> {
        Err(AuroraError::Unsupported {
            provider: self.name(),
            what: "measure a cluster by itself: `howdah watch` does".to_owned(),
        }
        .into())
    }

    /// The values of each series by the beginning of their spans, of those that were measured.
    async fn measured(
        &self,
        cluster: &ClusterName,
        _asked: &[Series],
        _stretch: Stretch,
    ) -> Result<Vec<BTreeMap<i64, f64>>> {
        self.series(cluster).await.map(|_| Vec::new())
    }

    /// The sessions at work in the writer that the provider saw by itself, minute by minute.
    async fn seen(&self, cluster: &ClusterName, _window: Window) -> Result<SeenElsewhere> {
        self.series(cluster).await.map(|_| SeenElsewhere::default())
    }

    /// The password of the role that connections use; it may hold for minutes only.
    async fn password(&self, connection: &Connection) -> Result<Secret>;

    /// How a cluster is connected to by the RDS Data API.
    async fn data_api(&self, _cluster: &ClusterName) -> Result<ConnInfo> {
        Err(AuroraError::Unsupported {
            provider: self.name(),
            what: "be reached by the Data API: connect with pgwire".to_owned(),
        }
        .into())
    }

    /// What a cluster is made of and what was measured of it, for its cost.
    async fn usage(&self, _cluster: &ClusterName) -> Result<Description> {
        Err(AuroraError::Unsupported {
            provider: self.name(),
            what: "say what a cluster costs: it costs nothing there. Describe the one that it would be at AWS: --region us-east-1 --size db.r6g.large"
                .to_owned(),
        }
        .into())
    }
}
