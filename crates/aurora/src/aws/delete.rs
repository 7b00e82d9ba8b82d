//! The steps that remove a cluster, and those that take one back which a job was making.

use howdah_core::Result;
use howdah_jobs::JobCx;

use super::call::Caller;
use super::look::made_by;
use super::{describe, express, make, wait};
use crate::{ClusterName, Operation, OperationState, SnapshotName};

/// Removes the readers, then the writer. What they were is noted before.
pub(super) async fn instances(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    state: &mut OperationState,
) -> Result<()> {
    if state.resource.is_none() {
        let found = caller.require_cluster(cluster).await?;
        state.resource = found.db_cluster_resource_id().map(str::to_owned);
        state.group = found.db_cluster_parameter_group().map(str::to_owned);
        state.members = describe::members(caller, &found).await?;
        cx.checkpoint(state).await?;
    }
    for member in state.members.iter().rev() {
        instance(caller, &member.name).await?;
    }
    for member in &state.members {
        wait::instance_gone(caller, &member.name).await?;
    }
    Ok(())
}

/// Asks for an instance to be deleted, if it is there.
pub(super) async fn instance(caller: Caller<'_>, name: &str) -> Result<()> {
    loop {
        match caller.instance(name).await? {
            None => return Ok(()),
            Some(found) if found.db_instance_status() == Some("deleting") => return Ok(()),
            Some(_) => {}
        }
        let deleted = caller
            .write(&format!("delete the instance {name}"), |rds| {
                rds.delete_db_instance()
                    .db_instance_identifier(name)
                    .skip_final_snapshot(true)
                    .send()
            })
            .await;
        match deleted {
            Ok(_) => return Ok(()),
            Err(failure) if failure.is("DBInstanceNotFound") => return Ok(()),
            // Still being made: AWS deletes it once it is.
            Err(failure) if failure.is("InvalidDBInstanceState") => caller.pause().await?,
            Err(failure) => return Err(failure.into()),
        }
    }
}

/// Makes the instances again that were removed.
pub(super) async fn restore_instances(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    state: &OperationState,
) -> Result<()> {
    if state.point_of_no_return || caller.cluster(cluster.as_str()).await?.is_none() {
        return Ok(());
    }
    for member in &state.members {
        if let Some(found) = caller.instance(&member.name).await? {
            match found.db_instance_status() {
                Some("deleting") => wait::instance_gone(caller, &member.name).await?,
                _ => continue,
            }
        }
        make::instance(caller, cx.id(), cluster, member).await?;
    }
    wait::available(caller, cluster).await
}

/// Removes the cluster, with a final snapshot or without.
pub(super) async fn cluster(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    snapshot: Option<&SnapshotName>,
    state: &mut OperationState,
) -> Result<()> {
    let name = cluster.as_str();
    match caller.cluster(name).await? {
        // Not one that somebody made under the name since.
        Some(found)
            if found.status() != Some("deleting")
                && found.db_cluster_resource_id() == state.resource.as_deref() =>
        {
            let deleted = caller
                .write(&format!("delete the cluster {name}"), |rds| {
                    rds.delete_db_cluster()
                        .db_cluster_identifier(name)
                        .skip_final_snapshot(snapshot.is_none())
                        .set_final_db_snapshot_identifier(snapshot.map(ToString::to_string))
                        .send()
                })
                .await;
            match deleted {
                Err(failure) if failure.is("DBClusterNotFound") => {}
                other => drop(other?),
            }
        }
        // Gone or going: by an earlier call of this job.
        _ => {}
    }
    state.point_of_no_return = true;
    state.snapshot = snapshot.cloned();
    cx.checkpoint(state).await?;
    while let Some(found) = caller.cluster(name).await? {
        if found.db_cluster_resource_id() != state.resource.as_deref() {
            break;
        }
        cx.progress(
            format!("The cluster {name} is {}", found.status().unwrap_or("unknown")),
            None,
        );
        caller.pause().await?;
    }
    match snapshot {
        Some(snapshot) => wait::snapshot_available(caller, snapshot.as_str()).await,
        None => Ok(()),
    }
}

/// Takes back an instance that this job made.
pub(super) async fn unmake_instance(caller: Caller<'_>, job: &str, name: &str) -> Result<()> {
    match caller.instance(name).await? {
        Some(found) if made_by(found.tag_list(), job) => {}
        _ => return Ok(()),
    }
    instance(caller, name).await?;
    wait::instance_gone(caller, name).await
}

/// Takes back a cluster that this job made; nobody can have put anything into it yet.
pub(super) async fn unmake_cluster(caller: Caller<'_>, job: &str, operation: &Operation) -> Result<()> {
    let name = operation.cluster.as_str();
    match caller.cluster(name).await? {
        Some(found) if made_by(found.tag_list(), job) => {
            if express::is_wanted(&operation.action) {
                // Its writer came with it, and is nobody else's either.
                let members = describe::members(caller, &found).await?;
                for member in &members {
                    instance(caller, &member.name).await?;
                }
                for member in &members {
                    wait::instance_gone(caller, &member.name).await?;
                }
            }
            bare_cluster(caller, name).await
        }
        _ => Ok(()),
    }
}

/// Removes a cluster whose data nobody wants, once it has no instances.
pub(super) async fn bare_cluster(caller: Caller<'_>, name: &str) -> Result<()> {
    loop {
        let Some(found) = caller.cluster(name).await? else {
            return Ok(());
        };
        if found.status() == Some("deleting") {
            return wait::cluster_gone(caller, name).await;
        }
        // AWS takes neither while it is being made.
        if found.status() != Some("creating") {
            if found.deletion_protection() == Some(true) {
                caller
                    .write(
                        &format!("lift the deletion protection of the cluster {name}"),
                        |rds| {
                            rds.modify_db_cluster()
                                .db_cluster_identifier(name)
                                .deletion_protection(false)
                                .apply_immediately(true)
                                .send()
                        },
                    )
                    .await?;
            }
            let deleted = caller
                .write(&format!("delete the cluster {name}"), |rds| {
                    rds.delete_db_cluster()
                        .db_cluster_identifier(name)
                        .skip_final_snapshot(true)
                        .send()
                })
                .await;
            match deleted {
                Ok(_) => return wait::cluster_gone(caller, name).await,
                Err(failure) if failure.is("DBClusterNotFound") => return Ok(()),
                Err(failure) if failure.is("InvalidDBClusterState") => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        caller.pause().await?;
    }
}
