//! Blue/green deployments: AWS makes green, lets it follow blue's changes by logical replication, and
//! exchanges the two. What it would refuse, or break on, is looked for before anything is made.

mod lag;
mod refusals;

use aws_sdk_rds::types::BlueGreenDeployment;
use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;

use super::call::Caller;
use super::look::{made_by, tags};
use super::make::taken;
use super::{delete, describe, group, parameters, wait};
use crate::{BlueGreen, BlueGreenStatus, ClusterName, Compute, OperationState};

pub(super) use lag::{await_near, lag};
pub(super) use refusals::{check, tables};

/// Pages of a hundred deployments.
const MOST_PAGES: usize = 20;
/// As often a deployment is seen where it was before a switch has failed: AWS says at once that it has begun.
const UNMOVED: u32 = 5;

/// The group of parameters that green has where it is of another major version than blue.
pub(super) fn group_of(cluster: &ClusterName, major: u16) -> String {
    format!("{}-pg{major}", group::of(cluster))
}

/// Of `arn:aws:rds:eu-central-1:123456789012:cluster:shop` the last part.
fn name_in(arn: Option<&str>) -> Option<&str> {
    let (kind, name) = arn?.rsplit_once(':')?;
    kind.ends_with(":cluster").then_some(name)
}

/// The deployment in which that cluster is blue, or has been until the switch.
pub(super) async fn find(caller: Caller<'_>, cluster: &str) -> Result<Option<BlueGreenDeployment>> {
    let mut marker = None;
    for _ in 0..MOST_PAGES {
        let page = caller
            .read("list the blue/green deployments", |rds| {
                rds.describe_blue_green_deployments()
                    .max_records(100)
                    .set_marker(marker.clone())
                    .send()
            })
            .await?;
        let found = page
            .blue_green_deployments()
            .iter()
            .find(|one| name_in(one.source()) == Some(cluster) || name_in(one.target()) == Some(cluster));
        if let Some(found) = found {
            return Ok(Some(found.clone()));
        }
        match page.marker() {
            Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
            _ => break,
        }
    }
    Ok(None)
}

/// The same, where there has to be one.
pub(super) async fn require(caller: Caller<'_>, cluster: &ClusterName) -> Result<BlueGreenDeployment> {
    let found = find(caller, cluster.as_str()).await?.ok_or_else(|| {
        Error::not_found(format!("The cluster {cluster} has no green environment."))
            .hint(format!("`howdah cluster blue-green create {cluster}` makes one."))
    })?;
    let is_green = name_in(found.target()) == Some(cluster.as_str());
    match name_in(found.source()) {
        Some(blue)
            if is_green
                && matches!(
                    found.status(),
                    Some("PROVISIONING" | "AVAILABLE" | "INVALID_CONFIGURATION")
                ) =>
        {
            Err(Error::refused(format!(
                "The cluster {cluster} is the green environment of {blue}."
            ))
            .hint(format!("Name the blue one: {blue}.")))
        }
        _ => Ok(found),
    }
}

/// Whether green has taken blue's place.
pub(super) fn is_switched(found: &BlueGreenDeployment) -> bool {
    found.status() == Some("SWITCHOVER_COMPLETED")
}

/// In Howdah's terms; none where a name is not ours.
pub(super) fn shown(found: &BlueGreenDeployment) -> Option<BlueGreen> {
    Some(BlueGreen {
        status: match found.status()? {
            "PROVISIONING" => BlueGreenStatus::Provisioning,
            "SWITCHOVER_IN_PROGRESS" => BlueGreenStatus::Switching,
            "SWITCHOVER_COMPLETED" => BlueGreenStatus::Switched,
            "DELETING" => BlueGreenStatus::Deleting,
            "AVAILABLE" => BlueGreenStatus::Available,
            _ => BlueGreenStatus::Degraded,
        },
        blue: name_in(found.source())?.parse().ok()?,
        green: name_in(found.target())?.parse().ok()?,
        lag_bytes: None,
        lag_ms: None,
    })
}

/// Makes the group of parameters for green's major version: what was set for blue, as far as that
/// version has it.
pub(super) async fn make_group(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    major: u16,
) -> Result<()> {
    let (_, family) = caller.engine_version(Some(major)).await?;
    let name = group_of(cluster, major);
    group::ensure(caller, cx, &name, &family).await?;
    let found = caller.require_cluster(cluster).await?;
    let carried = parameters::carried(caller, &found, &family).await?;
    group::set(caller, &name, &carried).await
}

