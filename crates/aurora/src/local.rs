//! The provider `local`: clusters of real PostgreSQL servers on this machine.
//!
//! A cluster is a directory with a writer and its readers, which follow the
//! writer by streaming replication, each from a slot of its own. A snapshot is
//! an online backup, or a plain copy when the cluster is stopped. A writer keeps
//! its log, so that its cluster can be restored to any moment. Servers run
//! detached: they outlive Howdah, and are found again by their files.

mod backup;
mod blue_green;
mod capacity;
mod create;
mod delete;
mod describe;
mod duplicate;
mod events;
mod failover;
mod layout;
mod log_archive;
mod members;
mod parameters;
mod proxy;
mod run;
mod server;
mod snapshot;
mod steps;
mod upgrade;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use howdah_core::{Error, Result};
use howdah_jobs::{JobCx, Step};
use howdah_localpg::{Account, Installation, Instance, Status};
use howdah_pg::Secret;
use howdah_store::samples::Window;

use crate::events::Event;
use crate::{
    Action, AuroraError, Cluster, ClusterName, ClusterStatus, Connection, ControlPlane, EngineVersion,
    MAX_READERS, Modification, Operation, OperationState, Preset, Shape, Snapshot, Tier,
};
use layout::{Layout, Stage};

/// See the [module](self).
#[derive(Debug, Clone)]
pub struct LocalPlane {
    layout: Layout,
}

impl LocalPlane {
    /// How users choose it.
    pub const NAME: &'static str = "local";

    /// The clusters and snapshots below a directory, as [`howdah_store::home`].
    pub fn at(home: &Path) -> Self {
        Self {
            layout: Layout::new(home),
        }
    }

    /// See [`ControlPlane::steps`].
    pub fn steps_of(operation: &Operation) -> Vec<Step> {
        steps::of(operation)
    }

    fn check_new(&self, cluster: &ClusterName, readers: u8) -> Result<()> {
        if readers > MAX_READERS {
            return Err(AuroraError::TooManyReaders {
                wanted: readers,
                most: MAX_READERS,
            }
            .into());
        }
        Account::of_servers()?;
        match self.layout.cluster(cluster).existing()? {
            None => Ok(()),
            Some(record) => Err(AuroraError::ClusterExists {
                name: cluster.to_string(),
                created: record.created,
                job: record.job,
            }
            .into()),
        }
    }

    async fn check_exists(&self, cluster: &ClusterName) -> Result<()> {
        if self.layout.cluster(cluster).existing()?.is_some() {
            return Ok(());
        }
        let known = self.clusters().await?.into_iter().map(String::from).collect();
        Err(AuroraError::NoCluster {
            name: cluster.to_string(),
            known,
        }
        .into())
    }
}

#[async_trait]
impl ControlPlane for LocalPlane {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn check(&self, operation: &Operation) -> Result<()> {
        let cluster = &operation.cluster;
        let source = match &operation.action {
            Action::Clone { source, .. } | Action::RestoreToTime { source, .. } => source,
            _ => cluster,
        };
        blue_green::check_other(&self.layout.cluster(source), &operation.action)?;
        match &operation.action {
            Action::Create {
                version,
                readers,
                database,
                shape,
            } => {
                check_shape(shape)?;
                if database.is_empty() || database.len() > 63 || database.contains('\0') {
                    return Err(Error::invalid("The name of a database has 1 to 63 bytes."));
                }
                self.check_new(cluster, *readers)?;
                Installation::require(*version)?;
            }
            Action::Restore {
                snapshot,
                readers,
                shape,
            } => {
                check_shape(shape)?;
                self.check_new(cluster, *readers)?;
                let record = self.layout.snapshot(snapshot).require(&self.layout)?;
                Installation::require(Some(record.major))?;
            }
            Action::RestoreToTime {
                source,
                time,
                readers,
                shape,
            } => {
                check_shape(shape)?;
                self.check_new(cluster, *readers)?;
                self.check_exists(source).await?;
                log_archive::check(&self.layout.cluster(source), time)?;
            }
            Action::Snapshot { snapshot }
            | Action::Delete {
                final_snapshot: Some(snapshot),
            } => {
                self.check_exists(cluster).await?;
                self.layout.snapshot(snapshot).check_free()?;
            }
            Action::CopySnapshot(copy) => {
                snapshot::check_copy(&self.layout, copy)?;
            }
            Action::ShareSnapshot { .. } | Action::UnshareSnapshot { .. } => {
                return Err(cannot(
                    "share a snapshot: it has no accounts. Who may read this machine's files can copy its directory",
                ));
            }
            Action::DeleteSnapshot { snapshot } => {
                self.layout.snapshot(snapshot).require(&self.layout)?;
            }
            Action::Stop | Action::Start | Action::Delete { final_snapshot: None } => {
                self.check_exists(cluster).await?;
            }
            Action::Clone {
                source,
                readers,
                shape,
            } => {
                check_shape(shape)?;
                self.check_new(cluster, *readers)?;
                self.check_exists(source).await?;
                Installation::require(Some(self.layout.cluster(source).record()?.major))?;
            }
            Action::AddReader => {
                self.check_exists(cluster).await?;
                members::check_add(&self.layout.cluster(cluster))?;
            }
            Action::RemoveReader { reader } => {
                self.check_exists(cluster).await?;
                failover::number(&self.layout.cluster(cluster), reader)?;
            }
            Action::Failover { to } => {
                self.check_exists(cluster).await?;
                failover::check(&self.layout.cluster(cluster), to.as_deref())?;
            }
            Action::Modify(change) => {
                self.check_exists(cluster).await?;
                parameters::check(&self.layout.cluster(cluster), change).await?;
            }
            action @ (Action::CreateBlueGreen { .. }
            | Action::SwitchBlueGreen { .. }
            | Action::DeleteBlueGreen { .. }) => {
                self.check_exists(cluster).await?;
                blue_green::check(&self.layout, &self.layout.cluster(cluster), action).await?;
            }
            Action::CreateProxy(options) => {
                self.check_exists(cluster).await?;
                proxy::check_create(&self.layout.cluster(cluster), options)?;
            }
            Action::DeleteProxy => {
                self.check_exists(cluster).await?;
                proxy::check_delete(&self.layout.cluster(cluster))?;
            }
            Action::CreateAlarms { .. } | Action::DeleteAlarms => return Err(cannot(NO_ALARMS)),
            Action::Upgrade(what) => return Err(upgrade::refused(cluster, what.to)),
        }
        Ok(())
    }

