use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result};
use howdah_localpg::Status;

use super::layout::{ClusterDirectory, ClusterRecord, HOST, Layout, Stage, reader_name};
use super::server::connect;
use super::{blocking, blue_green, capacity, log_archive, parameters, proxy};
use crate::{Cluster, ClusterName, ClusterStatus, Instance, InstanceStatus, Role};

/// How long a server may take to answer about itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// A cluster as it is now, whether its servers answer or not.
pub(super) async fn describe(layout: &Layout, name: &ClusterName) -> Result<Cluster> {
    let directory = layout.cluster(name);
    let record = directory.record()?;
    let mut instances = {
        let directory = directory.clone();
        blocking(move || Ok(instances(&directory))).await?
    };
    let (mut size_bytes, mut details) = (None, BTreeMap::new());
    if instances
        .first()
        .is_some_and(|writer| writer.status == InstanceStatus::Available)
    {
        match tokio::time::timeout(PATIENCE, figures(&directory)).await {
            Ok(Ok(figures)) => {
                size_bytes = figures.size_bytes;
                details = figures.details;
                for instance in &mut instances {
                    if let Some((bytes, ms)) = figures.lag.get(&instance.name) {
                        instance.lag_bytes = *bytes;
                        instance.lag_ms = *ms;
                    }
                }
            }
            Ok(Err(error)) => tracing::warn!(cluster = %name, "the writer does not answer: {error}"),
            Err(_) => tracing::warn!(cluster = %name, "the writer does not answer in time"),
        }
    }
    details.extend(capacity::details(&directory, PATIENCE).await?);
    let blue_green = match &record.blue_green {
        Some(part) => Some(blue_green::status(layout, &directory, part).await),
        None => None,
    };
    Ok(Cluster {
        name: name.clone(),
        provider: super::LocalPlane::NAME.to_owned(),
        status: status(&record, &instances),
        version: record.version,
        created: record.created,
        connection: match record.stage {
            Stage::Creating => None,
            _ => directory.connection().ok(),
        },
        size_bytes,
        restorable_since: log_archive::earliest(&directory),
        instances,
        blue_green,
        proxy: proxy::describe(&directory),
        details,
    })
}

fn status(record: &ClusterRecord, instances: &[Instance]) -> ClusterStatus {
    let available = |instance: &Instance| instance.status == InstanceStatus::Available;
    match record.stage {
        Stage::Creating => ClusterStatus::Creating,
        Stage::Deleting => ClusterStatus::Deleting,
        Stage::Whole if record.stopped => ClusterStatus::Stopped,
        Stage::Whole if !instances.first().is_some_and(available) => ClusterStatus::Down,
        Stage::Whole if !instances.iter().all(available) => ClusterStatus::Degraded,
        Stage::Whole => ClusterStatus::Available,
    }
}

fn instances(directory: &ClusterDirectory) -> Vec<Instance> {
    let readers = directory
        .readers()
        .into_iter()
        .map(|number| (reader_name(number), Role::Reader));
    std::iter::once(("writer".to_owned(), Role::Writer))
        .chain(readers)
        .filter_map(|(name, role)| {
            let instance = directory.instance(&name).ok()?;
            let status = match instance.status() {
                Status::Ready => InstanceStatus::Available,
                Status::Busy => InstanceStatus::Busy,
                Status::Stopped => InstanceStatus::Stopped,
            };
            let endpoint = format!("{HOST}:{}", instance.port());
            Some(Instance {
                name,
                role,
                status,
                endpoint,
                class: None,
                zone: None,
                lag_bytes: None,
                lag_ms: None,
            })
        })
        .collect()
}

struct Figures {
    size_bytes: Option<u64>,
    details: BTreeMap<String, String>,
    lag: HashMap<String, (Option<u64>, Option<f64>)>,
}

async fn figures(directory: &ClusterDirectory) -> Result<Figures> {
    let mut connection = connect(&directory.writer()?, "postgres").await?;
    let size = connection.query(include_str!("queries/size.sql"), &[]).await?;
    let size_bytes = size.first().and_then(|row| row.parse(0));
    let replication = connection
        .query(include_str!("queries/replication.sql"), &[])
        .await?;
    let lag = replication
        .iter()
        .map(|row| {
            let name = row
                .get(0)
                .map(str::to_owned)
                .ok_or_else(|| Error::new(ErrorKind::Internal, "A connected reader has no name."))?;
            // A reader can be ahead of what the writer has answered with.
            let bytes = row.parse::<i64>(1).map(|bytes| bytes.max(0).unsigned_abs());
            Ok((name, (bytes, row.parse(2))))
        })
        .collect::<Result<_>>()?;
    Ok(Figures {
        size_bytes,
        lag,
        details: parameters::details(directory).await?,
    })
}
