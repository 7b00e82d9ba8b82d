//! Taking snapshots and removing them; copies, and with whom they are shared.

pub(super) mod copy;
pub(super) mod share;

use aws_sdk_rds::types::DbClusterSnapshot;
use howdah_core::Result;
use howdah_jobs::JobCx;

use super::call::Caller;
use super::look::{made_by, tags};
use super::{describe, wait};
use crate::{AuroraError, ClusterName, OperationState, SnapshotName};

/// That no snapshot has the name.
pub(super) async fn check_free(caller: Caller<'_>, name: &SnapshotName) -> Result<()> {
    match caller.snapshot(name.as_str()).await? {
        None => Ok(()),
        Some(found) => Err(AuroraError::SnapshotExists {
            name: name.to_string(),
            cluster: found.db_cluster_identifier().unwrap_or_default().to_owned(),
            created: describe::time(found.snapshot_create_time()),
        }
        .into()),
    }
}

/// That there is one.
pub(super) async fn require(caller: Caller<'_>, name: &SnapshotName) -> Result<()> {
    described(caller, name).await.map(drop)
}

/// As AWS has it.
async fn described(caller: Caller<'_>, name: &SnapshotName) -> Result<DbClusterSnapshot> {
    if let Some(found) = caller.snapshot(name.as_str()).await? {
        return Ok(found);
    }
    let known = caller.snapshots().await?;
    Err(AuroraError::NoSnapshot {
        name: name.to_string(),
        known: known
            .iter()
            .filter_map(|one| one.db_cluster_snapshot_identifier().map(str::to_owned))
            .collect(),
    }
    .into())
}

/// Asks for a snapshot of a cluster.
pub(super) async fn take(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    name: &SnapshotName,
    state: &mut OperationState,
) -> Result<()> {
    state.snapshot = Some(name.clone());
    if is_ours(caller, cx.id(), name).await? {
        return Ok(());
    }
    let taken = caller
        .write(&format!("take the snapshot {name}"), |rds| {
            rds.create_db_cluster_snapshot()
                .db_cluster_identifier(cluster.as_str())
                .db_cluster_snapshot_identifier(name.as_str())
                .set_tags(Some(tags(cx.id())))
                .send()
        })
        .await;
    match taken {
        // Perhaps by an earlier call of this very job, whose reply was lost.
        Err(failure) if failure.is("DBClusterSnapshotAlreadyExists") => {
            match is_ours(caller, cx.id(), name).await? {
                true => Ok(()),
                false => Err(failure.into()),
            }
        }
        other => Ok(other.map(drop)?),
    }
}

async fn is_ours(caller: Caller<'_>, job: &str, name: &SnapshotName) -> Result<bool> {
    match caller.snapshot(name.as_str()).await? {
        Some(found) if made_by(found.tag_list(), job) => Ok(true),
        Some(_) => check_free(caller, name).await.map(|()| false),
        None => Ok(false),
    }
}

/// Removes a snapshot that this job took.
pub(super) async fn untake(caller: Caller<'_>, job: &str, name: &SnapshotName) -> Result<()> {
    match caller.snapshot(name.as_str()).await? {
        Some(found) if made_by(found.tag_list(), job) => {
            if found.status() == Some("creating") {
                // AWS deletes only what is whole, or has failed; it ends a copy on the way.
                wait::snapshot_available(caller, name.as_str()).await?;
            }
            delete(caller, name).await
        }
        _ => Ok(()),
    }
}

/// Removes a snapshot; the first look of a job says that there was one.
pub(super) async fn remove(
    caller: Caller<'_>,
    cx: &JobCx,
    name: &SnapshotName,
    state: &mut OperationState,
) -> Result<()> {
    if !state.point_of_no_return {
        require(caller, name).await?;
        state.snapshot = Some(name.clone());
        state.point_of_no_return = true;
        cx.checkpoint(state).await?;
    }
    delete(caller, name).await?;
    while caller.snapshot(name.as_str()).await?.is_some() {
        caller.pause().await?;
    }
    Ok(())
}

async fn delete(caller: Caller<'_>, name: &SnapshotName) -> Result<()> {
    match caller.snapshot(name.as_str()).await? {
        None => return Ok(()),
        Some(found) if found.status() == Some("deleting") => return Ok(()),
        Some(_) => {}
    }
    let deleted = caller
        .write(&format!("delete the snapshot {name}"), |rds| {
            rds.delete_db_cluster_snapshot()
                .db_cluster_snapshot_identifier(name.as_str())
                .send()
        })
        .await;
    match deleted {
        Err(failure) if failure.is("DBClusterSnapshotNotFound") => Ok(()),
        other => Ok(other.map(drop)?),
    }
}
