//! Stopping and starting, the readers, failing over, and changing what a cluster is made of.

use aws_sdk_rds::types::CloudwatchLogsExportConfiguration;
use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;

use super::call::Caller;
use super::{delete, describe, make, parameters, wait};
use crate::{AuroraError, ClusterName, MAX_READERS, Member, Modification, OperationState};

/// Days of Performance Insights that cost nothing, says the guide.
const INSIGHTS_DAYS: i32 = 7;

/// Stops a cluster; AWS starts it again by itself after seven days.
pub(super) async fn stop(caller: Caller<'_>, cluster: &ClusterName) -> Result<()> {
    let name = cluster.as_str();
    let found = caller.require_cluster(cluster).await?;
    if !matches!(found.status(), Some("stopped" | "stopping")) {
        let stopped = caller
            .write(&format!("stop the cluster {name}"), |rds| {
                rds.stop_db_cluster().db_cluster_identifier(name).send()
            })
            .await;
        tolerate(caller, cluster, stopped.map(drop), &["stopped", "stopping"]).await?;
    }
    wait::stopped(caller, cluster).await
}

/// Starts a stopped cluster.
pub(super) async fn start(caller: Caller<'_>, cluster: &ClusterName) -> Result<()> {
    let name = cluster.as_str();
    loop {
        let found = caller.require_cluster(cluster).await?;
        match found.status() {
            Some("stopping") => caller.pause().await?,
            Some("stopped") => break,
            _ => return wait::available(caller, cluster).await,
        }
    }
    let started = caller
        .write(&format!("start the cluster {name}"), |rds| {
            rds.start_db_cluster().db_cluster_identifier(name).send()
        })
        .await;
    tolerate(caller, cluster, started.map(drop), &["starting", "available"]).await?;
    wait::available(caller, cluster).await
}

/// A wrong state is no failure where it is the one that was wanted: an earlier call, whose
/// reply was lost, has reached it.
async fn tolerate(
    caller: Caller<'_>,
    cluster: &ClusterName,
    done: Result<(), super::call::Failure>,
    wanted: &[&str],
) -> Result<()> {
    match done {
        Err(failure) if failure.is("InvalidDBClusterState") => {
            let found = caller.require_cluster(cluster).await?;
            match found.status().is_some_and(|status| wanted.contains(&status)) {
                true => Ok(()),
                false => Err(failure.into()),
            }
        }
        other => Ok(other?),
    }
}

/// Chooses the name of a new reader, once, and makes it like the writer.
pub(super) async fn add_reader(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    state: &mut OperationState,
) -> Result<()> {
    if state.members.is_empty() {
        let found = caller.require_cluster(cluster).await?;
        let members = describe::members(caller, &found).await?;
        check_room(members.len())?;
        let writer = members.first();
        let class = writer.map_or("db.serverless", |writer| &writer.class).to_owned();
        let monitoring_seconds = writer.map_or(0, |writer| writer.monitoring_seconds);
        let mut free = None;
        for number in 1..=MAX_READERS + 1 {
            let name = make::member_of(cluster, number);
            if caller.instance(&name).await?.is_none() {
                free = Some(name);
                break;
            }
        }
        let name =
            free.ok_or_else(|| Error::refused(format!("The names {cluster}-1 to {cluster}-16 are taken.")))?;
        state.members.push(Member {
            name,
            class,
            tier: 1,
            writer: false,
            monitoring_seconds,
        });
        cx.checkpoint(state).await?;
    }
    for member in &state.members {
        make::instance(caller, cx.id(), cluster, member).await?;
        wait::instance_available(caller, &member.name).await?;
    }
    Ok(())
}

/// That a cluster of so many instances can have one more.
pub(super) fn check_room(instances: usize) -> Result<()> {
    if instances > usize::from(MAX_READERS) {
        return Err(AuroraError::TooManyReaders {
            wanted: MAX_READERS + 1,
            most: MAX_READERS,
        }
        .into());
    }
    Ok(())
}

/// Removes a reader, if it is one still.
pub(super) async fn remove_reader(caller: Caller<'_>, cluster: &ClusterName, reader: &str) -> Result<()> {
    match member(caller, cluster, reader).await? {
        Some(member) if member.writer => return Err(is_writer(reader)),
        Some(_) => delete::instance(caller, reader).await?,
        // Gone or going: by an earlier call of this job.
        None => {}
    }
    wait::instance_gone(caller, reader).await
}

/// The member of that name, if the cluster has it.
pub(super) async fn member(caller: Caller<'_>, cluster: &ClusterName, name: &str) -> Result<Option<Member>> {
    let found = caller.require_cluster(cluster).await?;
    let members = describe::members(caller, &found).await?;
    Ok(members.into_iter().find(|member| member.name == name))
}

/// That the member of that name is a reader.
pub(super) async fn check_reader(caller: Caller<'_>, cluster: &ClusterName, name: &str) -> Result<()> {
    match member(caller, cluster, name).await? {
        Some(member) if member.writer => Err(is_writer(name)),
        Some(_) => Ok(()),
        None => Err(
            Error::not_found(format!("The cluster {cluster} has no instance {name:?}."))
                .hint(format!("`howdah cluster show {cluster}` names its instances.")),
        ),
    }
}

fn is_writer(name: &str) -> Error {
    Error::refused(format!("The instance {name} is the writer, not a reader."))
        .hint("`howdah cluster failover` makes a reader the writer.")
}

