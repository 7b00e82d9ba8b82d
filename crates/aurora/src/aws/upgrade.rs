//! Upgrades in place: AWS says to which versions a cluster can go, carries it out on all instances at once, and goes
//! back by itself where it finds that it cannot.

use aws_sdk_rds::types::{DbCluster, SourceType};
use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;

use super::call::Caller;
use super::look::ENGINE;
use super::statistics::analyze_by_hand;
use super::{blue_green, describe, group, parameters, permit, snapshot, wait};
use crate::{ClusterName, EngineVersion, OperationState, Tier, Upgrade};

/// As often a cluster is seen unchanged before an upgrade that was asked for has not been begun.
const UNMOVED: u32 = 30;
/// Minutes back that events are asked for.
const EVENTS_OF_MINUTES: i32 = 24 * 60;

fn version_of(found: &DbCluster) -> Option<EngineVersion> {
    found.engine_version()?.parse().ok()
}

/// The version of a cluster, and the one that it gets where `wanted` is asked for: the newest of a major version.
pub(super) async fn path(
    caller: Caller<'_>,
    cluster: &ClusterName,
    wanted: EngineVersion,
) -> Result<(EngineVersion, EngineVersion)> {
    let found = caller.require_cluster(cluster).await?;
    let text = found.engine_version().unwrap_or_default();
    let from = version_of(&found).ok_or_else(|| {
        Error::refused(format!(
            "The cluster {cluster} has the version {text:?}, which howdah cannot compare."
        ))
        .hint("Upgrade it by `aws rds modify-db-cluster --engine-version`.")
    })?;
    let possible = targets(caller, text).await?;
    let best = possible.iter().copied().filter(|one| match wanted.minor {
        Some(_) => *one == wanted,
        None => one.major == wanted.major,
    });
    if let Some(to) = best.max() {
        return Ok((from, to));
    }
    let is_there = from.major == wanted.major && wanted.minor.is_none_or(|minor| from.minor == Some(minor));
    let message = match is_there {
        true => format!(
            "The cluster {cluster} has {from} already, and AWS names no later {}.",
            wanted.major
        ),
        false => format!("AWS does not upgrade the cluster {cluster} from {from} to {wanted}."),
    };
    let listed: Vec<String> = possible.iter().map(EngineVersion::to_string).collect();
    Err(Error::refused(message).hint(match (listed.is_empty(), wanted < from && !is_there) {
        (true, _) => "AWS names no version that it can be upgraded to in this region.".to_owned(),
        (false, true) => format!(
            "No server goes back to an older version: restore a snapshot that was taken before. Forward it can go to {}.",
            listed.join(", ")
        ),
        (false, false) => format!("It can go to {}.", listed.join(", ")),
    }))
}

/// The versions that AWS upgrades a version to, in order; those that are not numbered like PostgreSQL are left out.
async fn targets(caller: Caller<'_>, version: &str) -> Result<Vec<EngineVersion>> {
    let found = caller
        .read("list the versions that it can be upgraded to", |rds| {
            rds.describe_db_engine_versions()
                .engine(ENGINE)
                .engine_version(version)
                .send()
        })
        .await?;
    let mut all: Vec<EngineVersion> = found
        .db_engine_versions()
        .iter()
        .filter(|one| one.engine_version() == Some(version))
        .flat_map(|one| one.valid_upgrade_target())
        .filter_map(|one| one.engine_version()?.parse().ok())
        .collect();
    all.sort();
    all.dedup();
    Ok(all)
}