/// Asks for green.
pub(super) async fn create(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    version: Option<u16>,
    compute: Option<&Compute>,
) -> Result<()> {
    if is_ours(caller, cx, cluster).await? {
        return Ok(());
    }
    let found = caller.require_cluster(cluster).await?;
    let arn = found
        .db_cluster_arn()
        .ok_or_else(|| Error::internal("AWS described a cluster without its ARN."))?;
    let target = match version {
        Some(major) => Some((
            caller.engine_version(Some(major)).await?.0,
            group_of(cluster, major),
        )),
        None => None,
    };
    let made = caller
        .write(
            &format!("make a green environment of the cluster {cluster}"),
            |rds| {
                rds.create_blue_green_deployment()
                    .blue_green_deployment_name(cluster.as_str())
                    .source(arn)
                    .set_target_engine_version(target.as_ref().map(|(version, _)| version.clone()))
                    .set_target_db_cluster_parameter_group_name(
                        target.as_ref().map(|(_, group)| group.clone()),
                    )
                    .set_target_db_instance_class(compute.map(|compute| compute.class().to_owned()))
                    .set_tags(Some(tags(cx.id())))
                    .send()
            },
        )
        .await;
    match made {
        Ok(_) => Ok(()),
        // Perhaps an earlier call of this very job, whose reply was lost.
        Err(failure) if failure.is("BlueGreenDeploymentAlreadyExists") => {
            match is_ours(caller, cx, cluster).await? {
                true => Ok(()),
                false => Err(failure.into()),
            }
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn is_ours(caller: Caller<'_>, cx: &JobCx, cluster: &ClusterName) -> Result<bool> {
    match find(caller, cluster.as_str()).await? {
        None => Ok(false),
        Some(found) if made_by(found.tag_list(), cx.id()) => Ok(true),
        Some(_) => Err(taken(&format!("blue/green deployment of the cluster {cluster}"))),
    }
}

/// Waits until green has blue's data, and notes how to connect to it.
pub(super) async fn await_green(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    state: &mut OperationState,
) -> Result<()> {
    loop {
        let found = require(caller, cluster).await?;
        match found.status() {
            Some("AVAILABLE") => {
                let green = name_in(found.target()).unwrap_or_default();
                if let Some(green) = caller.cluster(green).await? {
                    state.version = green.engine_version().map(str::to_owned);
                    state.connection = describe::connection(caller.account, &green)?;
                }
                return Ok(());
            }
            Some("INVALID_CONFIGURATION") => return Err(broken(cluster, &found, "Green could not be made")),
            status => {
                let tasks = found.tasks();
                let done = tasks
                    .iter()
                    .filter(|task| task.status() == Some("COMPLETED"))
                    .count();
                let part = (!tasks.is_empty()).then(|| done as f64 / tasks.len() as f64);
                cx.progress(format!("The green environment is {}", said(status)), part);
            }
        }
        caller.pause().await?;
    }
}

fn said(status: Option<&str>) -> String {
    status.unwrap_or("unknown").to_lowercase().replace('_', " ")
}

fn broken(cluster: &ClusterName, found: &BlueGreenDeployment, what: &str) -> Error {
    let why = found.status_details().unwrap_or("AWS does not say why");
    Error::new(
        ErrorKind::Server,
        format!("{what}, and {cluster} serves as before: {}.", why.trim_end_matches('.')),
    )
    .hint(format!(
        "The events of the cluster in the AWS console say more. `howdah cluster blue-green delete {cluster} --yes` ends the deployment."
    ))
}

/// Takes back a deployment that this job made, with its green environment.
pub(super) async fn unmake(caller: Caller<'_>, job: &str, cluster: &ClusterName) -> Result<()> {
    match find(caller, cluster.as_str()).await? {
        Some(found) if made_by(found.tag_list(), job) => remove(caller, cluster, &found, true).await,
        _ => Ok(()),
    }
}

/// Takes the group back that was made for green.
pub(super) async fn unmake_group(
    caller: Caller<'_>,
    job: &str,
    cluster: &ClusterName,
    major: u16,
) -> Result<()> {
    group::remove(caller, &group_of(cluster, major), Some(job)).await
}

/// Gives green blue's name and endpoints. Where it has them already, nothing is done.
pub(super) async fn switch(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    timeout_s: u32,
    state: &mut OperationState,
) -> Result<()> {
    let (mut asked, mut unmoved) = (false, 0);
    loop {
        let found = require(caller, cluster).await?;
        let identifier = found.blue_green_deployment_identifier().unwrap_or_default();
        match found.status() {
            Some("SWITCHOVER_COMPLETED") => break,
            Some("AVAILABLE") if !asked => {
                state.resource = Some(identifier.to_owned());
                cx.checkpoint(state).await?;
                caller
                    .write(&format!("switch the cluster {cluster} over"), |rds| {
                        rds.switchover_blue_green_deployment()
                            .blue_green_deployment_identifier(identifier)
                            .switchover_timeout(i32::try_from(timeout_s).unwrap_or(i32::MAX))
                            .send()
                    })
                    .await?;
                asked = true;
                continue;
            }
            // AWS took it back: green did not have all changes in time, or something was in the way.
            Some("AVAILABLE") => {
                unmoved += 1;
                if unmoved >= UNMOVED {
                    return Err(broken(cluster, &found, "The switch was taken back by AWS"));
                }
            }
            Some("SWITCHOVER_FAILED" | "INVALID_CONFIGURATION") => {
                return Err(broken(cluster, &found, "The switch failed"));
            }
            status => cx.progress(format!("The deployment is {}", said(status)), None),
        }
        caller.pause().await?;
    }
    wait::available(caller, cluster).await?;
    let found = caller.require_cluster(cluster).await?;
    state.version = found.engine_version().map(str::to_owned);
    state.connection = describe::connection(caller.account, &found)?;
    Ok(())
}

/// A switch is not taken back: blue has not what was written since. Where it has happened, that is said.
pub(super) async fn keep_switch(caller: Caller<'_>, cluster: &ClusterName) -> Result<()> {
    match find(caller, cluster.as_str()).await? {
        Some(found) if is_switched(&found) => Err(Error::new(
            ErrorKind::Refused,
            format!("The cluster {cluster} is what was green, and stays so."),
        )
        .hint(format!(
            "What was blue is {}, without what was written since.",
            name_in(found.source()).unwrap_or("there")
        ))),
        _ => Ok(()),
    }
}

/// Ends the deployment; before the switch green goes with it, unless it is kept. After the switch what was blue
/// is noted, for [`remove_old`].
pub(super) async fn end(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    keep: bool,
    state: &mut OperationState,
) -> Result<()> {
    let Some(found) = find(caller, cluster.as_str()).await? else {
        // By an earlier call of this job.
        return Ok(());
    };
    let switched = is_switched(&found);
    if switched && !keep && state.resource.is_none() {
        let old = caller
            .cluster(name_in(found.source()).unwrap_or_default())
            .await?;
        state.resource = old.and_then(|old| old.db_cluster_resource_id().map(str::to_owned));
        cx.checkpoint(state).await?;
    }
    remove(caller, cluster, &found, !keep && !switched).await
}

/// Removes a deployment, with green if that is asked for and AWS takes it: not after a switch.
async fn remove(
    caller: Caller<'_>,
    cluster: &ClusterName,
    found: &BlueGreenDeployment,
    with_green: bool,
) -> Result<()> {
    let identifier = found.blue_green_deployment_identifier().unwrap_or_default();
    let green = name_in(found.target()).filter(|_| with_green).map(str::to_owned);
    loop {
        let Some(now) = find(caller, cluster.as_str()).await? else {
            break;
        };
        if now.status() != Some("DELETING") {
            let deleted = caller
                .write(&format!("end the blue/green deployment of {cluster}"), |rds| {
                    rds.delete_blue_green_deployment()
                        .blue_green_deployment_identifier(identifier)
                        .set_delete_target(with_green.then_some(true))
                        .send()
                })
                .await;
            match deleted {
                Ok(_) => {}
                Err(failure) if failure.is("BlueGreenDeploymentNotFound") => break,
                // Still being made: AWS ends it once it is.
                Err(failure) if failure.is("InvalidBlueGreenDeploymentState") => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        caller.pause().await?;
    }
    match green {
        Some(green) => wait::cluster_gone(caller, &green).await,
        None => Ok(()),
    }
}

/// Removes what was blue before the switch.
pub(super) async fn remove_old(caller: Caller<'_>, state: &OperationState) -> Result<()> {
    let Some(resource) = &state.resource else {
        return Ok(());
    };
    let all = caller.clusters().await?;
    let Some(old) = all
        .iter()
        .find(|one| one.db_cluster_resource_id() == Some(resource))
    else {
        return Ok(());
    };
    let name = old.db_cluster_identifier().unwrap_or_default();
    for member in old.db_cluster_members() {
        delete::instance(caller, member.db_instance_identifier().unwrap_or_default()).await?;
    }
    for member in old.db_cluster_members() {
        wait::instance_gone(caller, member.db_instance_identifier().unwrap_or_default()).await?;
    }
    delete::bare_cluster(caller, name).await
}
