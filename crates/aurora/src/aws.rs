//! The provider `aws`: Aurora PostgreSQL in an account of AWS.
//!
//! Nothing is remembered here that AWS knows: what a job made has the job's id as a tag, and
//! every step looks first, so that neither a lost reply nor a worker's death makes anything
//! twice or leaves anything behind.

mod account;
mod alarms;
mod blue_green;
mod call;
mod certificates;
mod change;
mod cloudwatch;
mod data_api;
mod delete;
mod describe;
mod events;
mod express;
mod group;
mod insights;
mod key;
mod logs;
mod look;
mod make;
mod parameters;
mod permit;
mod preset;
mod prices;
mod proxy;
mod run;
mod secret;
mod snapshot;
mod statistics;
mod steps;
mod token;
mod upgrade;
mod usage;
mod wait;

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use aws_sdk_rds::types::DbCluster;
use howdah_core::{Error, Result};
use howdah_jobs::{JobCx, Step};
use howdah_pg::{ConnInfo, Secret};
use howdah_store::samples::{Stretch, Window};

pub(crate) use account::{Account, AwsSettings};
pub use aws_credential_types::Credentials;
use call::Caller;
pub use token::token;

use crate::control_plane::SeenElsewhere;
use crate::cost::{Description, Prices};
use crate::events::Event;
use crate::figures::Series;
use crate::{
    Action, Alarm, AuroraError, BlueGreenStatus, Cluster, ClusterName, ClusterStatus, Connection,
    ControlPlane, EngineVersion, Member, Operation, OperationState, Snapshot, SnapshotName, SnapshotSource,
    Tier,
};

/// See the [module](self).
#[derive(Debug, Clone)]
pub struct AwsPlane {
    account: Account,
}

impl AwsPlane {
    /// How users choose it.
    pub const NAME: &'static str = "aws";

    pub(crate) fn new(account: &Account) -> Self {
        Self {
            account: account.clone(),
        }
    }

    /// See [`ControlPlane::steps`].
    pub fn steps_of(operation: &Operation) -> Vec<Step> {
        steps::of(operation)
    }

    /// The prices of a region as AWS lists them now.
    pub async fn live_prices(&self, region: &str) -> Result<Prices> {
        prices::live(self.caller(), region).await
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            account: &self.account,
            cx: None,
        }
    }

    /// That the databases have nothing which a green environment would not get, where they can be looked at.
    async fn check_tables(&self, cluster: &ClusterName) -> Result<()> {
        match blue_green::tables(self, self.caller(), cluster).await? {
            Ok(seen) if !seen.is_empty() => Err(Error::refused(format!(
                "The cluster {cluster} has what a green environment does not get: {}.",
                seen.join("; ")
            ))
            .hint("Give each table a primary key (`howdah review schema` finds them), or REPLICA IDENTITY FULL; move large objects into bytea columns.")),
            _ => Ok(()),
        }
    }

    /// A cluster with its instances, as AWS has it and in Howdah's terms.
    async fn look(&self, cluster: &ClusterName) -> Result<(DbCluster, Cluster)> {
        let found = self.caller().require_cluster(cluster).await?;
        let mut instances = Vec::new();
        for member in found.db_cluster_members() {
            instances.extend(
                self.caller()
                    .instance(member.db_instance_identifier().unwrap_or_default())
                    .await?,
            );
        }
        let described = describe::cluster(&self.account, &found, &instances).ok_or_else(|| {
            Error::internal(format!("AWS described the cluster {cluster} without its name."))
        })?;
        Ok((found, described))
    }

    /// The instances of a new cluster: number 1 is the writer.
    async fn make_member(&self, number: u8, operation: &Operation, cx: &JobCx) -> Result<()> {
        let caller = Caller {
            account: &self.account,
            cx: Some(cx),
        };
        let compute = make::compute(caller, operation).await?;
        let seconds = make::plan(&operation.action).map_or(0, |(shape, _)| {
            preset::Guards::of(shape.preset).monitoring_seconds
        });
        let member = Member {
            name: make::member_of(&operation.cluster, number),
            class: compute.class().to_owned(),
            tier: i32::from(number.min(2)) - 1,
            writer: number == 1,
            monitoring_seconds: seconds,
        };
        make::instance(caller, cx.id(), &operation.cluster, &member).await
    }
}

#[async_trait]
impl ControlPlane for AwsPlane {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn check(&self, operation: &Operation) -> Result<()> {
        permit::check(self.caller(), operation).await?;
        match &operation.action {
            Action::CreateBlueGreen { .. } => self.check_tables(&operation.cluster).await,
            _ => Ok(()),
        }
    }