/// Whether it can be begun; an error says everything that is in the way.
pub(super) async fn check(caller: Caller<'_>, cluster: &ClusterName, upgrade: &Upgrade) -> Result<()> {
    let found = caller.require_cluster(cluster).await?;
    if version_of(&found) != Some(upgrade.from) {
        return Err(Error::refused(format!(
            "The cluster {cluster} has {} by now, not {}.",
            found.engine_version().unwrap_or("another version"),
            upgrade.from
        ))
        .hint(format!(
            "`howdah cluster check-upgrade {cluster} --to {}` looks again.",
            upgrade.to
        )));
    }
    path(caller, cluster, upgrade.to).await?;
    let mut ways = Vec::new();
    if let Some(other) = blue_green::find(caller, cluster.as_str()).await? {
        ways.push((
            format!("it is part of a blue/green deployment ({})", other.status().unwrap_or("in an unknown state")),
            format!("Upgrade by that one (`howdah cluster blue-green switch {cluster}`), or end it: `howdah cluster blue-green delete {cluster} --yes`."),
        ));
    }
    let pending = found
        .pending_modified_values()
        .and_then(|pending| pending.engine_version());
    if let Some(pending) = pending {
        ways.push((
            format!("an upgrade to {pending} waits for its maintenance window already"),
            format!("Let that one happen, or take it back: `aws rds modify-db-cluster --db-cluster-identifier {cluster} --engine-version {} --apply-immediately`.", upgrade.from),
        ));
    }
    if needs_group(&found, upgrade) {
        let own = blue_green::group_of(cluster, upgrade.to.major);
        if let Some(other) = caller.parameter_group(&own).await?
            && !group::is_howdahs(&other)
        {
            ways.push((
                format!(
                    "it needs a parameter group {own}, and there is one of that name that howdah did not make"
                ),
                "Remove that one: `aws rds delete-db-cluster-parameter-group`.".to_owned(),
            ));
        }
    }
    permit::refuse(cluster.as_str(), &format!("upgrade to {}", upgrade.to), &ways)?;
    snapshot::check_free(caller, &upgrade.snapshot).await
}

/// Whether the cluster has a parameter group of its own, which is one of its major version alone.
fn needs_group(found: &DbCluster, upgrade: &Upgrade) -> bool {
    upgrade.is_major() && !found.db_cluster_parameter_group().is_some_and(group::is_default)
}

/// The risk, spelled out.
pub(super) async fn tier(caller: Caller<'_>, cluster: &ClusterName, upgrade: &Upgrade) -> Result<Tier> {
    let found = caller.require_cluster(cluster).await?;
    let (from, to) = (upgrade.from, upgrade.to);
    let mut said = Vec::new();
    said.push(match upgrade.is_major() {
        true => format!("All instances are upgraded from {from} to {to} together: clients lose their connections and nobody answers until it is done, ten minutes as a rule and longer with many tables or large objects."),
        false => format!("All instances are upgraded from {from} to {to}: clients lose their connections for about a minute, unless AWS can keep them."),
    });
    if upgrade.in_window {
        said.push(format!(
            "AWS begins in the maintenance window ({}, UTC).",
            found.preferred_maintenance_window().unwrap_or("see the console")
        ));
    }
    said.push(format!(
        "There is no way back to {from} but a restore of the snapshot {}, which is taken now and kept, into another cluster, without what is written from then on.",
        upgrade.snapshot
    ));
    said.extend(upgrade.of_statistics().map(str::to_owned));
    if needs_group(&found, upgrade) {
        said.push(format!(
            "Its parameters are carried over into a new parameter group, {}, as far as {} has them.",
            blue_green::group_of(cluster, to.major),
            to.major
        ));
    }
    let own = groups_of_instances(caller, &found, upgrade).await?;
    if !own.is_empty() {
        said.push(format!(
            "The parameter groups of its instances ({}) are of the old version: they get the default one.",
            own.join(", ")
        ));
    }
    if upgrade.unchecked {
        said.push(format!(
            "Nobody has looked into its databases: where AWS finds that they cannot be upgraded, it goes back to {from}, after the same time without an answer."
        ));
    }
    if upgrade.is_major() {
        said.push(instead(caller, cluster, to.major).await);
    }
    Ok(Tier::Risk {
        effect: said.join(" "),
    })
}

/// Whether a blue/green deployment would do better.
async fn instead(caller: Caller<'_>, cluster: &ClusterName, major: u16) -> String {
    match blue_green::check(caller, cluster, Some(major), None).await {
        Ok(()) => format!(
            "A blue/green deployment takes about a minute in place of that, and can be tried first: `howdah cluster blue-green create {cluster} --pg-version {major}`."
        ),
        Err(error) => format!(
            "A blue/green deployment would take about a minute in place of that, and is not possible as it is: {}",
            error.message
        ),
    }
}