    async fn tier(&self, operation: &Operation) -> Result<Tier> {
        Ok(match &operation.action {
            Action::Delete {
                final_snapshot: Some(snapshot),
            } => Tier::Risk {
                effect: format!("Its data are kept in the snapshot {snapshot}."),
            },
            Action::Delete { final_snapshot: None } => Tier::Risk {
                effect: "Its data are gone for good: no snapshot is taken.".to_owned(),
            },
            Action::DeleteSnapshot { .. } => Tier::Risk {
                effect: format!(
                    "It is the copy of the cluster {}; its data are gone for good.",
                    operation.cluster
                ),
            },
            Action::Failover { .. } => Tier::Risk {
                effect: "Its clients lose their connections and wait for some seconds; logical replication slots stay behind.".to_owned(),
            },
            Action::Modify(change) => parameters::tier(&self.layout.cluster(&operation.cluster), change).await?,
            Action::DeleteProxy => Tier::Risk {
                effect: "Its clients lose their connections.".to_owned(),
            },
            Action::RemoveReader { reader } => Tier::Confirm {
                effect: format!("Clients of {reader} lose their connections."),
            },
            Action::CreateBlueGreen { .. } | Action::SwitchBlueGreen { .. } | Action::DeleteBlueGreen { .. } => {
                blue_green::tier(&self.layout, operation)
            }
            _ => Tier::Free,
        })
    }

    fn steps(&self, operation: &Operation) -> Vec<Step> {
        Self::steps_of(operation)
    }