    async fn tier(&self, operation: &Operation) -> Result<Tier> {
        let tier = permit::tier(self.caller(), operation).await?;
        match (&operation.action, tier) {
            (Action::CreateBlueGreen { .. }, Tier::Confirm { effect }) => {
                match blue_green::tables(self, self.caller(), &operation.cluster).await? {
                    Ok(_) => Ok(Tier::Confirm { effect }),
                    Err(why) => Ok(Tier::Confirm {
                        effect: format!(
                            "{effect} Whether its tables can follow was not seen ({}): those without a primary key cannot.",
                            why.trim_end_matches('.')
                        ),
                    }),
                }
            }
            (_, tier) => Ok(tier),
        }
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
        cx.check_cancelled()?;
        let caller = Caller {
            account: &self.account,
            cx: Some(cx),
        };
        let cluster = &operation.cluster;
        if let Some(number) = steps::member(step) {
            return self.make_member(number, operation, cx).await;
        }
        match (step, &operation.action) {
            ("parameters", Action::Delete { .. }) => {
                group::remove_with_cluster(caller, cluster, state.group.as_deref()).await
            }
            ("parameters", Action::Modify(change)) => {
                parameters::apply(caller, cx, cluster, &change.parameters).await
            }
            ("parameters", _) => make::parameters(caller, cx, operation, state).await,
            ("cluster", Action::Delete { final_snapshot }) => {
                delete::cluster(caller, cx, cluster, final_snapshot.as_ref(), state).await
            }
            ("cluster", Action::Modify(change)) => run::modify_cluster(caller, cluster, change).await,
            ("cluster", _) => make::cluster(caller, cx, operation, state).await,
            ("wait", action) if express::is_wanted(action) => express::available(caller, cx, cluster).await,
            ("wait", _) => wait::available(caller, cluster).await,
            ("guard", _) => make::guard(caller, operation).await,
            ("finish", _) => make::finish(caller, operation, state).await,
            ("stop", _) => run::stop(caller, cluster).await,
            ("start", _) => {
                run::start(caller, cluster).await?;
                make::finish(caller, operation, state).await
            }
            ("instances", Action::Modify(change)) => {
                run::modify_instances(caller, cx, cluster, change, state).await
            }
            ("instances", _) => delete::instances(caller, cx, cluster, state).await,
            (
                "group",
                Action::CreateBlueGreen {
                    version: Some(major), ..
                },
            ) => blue_green::make_group(caller, cx, cluster, *major).await,
            ("deployment", Action::CreateBlueGreen { version, compute }) => {
                blue_green::create(caller, cx, cluster, *version, compute.as_ref()).await
            }
            ("green", _) => blue_green::await_green(caller, cx, cluster, state).await,
            ("switch", Action::SwitchBlueGreen { timeout_s }) => {
                blue_green::await_near(self, caller, cx, cluster).await?;
                blue_green::switch(caller, cx, cluster, *timeout_s, state).await
            }
            ("deployment", Action::DeleteBlueGreen { keep }) => {
                blue_green::end(caller, cx, cluster, *keep, state).await
            }
            ("old", _) => blue_green::remove_old(caller, state).await,
            ("proxy", Action::CreateProxy(options)) => proxy::create(caller, cx, cluster, options).await,
            ("targets", Action::CreateProxy(_)) => proxy::register(caller, cx, cluster).await,
            ("reach", Action::CreateProxy(_)) => proxy::await_target(caller, cx, cluster, state).await,
            ("proxy", Action::Delete { .. }) => proxy::delete_with_cluster(caller, cx, cluster).await,
            ("proxy", _) => Ok(proxy::delete(caller, cluster).await?),
            ("alarms", Action::CreateAlarms { topics }) => {
                alarms::create(caller, cx, cluster, topics, state).await
            }
            ("alarms", Action::Delete { .. }) => alarms::delete_with_cluster(caller, cx, cluster).await,
            ("alarms", _) => alarms::delete_all(caller, cluster).await,
            ("group", Action::Upgrade(what)) => upgrade::make_group(caller, cx, cluster, what).await,
            ("upgrade", Action::Upgrade(what)) => upgrade::run(caller, cx, cluster, what, state).await,
            ("analyze", Action::Upgrade(what)) => {
                let left = statistics::analyze(self, cx, state.connection.as_ref(), what).await?;
                state.left.splice(0..0, left);
                Ok(())
            }
            ("snapshot", Action::Upgrade(what)) => {
                snapshot::take(caller, cx, cluster, &what.snapshot, state).await?;
                wait::snapshot_available(caller, what.snapshot.as_str()).await?;
                wait::available(caller, cluster).await
            }
            ("restart", Action::Modify(_)) => parameters::restart(caller, cx, cluster, state).await,
            ("snapshot", Action::Snapshot { snapshot }) => {
                snapshot::take(caller, cx, cluster, snapshot, state).await?;
                wait::snapshot_available(caller, snapshot.as_str()).await
            }
            ("copy-snapshot", Action::CopySnapshot(copy)) => {
                snapshot::copy::make(caller, cx, copy, state).await
            }
            ("share", Action::ShareSnapshot { snapshot, sharing }) => {
                snapshot::share::share(caller, cx, snapshot, sharing, state).await
            }
            ("unshare", Action::UnshareSnapshot { snapshot, sharing }) => {
                snapshot::share::end(caller, snapshot, &sharing.values(), state).await
            }
            ("remove-snapshot", Action::DeleteSnapshot { snapshot }) => {
                snapshot::remove(caller, cx, snapshot, state).await
            }
            ("add-reader", _) => run::add_reader(caller, cx, cluster, state).await,
            ("remove-reader", Action::RemoveReader { reader }) => {
                run::remove_reader(caller, cluster, reader).await
            }
            ("failover", Action::Failover { to }) => {
                run::failover(caller, cx, cluster, to.as_deref(), state).await
            }
            _ => Err(Error::internal(format!("The provider aws has no step {step:?}."))),
        }
    }