/// The parameter groups of instances that are none of AWS's own; only a major version asks for others.
async fn groups_of_instances(
    caller: Caller<'_>,
    found: &DbCluster,
    upgrade: &Upgrade,
) -> Result<Vec<String>> {
    let mut own = Vec::new();
    if !upgrade.is_major() {
        return Ok(own);
    }
    for member in found.db_cluster_members() {
        let name = member.db_instance_identifier().unwrap_or_default();
        let Some(instance) = caller.instance(name).await? else {
            continue;
        };
        for group in instance.db_parameter_groups() {
            own.extend(
                group
                    .db_parameter_group_name()
                    .filter(|name| !group::is_default(name))
                    .map(str::to_owned),
            );
        }
    }
    own.sort();
    own.dedup();
    Ok(own)
}

/// Makes the parameter group of the new major version, where the cluster has one of its own.
pub(super) async fn make_group(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    upgrade: &Upgrade,
) -> Result<()> {
    let found = caller.require_cluster(cluster).await?;
    let name = blue_green::group_of(cluster, upgrade.to.major);
    if !needs_group(&found, upgrade) || found.db_cluster_parameter_group() == Some(&name) {
        return Ok(());
    }
    let family = family(upgrade);
    group::ensure_new(caller, cx, &name, &family).await?;
    let carried = parameters::carried(caller, &found, &family).await?;
    group::set(caller, &name, &carried).await
}

fn family(upgrade: &Upgrade) -> String {
    format!("{ENGINE}{}", upgrade.to.major)
}

/// How far an upgrade is, as the cluster's description has it.
enum Seen {
    /// The cluster has the new version.
    Done,
    /// It is on its way, in that state.
    Under(String),
    /// It waits for the maintenance window.
    Waits,
    /// The cluster is as it was.
    Not,
}

fn seen(found: &DbCluster, upgrade: &Upgrade) -> Seen {
    let to = upgrade.to.to_string();
    let pending = found
        .pending_modified_values()
        .and_then(|pending| pending.engine_version());
    match (found.engine_version(), found.status()) {
        (Some(version), _) if version == to => Seen::Done,
        (_, Some("available")) if pending == Some(&to) => Seen::Waits,
        (_, Some("available")) => Seen::Not,
        (_, status) => Seen::Under(status.unwrap_or("in an unknown state").to_owned()),
    }
}

/// Asks for the upgrade, and waits for it; in the maintenance window AWS does it by itself.
pub(super) async fn run(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    upgrade: &Upgrade,
    state: &mut OperationState,
) -> Result<()> {
    let (mut asked, mut moved, mut unmoved) = (false, false, 0);
    loop {
        let found = caller.require_cluster(cluster).await?;
        match seen(&found, upgrade) {
            Seen::Done => break,
            Seen::Not if !asked && !moved => {
                ask(caller, cluster, &found, upgrade).await?;
                asked = true;
                cx.log(format!("AWS was asked to upgrade {cluster} to {}.", upgrade.to))
                    .await;
                continue;
            }
            // Not every description says what waits.
            Seen::Waits | Seen::Not if upgrade.in_window => {
                scheduled(cluster, &found, upgrade, state);
                return Ok(());
            }
            Seen::Not => {
                unmoved += 1;
                if moved || unmoved >= UNMOVED {
                    return Err(gone_back(caller, cluster, upgrade).await);
                }
            }
            Seen::Waits => {}
            Seen::Under(status) => {
                wait::fail_if_lost("cluster", cluster.as_str(), &status)?;
                moved |= asked || status == "upgrading";
                let told = events(caller, cluster)
                    .await
                    .pop()
                    .map_or(String::new(), |last| format!(": {last}"));
                cx.progress(format!("The cluster {cluster} is {status}{told}"), None);
            }
        }
        caller.pause().await?;
    }
    wait::available(caller, cluster).await?;
    let found = caller.require_cluster(cluster).await?;
    state.version = found.engine_version().map(str::to_owned);
    state.connection = describe::connection(caller.account, &found)?;
    if upgrade.is_major() {
        state.left = vec![upgrade.left_to_do()];
    }
    Ok(())
}

fn scheduled(cluster: &ClusterName, found: &DbCluster, upgrade: &Upgrade, state: &mut OperationState) {
    state.version = found.engine_version().map(str::to_owned);
    let window = found.preferred_maintenance_window().unwrap_or("see the console");
    state.left = vec![format!(
        "AWS upgrades {cluster} to {} in its maintenance window ({window}, UTC); a snapshot of right before is yours to take.",
        upgrade.to
    )];
    if upgrade.is_major() {
        state
            .left
            .push(analyze_by_hand(upgrade, "it is for after the upgrade"));
        state.left.push(upgrade.left_to_do());
    }
}

