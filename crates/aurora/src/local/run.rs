//! Stopping and starting the servers of a cluster.

use howdah_core::Result;
use howdah_localpg::{Instance, Pooler, StopMode};

use super::layout::{ClusterDirectory, Layout};
use super::{blocking, capacity, create, proxy};
use crate::OperationState;

/// Starts the writer.
pub(super) async fn start_writer(layout: &Layout, cluster: &ClusterDirectory) -> Result<()> {
    let (layout, cluster) = (layout.clone(), cluster.clone());
    blocking(move || {
        let mut writer = cluster.writer()?;
        let avoid = layout.ports(&cluster.instance_dir("writer"));
        capacity::apply(&cluster, &mut writer, 0)?;
        Ok(writer.start(&avoid)?)
    })
    .await
}

/// Starts writer and readers.
pub(super) async fn start_all(
    layout: &Layout,
    cluster: &ClusterDirectory,
    state: &mut OperationState,
) -> Result<()> {
    start_writer(layout, cluster).await?;
    let mut record = cluster.record()?;
    for number in cluster.readers() {
        create::start_reader(layout, cluster, &number.to_string()).await?;
    }
    record.stopped = false;
    cluster.write_record(&record)?;
    proxy::refresh(layout, cluster).await?;
    state.version = Some(record.version);
    state.connection = Some(cluster.connection()?);
    Ok(())
}

/// Stops readers and writer, the writer last.
pub(super) async fn stop(cluster: &ClusterDirectory) -> Result<()> {
    let cluster = cluster.clone();
    blocking(move || {
        // First, so that nobody takes a server that is going down for one that
        // went down by itself.
        let mut record = cluster.record()?;
        record.stopped = true;
        cluster.write_record(&record)?;
        if let Some(pooler) = Pooler::open(&cluster.proxy_dir())? {
            pooler.stop();
        }
        for directory in cluster.instance_dirs() {
            if let Ok(instance) = Instance::open(&directory) {
                instance.stop(StopMode::Fast)?;
            }
        }
        Ok(())
    })
    .await
}
