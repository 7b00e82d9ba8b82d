//! The steps that end a deployment.

use howdah_core::{Error, Result};
use howdah_localpg::{Status, StopMode};

use super::super::layout::{ClusterDirectory, Layout, Phase, Side};
use super::super::{blocking, create};
use super::schema::Schema;
use super::{green, link, note};

/// The other side of a deployment, and whether it has been switched over.
fn other(layout: &Layout, cluster: &ClusterDirectory) -> Result<(ClusterDirectory, bool)> {
    let part = cluster.record()?.blue_green;
    let part = part.ok_or_else(|| super::examine::none(cluster))?;
    Ok((layout.cluster(&part.partner), part.side == Side::Green))
}

/// Ends what connects the two. After the switch nothing does.
pub(super) async fn part(layout: &Layout, cluster: &ClusterDirectory) -> Result<()> {
    let (other, switched) = other(layout, cluster)?;
    if switched {
        return Ok(());
    }
    note([&other, cluster], Phase::Deleting)?;
    let system = Schema::kept(&other)?.unwrap_or_default().system;
    let (blue, green) = (cluster.writer()?, other.writer());
    let databases = link::databases(&blue).await?;
    if let Ok(green) = green {
        match green.status() {
            Status::Ready => {
                for database in &databases {
                    link::unsubscribe(&green, &database.name).await?;
                }
            }
            _ => green::stop_all(&other, StopMode::Immediate).await?,
        }
    }
    link::unpublish(&blue, &system).await
}

/// Removes the other side: before the switch green, after it the old blue.
pub(super) async fn remove(layout: &Layout, cluster: &ClusterDirectory, job: &str) -> Result<()> {
    let mut record = cluster.record()?;
    // It was removed before this worker began.
    let Some(part) = record.blue_green.take() else {
        return Ok(());
    };
    let (other, name, job) = (
        layout.cluster(&part.partner),
        cluster.name.clone(),
        job.to_owned(),
    );
    blocking(move || {
        let is_partner = |part: &super::super::layout::Part| part.partner == name;
        if other
            .existing()?
            .is_some_and(|record| record.blue_green.as_ref().is_some_and(is_partner))
        {
            create::remove_cluster(&other, &job)?;
        }
        super::super::layout::remove_directory(other.condemned(&job).path())
    })
    .await?;
    forget(cluster)
}

/// Makes both sides clusters of their own, which take writes.
pub(super) async fn release(layout: &Layout, cluster: &ClusterDirectory) -> Result<()> {
    if cluster.record()?.blue_green.is_none() {
        return Ok(());
    }
    let (other, _) = other(layout, cluster)?;
    if other.existing()?.is_some() {
        let mut writer = other.writer()?;
        blocking(move || {
            writer.set(&[(green::READ_ONLY.to_owned(), "off".to_owned())])?;
            Ok(writer.reload()?)
        })
        .await?;
        forget(&other)?;
    }
    forget(cluster)
}

fn forget(cluster: &ClusterDirectory) -> Result<()> {
    let mut record = cluster.record()?;
    record.blue_green = None;
    cluster.write_record(&record)?;
    match std::fs::remove_file(cluster.path().join("schema.json")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::internal(format!(
            "schema.json of {} stays: {error}",
            cluster.name
        ))),
        _ => Ok(()),
    }
}