/// Makes a reader the writer. Which one is decided once, so that the same again does nothing more.
pub(super) async fn failover(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    to: Option<&str>,
    state: &mut OperationState,
) -> Result<()> {
    if state.members.is_empty() {
        let found = caller.require_cluster(cluster).await?;
        let members = describe::members(caller, &found).await?;
        let chosen = members.into_iter().find(|member| match to {
            Some(name) => member.name == name,
            None => !member.writer,
        });
        state.members.push(chosen.ok_or_else(|| no_reader(cluster))?);
        cx.checkpoint(state).await?;
    }
    let Some(chosen) = state.members.first().map(|member| member.name.clone()) else {
        return Err(no_reader(cluster));
    };
    let name = cluster.as_str();
    let mut asked = false;
    loop {
        match member(caller, cluster, &chosen).await? {
            Some(member) if member.writer => return wait::available(caller, cluster).await,
            Some(_) => {}
            None => {
                return Err(Error::not_found(format!(
                    "The instance {chosen} is not there any more."
                )));
            }
        }
        let busy = caller.require_cluster(cluster).await?.status() != Some("available");
        if !busy && !asked {
            caller
                .write(&format!("fail the cluster {name} over to {chosen}"), |rds| {
                    rds.failover_db_cluster()
                        .db_cluster_identifier(name)
                        .target_db_instance_identifier(&chosen)
                        .send()
                })
                .await?;
            asked = true;
        }
        cx.progress(format!("Waiting for {chosen} to become the writer"), None);
        caller.pause().await?;
    }
}

/// A failover is not taken back: that would be a second outage. Where it has happened, that is said.
pub(super) async fn keep_failover(
    caller: Caller<'_>,
    cluster: &ClusterName,
    state: &OperationState,
) -> Result<()> {
    let Some(chosen) = state.members.first() else {
        return Ok(());
    };
    match member(caller, cluster, &chosen.name).await? {
        Some(now) if now.writer => Err(Error::new(
            ErrorKind::Refused,
            format!(
                "The instance {} is the writer of {cluster} now, and stays so.",
                chosen.name
            ),
        )
        .hint(format!(
            "`howdah cluster failover {cluster} --to INSTANCE --yes` makes another one the writer."
        ))),
        _ => Ok(()),
    }
}

/// Says that there is nothing to fail over to.
pub(super) fn no_reader(cluster: &ClusterName) -> Error {
    Error::new(
        ErrorKind::Refused,
        format!("The cluster {cluster} has no reader that could become the writer."),
    )
    .hint(format!(
        "Add one first: `howdah cluster add-reader {cluster} --wait`."
    ))
}

/// Changes the cluster itself: all but its parameters and the class of its instances.
pub(super) async fn modify_cluster(
    caller: Caller<'_>,
    cluster: &ClusterName,
    change: &Modification,
) -> Result<()> {
    let name = cluster.as_str();
    let found = caller.require_cluster(cluster).await?;
    let scaling = change.compute.as_ref().and_then(make::scaling);
    let group = parameters::to_attach(&found, cluster, change);
    let exported = found
        .enabled_cloudwatch_logs_exports()
        .iter()
        .any(|log| log == "postgresql");
    let export = change.log_export.filter(|wanted| *wanted != exported).map(|on| {
        let logs = CloudwatchLogsExportConfiguration::builder();
        match on {
            true => logs.enable_log_types("postgresql").build(),
            false => logs.disable_log_types("postgresql").build(),
        }
    });
    // AWS takes no port that the cluster has already for a change.
    let port = change
        .port
        .map(i32::from)
        .filter(|port| found.port() != Some(*port));
    let insights = change
        .performance_insights
        .filter(|on| *on != found.performance_insights_enabled().unwrap_or_default());
    let is_something = scaling.is_some()
        || group.is_some()
        || export.is_some()
        || port.is_some()
        || insights.is_some()
        || change.retention_days.is_some()
        || change.deletion_protection.is_some()
        || change.backup_window.is_some()
        || change.maintenance_window.is_some();
    if is_something {
        // The same again does no harm.
        caller
            .write(&format!("change the cluster {name}"), |rds| {
                rds.modify_db_cluster()
                    .db_cluster_identifier(name)
                    .set_serverless_v2_scaling_configuration(scaling.clone())
                    .set_backup_retention_period(change.retention_days.map(i32::from))
                    .set_deletion_protection(change.deletion_protection)
                    .set_db_cluster_parameter_group_name(group.clone())
                    .set_cloudwatch_logs_export_configuration(export.clone())
                    .set_port(port)
                    .set_preferred_backup_window(change.backup_window.clone())
                    .set_preferred_maintenance_window(change.maintenance_window.clone())
                    .set_enable_performance_insights(insights)
                    .set_performance_insights_retention_period(
                        (insights == Some(true)).then_some(INSIGHTS_DAYS),
                    )
                    .apply_immediately(true)
                    .send()
            })
            .await?;
    }
    wait::available(caller, cluster).await
}

/// Changes the class of every instance, the readers first and one at a time: each restarts.
pub(super) async fn modify_instances(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    change: &Modification,
    state: &mut OperationState,
) -> Result<()> {
    let Some(compute) = &change.compute else {
        return Ok(());
    };
    let found = caller.require_cluster(cluster).await?;
    let mut members = describe::members(caller, &found).await?;
    members.reverse();
    state.members.clone_from(&members);
    for member in members.iter().filter(|member| member.class != compute.class()) {
        let name = &member.name;
        cx.log(format!("{name} becomes {}; it restarts.", compute.class()))
            .await;
        caller
            .write(&format!("change the instance {name}"), |rds| {
                rds.modify_db_instance()
                    .db_instance_identifier(name)
                    .db_instance_class(compute.class())
                    .apply_immediately(true)
                    .send()
            })
            .await?;
        loop {
            let now = caller.instance(name).await?;
            if now
                .as_ref()
                .is_none_or(|now| now.db_instance_class() == Some(compute.class()))
            {
                break;
            }
            caller.pause().await?;
        }
        wait::instance_available(caller, name).await?;
    }
    Ok(())
}
