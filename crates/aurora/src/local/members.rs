//! Readers that come and go.

use howdah_core::{Error, Result};
use howdah_jobs::JobCx;
use howdah_localpg::{Instance, Status};

use super::layout::{ClusterDirectory, Layout, Stage, reader_name};
use super::server::connect;
use super::{blocking, create};
use crate::{AuroraError, MAX_READERS, Member, OperationState};

/// Whether one more reader can follow the writer.
pub(super) fn check_add(cluster: &ClusterDirectory) -> Result<()> {
    let record = cluster.record()?;
    let not_available = |status: &str| AuroraError::NotAvailable {
        name: cluster.name.to_string(),
        status: status.to_owned(),
    };
    if record.stage != Stage::Whole {
        return Err(not_available("not whole").into());
    }
    if cluster.writer()?.status() != Status::Ready {
        return Err(not_available(if record.stopped { "stopped" } else { "down" }).into());
    }
    free_number(cluster).map(drop)
}

/// The first number that no reader has.
fn free_number(cluster: &ClusterDirectory) -> Result<u8> {
    let taken = |number: &u8| cluster.instance_dir(&reader_name(number)).exists();
    let free = (1..=MAX_READERS).find(|number| !taken(number));
    free.ok_or_else(|| {
        Error::refused(format!(
            "The cluster {} has {MAX_READERS} readers, as many as Aurora allows.",
            cluster.name
        ))
    })
}

/// Chooses the new reader's number.
pub(super) async fn choose(cluster: &ClusterDirectory, cx: &JobCx, state: &mut OperationState) -> Result<()> {
    if !state.members.is_empty() {
        return Ok(());
    }
    let number = free_number(cluster)?;
    state.members = vec![Member {
        name: reader_name(number),
        class: String::new(),
        tier: i32::from(number),
        writer: false,
        monitoring_seconds: 0,
    }];
    cx.checkpoint(state).await
}

/// The number that was chosen.
pub(super) fn chosen(state: &OperationState) -> Result<String> {
    let number = state.members.first().map(|member| member.tier.to_string());
    number.ok_or_else(|| Error::internal("No number was chosen for the reader."))
}

/// Notes how to connect, now that the reader is there.
pub(super) fn note(cluster: &ClusterDirectory, state: &mut OperationState) -> Result<()> {
    state.version = Some(cluster.record()?.version);
    state.connection = Some(cluster.connection()?);
    Ok(())
}

/// Removes a reader, there wholly or in part, and what the writer keeps for it.
pub(super) async fn remove(layout: &Layout, cluster: &ClusterDirectory, number: &str) -> Result<()> {
    let name = reader_name(number);
    let (directory, staging) = (cluster.instance_dir(&name), cluster.copy_of(&name));
    layout.make_shared_directories()?;
    blocking(move || {
        Instance::remove_remains(&directory)?;
        super::layout::remove_directory(&staging)
    })
    .await?;
    let writer = cluster.writer()?;
    // A writer that does not run keeps a slot more, which its log is bounded in spite of.
    if writer.status() == Status::Ready {
        let mut connection = connect(&writer, "postgres").await?;
        let slot = create::slot_name(number);
        let start = tokio::time::Instant::now();
        // The server notices only after a moment that the reader is gone.
        while let Err(error) = connection
            .query(include_str!("queries/drop_slot.sql"), &[Some(&slot)])
            .await
        {
            if start.elapsed() > std::time::Duration::from_secs(30) {
                return Err(error.into());
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
    Ok(())
}