/// The same again does no harm: AWS begins no second one.
async fn ask(caller: Caller<'_>, cluster: &ClusterName, found: &DbCluster, upgrade: &Upgrade) -> Result<()> {
    let name = cluster.as_str();
    let group = needs_group(found, upgrade).then(|| blue_green::group_of(cluster, upgrade.to.major));
    let of_instances = match groups_of_instances(caller, found, upgrade).await?.is_empty() {
        true => None,
        false => Some(format!("default.{}", family(upgrade))),
    };
    let asked = caller
        .write(&format!("upgrade the cluster {name} to {}", upgrade.to), |rds| {
            rds.modify_db_cluster()
                .db_cluster_identifier(name)
                .engine_version(upgrade.to.to_string())
                .set_allow_major_version_upgrade(upgrade.is_major().then_some(true))
                .set_db_cluster_parameter_group_name(group.clone())
                .set_db_instance_parameter_group_name(of_instances.clone())
                .apply_immediately(!upgrade.in_window)
                .send()
        })
        .await;
    match asked {
        // Perhaps because an earlier call, whose reply was lost, has begun it.
        Err(failure) if failure.is("InvalidDBClusterState") => {
            let now = caller.require_cluster(cluster).await?;
            match seen(&now, upgrade) {
                Seen::Not => Err(failure.into()),
                _ => Ok(()),
            }
        }
        done => Ok(done.map(drop)?),
    }
}

/// What AWS has said of the cluster lately, the last at the end; nothing where it may not be asked.
async fn events(caller: Caller<'_>, cluster: &ClusterName) -> Vec<String> {
    let found = caller
        .read(&format!("list the events of {cluster}"), |rds| {
            rds.describe_events()
                .source_type(SourceType::DbCluster)
                .source_identifier(cluster.as_str())
                .duration(EVENTS_OF_MINUTES)
                .send()
        })
        .await;
    match found {
        Ok(found) => found
            .events()
            .iter()
            .filter_map(|event| event.message().map(|text| text.trim_end_matches('.').to_owned()))
            .collect(),
        Err(_) => Vec::new(),
    }
}

async fn gone_back(caller: Caller<'_>, cluster: &ClusterName, upgrade: &Upgrade) -> Error {
    let events = events(caller, cluster).await;
    let why = match events.is_empty() {
        true => "AWS does not say why".to_owned(),
        false => events
            .get(events.len().saturating_sub(3)..)
            .unwrap_or_default()
            .join("; "),
    };
    Error::new(
        ErrorKind::Server,
        format!("AWS did not upgrade the cluster {cluster}, which has {} as before: {why}.", upgrade.from),
    )
    .hint(format!(
        "The log pg_upgrade_precheck.log of the writer says what is in the way (`howdah cluster logs {cluster}` fetches the logs); `howdah cluster check-upgrade {cluster} --to {}` looks for it in every database.",
        upgrade.to
    ))
}

/// Whether the cluster is as it was before the job.
async fn is_untouched(caller: Caller<'_>, cluster: &ClusterName, upgrade: &Upgrade) -> Result<bool> {
    let found = caller.require_cluster(cluster).await?;
    Ok(version_of(&found) == Some(upgrade.from) && matches!(seen(&found, upgrade), Seen::Not))
}

/// An upgrade is not taken back. Where it was begun, that is said.
pub(super) async fn keep(caller: Caller<'_>, cluster: &ClusterName, upgrade: &Upgrade) -> Result<()> {
    if is_untouched(caller, cluster, upgrade).await? {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Refused,
        format!(
            "The cluster {cluster} is being upgraded to {}, or is so already, and does not go back.",
            upgrade.to
        ),
    )
    .hint(format!(
        "`howdah job resume` waits for the rest of it; as it was before it is in the snapshot {}.",
        upgrade.snapshot
    )))
}

/// Takes the parameter group back that was made for the new version.
pub(super) async fn unmake_group(
    caller: Caller<'_>,
    job: &str,
    cluster: &ClusterName,
    upgrade: &Upgrade,
) -> Result<()> {
    let name = blue_green::group_of(cluster, upgrade.to.major);
    match caller
        .require_cluster(cluster)
        .await?
        .db_cluster_parameter_group()
    {
        Some(used) if used == name => Ok(()),
        _ => group::remove(caller, &name, Some(job)).await,
    }
}