    async fn run_step(
        &self,
        step: &str,
        operation: &Operation,
        cx: &JobCx,
        state: &mut OperationState,
    ) -> Result<()> {
        let cluster = self.layout.cluster(&operation.cluster);
        cx.check_cancelled()?;
        if blue_green::is_about(&operation.action) {
            return blue_green::run_step(&self.layout, step, operation, cx, state).await;
        }
        if let Some(number) = step.strip_prefix("copy-reader-") {
            return create::copy_reader(&cluster, number).await;
        }
        if let Some(number) = step.strip_prefix("start-reader-") {
            return create::start_reader(&self.layout, &cluster, number).await;
        }
        match (step, &operation.action) {
            ("choose", Action::Failover { to }) => failover::choose(&cluster, to.as_deref(), cx, state).await,
            ("stop", Action::Failover { .. }) => failover::stop(&cluster, cx, state).await,
            ("exchange", _) => failover::exchange(&cluster, cx, state).await,
            ("promote", _) => failover::promote(&self.layout, &cluster, state).await,
            ("follow", _) => failover::follow(&self.layout, &cluster, state).await,
            ("choose", Action::AddReader) => members::choose(&cluster, cx, state).await,
            ("copy", Action::AddReader) => create::copy_reader(&cluster, &members::chosen(state)?).await,
            ("start", Action::AddReader) => {
                create::start_reader(&self.layout, &cluster, &members::chosen(state)?).await?;
                members::note(&cluster, state)
            }
            ("proxy", _) => {
                proxy::create(&self.layout, &cluster).await?;
                state.connection = Some(blocking(move || proxy::connection(&cluster)).await?);
                Ok(())
            }
            ("remove-proxy", _) => proxy::remove(&cluster).await,
            (
                "capacity",
                Action::Modify(Modification {
                    compute: Some(compute),
                    ..
                }),
            ) => capacity::set(&cluster, compute, state).await,
            ("parameters", Action::Modify(change)) => parameters::set(&cluster, change, cx).await,
            ("restart", Action::Modify(_)) => parameters::restart(&self.layout, &cluster, cx, state).await,
            ("remove-reader", Action::RemoveReader { reader }) => {
                let number = reader.strip_prefix("reader-").unwrap_or(reader);
                members::remove(&self.layout, &cluster, number).await
            }
            ("restore", Action::Clone { source, .. }) => {
                duplicate::copy(&self.layout.cluster(source), &cluster).await
            }
            ("prepare", action) => create::prepare(&self.layout, &cluster, action, cx.id()).await,
            ("init", _) => create::init(&cluster).await,
            ("close-log", Action::RestoreToTime { source, .. }) => {
                log_archive::close(&self.layout.cluster(source)).await
            }
            ("restore", Action::RestoreToTime { source, time, .. }) => {
                log_archive::restore(&self.layout.cluster(source), &cluster, time).await
            }
            ("start", Action::RestoreToTime { .. }) => log_archive::catch_up(&self.layout, &cluster).await,
            ("base", _) => log_archive::keep_base(&cluster).await,
            ("start", _) => run::start_writer(&self.layout, &cluster).await,
            ("database", _) => create::database(&cluster).await,
            ("finish", _) => create::finish(&cluster, state).await,
            ("restore", Action::Restore { snapshot, .. }) => {
                snapshot::restore(&self.layout.snapshot(snapshot), &cluster).await
            }
            ("password", _) => create::password(&cluster).await,
            ("stop", Action::Delete { .. }) => delete::stop(&self.layout, &cluster, cx, state).await,
            ("stop", _) => run::stop(&cluster).await,
            ("start-all", _) => {
                run::start_all(&self.layout, &cluster, state).await?;
                blue_green::reconnect(&self.layout, &cluster).await
            }
            (
                "snapshot",
                Action::Snapshot { snapshot }
                | Action::Delete {
                    final_snapshot: Some(snapshot),
                },
            ) => snapshot::take(&self.layout, &cluster, snapshot, cx.id(), state).await,
            ("copy-snapshot", Action::CopySnapshot(copy)) => {
                snapshot::copy(&self.layout, copy, cx.id(), state).await
            }
            ("remove", _) => delete::remove(&self.layout, &cluster, cx, state).await,
            ("remove-snapshot", Action::DeleteSnapshot { snapshot }) => {
                snapshot::remove(&self.layout, snapshot, cx, state).await
            }
            _ => Err(unknown_step(step)),
        }
    }

    async fn undo_step(
        &self,
        step: &str,
        operation: &Operation,
        cx: &JobCx,
        state: &mut OperationState,
    ) -> Result<()> {
        if blue_green::is_about(&operation.action) {
            return blue_green::undo_step(&self.layout, step, operation, cx, state).await;
        }
        let cluster = self.layout.cluster(&operation.cluster);
        match (step, &operation.action) {
            ("stop", Action::Failover { .. }) => failover::settle(&self.layout, &cluster, cx, state).await,
            ("choose", Action::AddReader) if !state.members.is_empty() => {
                members::remove(&self.layout, &cluster, &members::chosen(state)?).await
            }
            ("proxy", Action::CreateProxy(_)) => proxy::remove(&cluster).await,
            // Takes all that later steps made with it.
            ("prepare", _) => create::unmake(&self.layout, &cluster, cx.id()).await,
            (
                "snapshot",
                Action::Snapshot { snapshot }
                | Action::Delete {
                    final_snapshot: Some(snapshot),
                },
            ) if !state.point_of_no_return => snapshot::untake(&self.layout, snapshot, cx.id()).await,
            ("copy-snapshot", Action::CopySnapshot(copy)) => {
                snapshot::untake(&self.layout, &copy.snapshot, cx.id()).await
            }
            ("stop", Action::Delete { .. }) if !state.point_of_no_return => {
                delete::unstop(&self.layout, &cluster, state).await
            }
            ("remove-snapshot", Action::DeleteSnapshot { snapshot }) => {
                snapshot::unremove(&self.layout, snapshot, cx.id(), state).await
            }
            // What cannot be taken back is finished.
            ("remove", _) if state.point_of_no_return => {
                delete::remove(&self.layout, &cluster, cx, state).await
            }
            _ => Ok(()),
        }
    }

