//! The steps that remove a cluster.

use howdah_core::Result;
use howdah_jobs::JobCx;

use super::layout::{ClusterDirectory, Layout, Stage, remove_directory};
use super::{blocking, create, run};
use crate::OperationState;

/// Stops the cluster and notes that it goes.
pub(super) async fn stop(
    layout: &Layout,
    cluster: &ClusterDirectory,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    let mut record = cluster.record()?;
    if record.stage != Stage::Deleting {
        state.was_running = !record.stopped;
        cx.checkpoint(state).await?;
        record.stage = Stage::Deleting;
        cluster.write_record(&record)?;
    }
    layout.make_shared_directories()?;
    run::stop(cluster).await
}

/// Gives the cluster back as it was.
pub(super) async fn unstop(
    layout: &Layout,
    cluster: &ClusterDirectory,
    state: &mut OperationState,
) -> Result<()> {
    let Some(mut record) = cluster.existing()? else {
        return Ok(());
    };
    record.stage = Stage::Whole;
    cluster.write_record(&record)?;
    match state.was_running {
        true => run::start_all(layout, cluster, state).await,
        false => Ok(()),
    }
}

/// Removes everything. From here on there is no way back.
pub(super) async fn remove(
    layout: &Layout,
    cluster: &ClusterDirectory,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    state.point_of_no_return = true;
    cx.checkpoint(state).await?;
    let (layout, cluster, job) = (layout.clone(), cluster.clone(), cx.id().to_owned());
    blocking(move || {
        // Somebody may have made a new cluster of that name after this job
        // renamed the old one away.
        if cluster
            .existing()?
            .is_some_and(|record| record.stage == Stage::Deleting)
        {
            create::remove_cluster(&cluster, &job)?;
        }
        drop(layout);
        remove_directory(cluster.condemned(&job).path())
    })
    .await
}