    async fn undo_step(
        &self,
        step: &str,
        operation: &Operation,
        cx: &JobCx,
        state: &mut OperationState,
    ) -> Result<()> {
        let caller = Caller {
            account: &self.account,
            cx: Some(cx),
        };
        let cluster = &operation.cluster;
        if let Some(number) = steps::member(step) {
            return delete::unmake_instance(caller, cx.id(), &make::member_of(cluster, number)).await;
        }
        match (step, &operation.action) {
            // What cannot be taken back is finished.
            ("cluster", Action::Delete { final_snapshot }) if state.point_of_no_return => {
                delete::cluster(caller, cx, cluster, final_snapshot.as_ref(), state).await
            }
            ("instances", Action::Delete { .. }) => {
                delete::restore_instances(caller, cx, cluster, state).await
            }
            ("parameters" | "cluster", Action::Delete { .. } | Action::Modify(_)) => Ok(()),
            ("parameters", _) => group::remove(caller, &group::of(cluster), Some(cx.id())).await,
            ("cluster", _) => delete::unmake_cluster(caller, cx.id(), operation).await,
            ("snapshot", Action::Snapshot { snapshot }) => snapshot::untake(caller, cx.id(), snapshot).await,
            ("copy-snapshot", Action::CopySnapshot(copy)) => {
                snapshot::untake(caller, cx.id(), &copy.snapshot).await
            }
            ("share", Action::ShareSnapshot { snapshot, .. }) => {
                snapshot::share::unmake(caller, snapshot, state).await
            }
            (
                "group",
                Action::CreateBlueGreen {
                    version: Some(major), ..
                },
            ) => blue_green::unmake_group(caller, cx.id(), cluster, *major).await,
            ("deployment", Action::CreateBlueGreen { .. }) => {
                blue_green::unmake(caller, cx.id(), cluster).await
            }
            ("upgrade", Action::Upgrade(what)) => upgrade::keep(caller, cluster, what).await,
            ("group", Action::Upgrade(what)) => upgrade::unmake_group(caller, cx.id(), cluster, what).await,
            // Nothing has changed, or this would not be reached.
            ("snapshot", Action::Upgrade(what)) => snapshot::untake(caller, cx.id(), &what.snapshot).await,
            ("switch", _) => blue_green::keep_switch(caller, cluster).await,
            ("proxy", Action::CreateProxy(_)) => proxy::unmake(caller, cx.id(), cluster).await,
            ("alarms", Action::CreateAlarms { .. }) => alarms::unmake(caller, cluster, &state.alarms).await,
            ("failover", _) => run::keep_failover(caller, cluster, state).await,
            ("add-reader", _) => {
                for member in &state.members {
                    delete::unmake_instance(caller, cx.id(), &member.name).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn what_exists(&self, operation: &Operation) -> Vec<String> {
        permit::what_exists(self.caller(), operation).await
    }

    async fn clusters(&self) -> Result<Vec<ClusterName>> {
        let found = self.caller().clusters().await?;
        Ok(found
            .iter()
            .filter_map(|one| one.db_cluster_identifier()?.parse().ok())
            .collect())
    }

    async fn describe_all(&self) -> Result<Vec<Cluster>> {
        let found = self.caller().clusters().await?;
        let instances = match found.is_empty() {
            true => Vec::new(),
            false => self.caller().instances().await?,
        };
        Ok(found
            .iter()
            .filter_map(|one| describe::cluster(&self.account, one, &instances))
            .collect())
    }

    async fn describe(&self, cluster: &ClusterName) -> Result<Cluster> {
        let (found, mut described) = self.look(cluster).await?;
        let set = match parameters::set_by_hand(self.caller(), &found).await {
            Ok(set) => set.join(", "),
            // A role may be allowed to see clusters, and not their parameters.
            Err(error) => format!("not known: {}", error.message),
        };
        // Likewise their deployments.
        if let Ok(Some(deployment)) = blue_green::find(self.caller(), cluster.as_str()).await {
            described.blue_green = blue_green::shown(&deployment);
            if let Some(shown) = &mut described.blue_green
                && shown.status == BlueGreenStatus::Available
                && let Some(lag) = blue_green::lag(self, &shown.blue).await
            {
                (shown.lag_bytes, shown.lag_ms) = (Some(lag.bytes), lag.ms);
                if !lag.follows {
                    shown.status = BlueGreenStatus::Degraded;
                }
            }
        }
        // Likewise their proxies.
        if let Ok(Some((proxy, targets))) = proxy::before(self.caller(), cluster).await {
            described.proxy = Some(proxy::shown(&proxy, &targets));
        }
        if !set.is_empty() {
            described.details.insert("Parameters".to_owned(), set);
        }
        Ok(described)
    }

    async fn connection(&self, cluster: &ClusterName) -> Result<Connection> {
        let (_, found) = self.look(cluster).await?;
        match (found.status, found.connection) {
            (ClusterStatus::Available | ClusterStatus::Degraded, Some(connection)) => Ok(connection),
            (status, _) => Err(AuroraError::NotAvailable {
                name: cluster.to_string(),
                status: status.as_str().to_owned(),
            }
            .into()),
        }
    }

    async fn through_proxy(&self, cluster: &ClusterName) -> Result<(Connection, Secret)> {
        proxy::through(self.caller(), cluster).await
    }

    async fn snapshots(&self) -> Result<Vec<Snapshot>> {
        Ok(self
            .caller()
            .snapshots()
            .await?
            .iter()
            .filter_map(describe::snapshot)
            .collect())
    }

    async fn shared_with(&self, snapshot: &SnapshotName) -> Result<Vec<String>> {
        Ok(snapshot::share::with(self.caller(), snapshot).await?)
    }

    async fn source_of(&self, source: &SnapshotSource, region: Option<&str>) -> Result<ClusterName> {
        snapshot::copy::cluster(self.caller(), source, region).await
    }

    async fn logs(&self, cluster: &ClusterName) -> Result<Vec<PathBuf>> {
        let (_, found) = self.look(cluster).await?;
        logs::fetch(self.caller(), cluster, &found.instances).await
    }

    async fn events(&self, cluster: &ClusterName, window: Window, snapshots: bool) -> Result<Vec<Event>> {
        events::of(self.caller(), cluster, window, snapshots).await
    }

    async fn alarms(&self, cluster: &ClusterName) -> Result<Vec<Alarm>> {
        alarms::about(self.caller(), cluster).await
    }

    async fn password(&self, connection: &Connection) -> Result<Secret> {
        secret::password(self.caller(), connection).await
    }

    fn measures(&self) -> bool {
        true
    }

    async fn series(&self, cluster: &ClusterName) -> Result<Vec<Series>> {
        cloudwatch::series(self.caller(), cluster).await
    }

    async fn measured(
        &self,
        cluster: &ClusterName,
        asked: &[Series],
        stretch: Stretch,
    ) -> Result<Vec<BTreeMap<i64, f64>>> {
        cloudwatch::measured(self.caller(), cluster, asked, stretch).await
    }

    async fn seen(&self, cluster: &ClusterName, window: Window) -> Result<SeenElsewhere> {
        insights::seen(self.caller(), cluster, window).await
    }

    async fn data_api(&self, cluster: &ClusterName) -> Result<ConnInfo> {
        let (found, described) = self.look(cluster).await?;
        let classes: Vec<String> = described
            .instances
            .into_iter()
            .filter_map(|instance| instance.class)
            .collect();
        data_api::conninfo(&self.account, &found, &classes)
    }

    async fn upgrade_path(
        &self,
        cluster: &ClusterName,
        wanted: EngineVersion,
    ) -> Result<(EngineVersion, EngineVersion)> {
        upgrade::path(self.caller(), cluster, wanted).await
    }

    async fn usage(&self, cluster: &ClusterName) -> Result<Description> {
        usage::of(self.caller(), cluster).await
    }
}