    async fn what_exists(&self, operation: &Operation) -> Vec<String> {
        let cluster = self.layout.cluster(&operation.cluster);
        let mut found = Vec::new();
        if let Ok(cluster) = describe::describe(&self.layout, &operation.cluster).await {
            found.push(format!(
                "The cluster {} is {}.",
                cluster.name,
                cluster.status.as_str()
            ));
        } else if cluster.path().exists() {
            found.push(format!(
                "The directory {} has remains of the cluster.",
                cluster.path().display()
            ));
        }
        if blue_green::is_about(&operation.action) {
            found.extend(blue_green::what_exists(&self.layout, &cluster).await);
        }
        let snapshot = match &operation.action {
            Action::Snapshot { snapshot } | Action::DeleteSnapshot { snapshot } => Some(snapshot),
            Action::CopySnapshot(copy) => Some(&copy.snapshot),
            Action::Delete { final_snapshot } => final_snapshot.as_ref(),
            _ => None,
        };
        if let Some(name) = snapshot.filter(|name| self.layout.snapshot(name).path().exists()) {
            found.push(format!("The snapshot {name} is there."));
        }
        found
    }

    async fn clusters(&self) -> Result<Vec<ClusterName>> {
        self.layout.clusters()
    }

    async fn describe(&self, cluster: &ClusterName) -> Result<Cluster> {
        self.check_exists(cluster).await?;
        describe::describe(&self.layout, cluster).await
    }

    async fn connection(&self, cluster: &ClusterName) -> Result<Connection> {
        self.check_exists(cluster).await?;
        let directory = self.layout.cluster(cluster);
        let record = directory.record()?;
        let name = cluster.to_string();
        let not_available = move |status: ClusterStatus| AuroraError::NotAvailable {
            name: name.clone(),
            status: status.as_str().to_owned(),
        };
        match record.stage {
            Stage::Creating => Err(not_available(ClusterStatus::Creating).into()),
            Stage::Deleting => Err(not_available(ClusterStatus::Deleting).into()),
            Stage::Whole if record.stopped => Err(not_available(ClusterStatus::Stopped).into()),
            Stage::Whole => {
                blocking(move || {
                    // After a crash or a restart of the machine nobody has started it.
                    match directory.writer()?.status() {
                        Status::Stopped => Err(not_available(ClusterStatus::Down).into()),
                        Status::Busy | Status::Ready => directory.connection(),
                    }
                })
                .await
            }
        }
    }

    async fn upgrade_path(
        &self,
        cluster: &ClusterName,
        wanted: EngineVersion,
    ) -> Result<(EngineVersion, EngineVersion)> {
        self.check_exists(cluster).await?;
        upgrade::path(&self.layout.cluster(cluster), wanted)
    }

    async fn snapshots(&self) -> Result<Vec<Snapshot>> {
        self.layout.snapshots()
    }

    async fn logs(&self, cluster: &ClusterName) -> Result<Vec<PathBuf>> {
        self.check_exists(cluster).await?;
        let directory = self.layout.cluster(cluster);
        let instances = directory.instance_dirs();
        let found = instances.iter().filter_map(|path| Instance::open(path).ok());
        Ok(found.flat_map(|instance| instance.logs()).collect())
    }

    async fn events(&self, cluster: &ClusterName, window: Window, _snapshots: bool) -> Result<Vec<Event>> {
        self.check_exists(cluster).await?;
        let directory = self.layout.cluster(cluster);
        blocking(move || events::of(&directory, window)).await
    }

    async fn through_proxy(&self, cluster: &ClusterName) -> Result<(Connection, Secret)> {
        self.check_exists(cluster).await?;
        let directory = self.layout.cluster(cluster);
        let connection = blocking(move || proxy::connection(&directory)).await?;
        let password = self.password(&connection).await?;
        Ok((connection, password))
    }

    async fn password(&self, connection: &Connection) -> Result<Secret> {
        let cluster = connection.target.parse::<ClusterName>()?;
        self.check_exists(&cluster).await?;
        self.layout.cluster(&cluster).password().map(Secret::new)
    }
}

/// Whether a cluster can have that shape here.
fn check_shape(shape: &Shape) -> Result<()> {
    if shape.preset != Preset::default() {
        return Err(cannot("choose a preset"));
    }
    capacity::check(shape.compute.as_ref())
}

const NO_ALARMS: &str = "make alarms: triggers of howdah.toml tell people while `howdah watch` runs";

fn cannot(what: &str) -> Error {
    AuroraError::Unsupported {
        provider: LocalPlane::NAME,
        what: what.to_owned(),
    }
    .into()
}

fn unknown_step(step: &str) -> Error {
    Error::internal(format!("The provider local has no step {step:?}."))
}

/// Runs what blocks (processes, files) off the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal(format!("A step ended without a result: {error}")))?
}
