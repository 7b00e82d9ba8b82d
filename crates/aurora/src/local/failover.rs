//! Making a reader the writer.
//!
//! An instance keeps its name, port and settings; what changes hands is the data directory. So clients find the writer
//! where it was, and the other readers go on following it. Before the new writer takes connections it replays all that
//! the old one has written, from the old one's own directory: nothing that was acknowledged is lost, whether the old
//! writer was stopped in order or died, and it can follow the new one as it is.

use std::path::Path;

use howdah_core::{Error, Result};
use howdah_jobs::JobCx;
use howdah_localpg::{Instance, Status, StopMode, write_private};

use super::layout::{ClusterDirectory, Layout, Stage, file, for_shell, reader_name, rename};
use super::server::connect;
use super::{blocking, capacity, create, parameters, proxy, run};
use crate::{AuroraError, Member, OperationState};

/// The settings of a reader that is made the writer, of no use once it is.
const TAKING_OVER: [&str; 1] = ["restore_command"];

/// Whether a reader, this one if one is named, can be made the writer.
pub(super) fn check(cluster: &ClusterDirectory, to: Option<&str>) -> Result<()> {
    let record = cluster.record()?;
    let name = &cluster.name;
    if record.stage != Stage::Whole || record.stopped {
        let status = if record.stopped { "stopped" } else { "not whole" };
        return Err(AuroraError::NotAvailable {
            name: name.to_string(),
            status: status.to_owned(),
        }
        .into());
    }
    let readers = cluster.readers();
    if readers.is_empty() {
        return Err(Error::refused(format!(
            "The cluster {name} has no reader that could become its writer."
        ))
        .hint(format!("Add one: howdah cluster add-reader {name}")));
    }
    match to {
        Some(to) => number(cluster, to).map(drop),
        None => Ok(()),
    }
}

/// The number of a reader that is there.
pub(super) fn number(cluster: &ClusterDirectory, reader: &str) -> Result<u8> {
    let readers = cluster.readers();
    readers
        .iter()
        .copied()
        .find(|number| reader_name(number) == reader)
        .ok_or_else(|| {
            let known: Vec<String> = readers.iter().map(reader_name).collect();
            let hint = match known.is_empty() {
                true => "It has none.".to_owned(),
                false => format!("It has {}.", known.join(", ")),
            };
            Error::not_found(format!("The cluster {} has no reader {reader:?}.", cluster.name)).hint(hint)
        })
}

/// Chooses the reader, and has both servers write down what they hold in memory, so that stopping and starting them is
/// quick.
pub(super) async fn choose(
    cluster: &ClusterDirectory,
    to: Option<&str>,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    if state.members.is_empty() {
        let mut ready = Vec::new();
        for number in cluster.readers() {
            let name = reader_name(number);
            if to.is_none_or(|to| to == name) && cluster.instance(&name)?.status() == Status::Ready {
                ready.push((received(cluster, &name).await?, number));
            }
        }
        // The one that has received most, the first of those.
        ready.sort_by_key(|(bytes, number)| (std::cmp::Reverse(*bytes), *number));
        let Some((_, number)) = ready.first() else {
            return Err(Error::refused(format!(
                "No reader of the cluster {} that could become its writer takes connections.",
                cluster.name
            ))
            .hint(format!(
                "howdah cluster show {} says what they do; howdah cluster start {0} starts them.",
                cluster.name
            )));
        };
        state.members = vec![Member {
            name: reader_name(number),
            class: String::new(),
            tier: i32::from(*number),
            writer: true,
            monitoring_seconds: 0,
        }];
        cx.checkpoint(state).await?;
    }
    let chosen = cluster.instance(&chosen(state)?)?;
    for instance in [cluster.writer()?, chosen] {
        if instance.status() == Status::Ready {
            connect(&instance, "postgres").await?.batch("CHECKPOINT").await?;
        }
    }
    Ok(())
}

/// How much of the writer's log a reader has.
async fn received(cluster: &ClusterDirectory, reader: &str) -> Result<i64> {
    let mut connection = connect(&cluster.instance(reader)?, "postgres").await?;
    let rows = connection
        .query(include_str!("queries/received.sql"), &[])
        .await?;
    Ok(rows.first().and_then(|row| row.parse(0)).unwrap_or(0))
}

fn chosen(state: &OperationState) -> Result<String> {
    let member = state.members.first().map(|member| member.name.clone());
    member.ok_or_else(|| Error::internal("No reader was chosen to become the writer."))
}

/// Stops the writer, which hands the rest of its log to its readers, then the reader.
pub(super) async fn stop(cluster: &ClusterDirectory, cx: &JobCx, state: &OperationState) -> Result<()> {
    let (cluster, reader, job) = (cluster.clone(), chosen(state)?, cx.id().to_owned());
    blocking(move || {
        // They have changed places already, and may run.
        if cluster.record()?.turned_by.as_deref() == Some(job.as_str()) {
            return Ok(());
        }
        cluster.writer()?.stop(StopMode::Fast)?;
        Ok(cluster.instance(&reader)?.stop(StopMode::Fast)?)
    })
    .await
}

/// Ends a failover that was given up: where nothing has changed hands the servers are started as they were, else it is
/// finished, as the way on is shorter than the way back.
pub(super) async fn settle(
    layout: &Layout,
    cluster: &ClusterDirectory,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    let is_turned = cluster.record()?.turned_by.as_deref() == Some(cx.id());
    if !is_turned && !leaving(cluster).exists() {
        return run::start_all(layout, cluster, state).await;
    }
    exchange(cluster, cx, state).await?;
    promote(layout, cluster, state).await?;
    follow(layout, cluster, state).await
}

/// Exchanges the data of the two.
pub(super) async fn exchange(cluster: &ClusterDirectory, cx: &JobCx, state: &OperationState) -> Result<()> {
    let (directory, reader, job) = (cluster.clone(), chosen(state)?, cx.id().to_owned());
    blocking(move || exchange_data(&directory, &reader, &job)).await
}

/// Where the old writer's data are for the moment.
fn leaving(cluster: &ClusterDirectory) -> std::path::PathBuf {
    cluster.instance_dir("writer").join("leaving")
}

/// Each rename is decided from what is there, so that it can be gone on with after each.
fn exchange_data(cluster: &ClusterDirectory, reader: &str, job: &str) -> Result<()> {
    let writer = cluster.instance_dir("writer").join("data");
    let name = reader;
    let reader = cluster.instance_dir(name).join("data");
    let leaving = leaving(cluster);
    let mut record = cluster.record()?;
    if record.turned_by.as_deref() != Some(job) {
        if !leaving.exists() {
            // What somebody set with ALTER SYSTEM is the cluster's, whoever is its writer.
            parameters::hand_over(&cluster.writer()?, &cluster.instance(name)?)?;
            rename(&writer, &leaving)?;
        }
        if !writer.exists() {
            rename(&reader, &writer)?;
        }
        record.turned_by = Some(job.to_owned());
        cluster.write_record(&record)?;
    }
    match leaving.exists() {
        true => rename(&leaving, &reader),
        false => Ok(()),
    }
}

/// Starts the new writer, which takes connections once it has replayed all that the old one wrote.
pub(super) async fn promote(
    layout: &Layout,
    cluster: &ClusterDirectory,
    state: &OperationState,
) -> Result<()> {
    let old = cluster.instance_dir(&chosen(state)?).join("data");
    let (layout, cluster) = (layout.clone(), cluster.clone());
    blocking(move || {
        let mut writer = cluster.writer()?;
        let data = writer.data_dir();
        // Once it is the writer, a signal would send it back into recovery at its next start.
        if data.join("standby.signal").exists() {
            signal(&writer, "recovery.signal")?;
            unsignal(&data, "standby.signal")?;
        }
        let from = |path: &Path| format!("cp {}/%f \"%p\" 2>/dev/null", for_shell(&path.to_string_lossy()));
        let command = format!(
            "{} || {}",
            from(&old.join("pg_wal")),
            from(&cluster.archive_dir())
        );
        let hot_standby = |value: &str| ("hot_standby".to_owned(), value.to_owned());
        // Else it would be ready as soon as it can be read, before it can be written to.
        writer.set(&[(TAKING_OVER[0].to_owned(), command), hot_standby("off")])?;
        capacity::apply(&cluster, &mut writer, 0)?;
        writer.start(&layout.ports(&cluster.instance_dir("writer")))?;
        Ok(writer.set(&[(TAKING_OVER[0].to_owned(), String::new()), hot_standby("on")])?)
    })
    .await
}

/// Has the old writer and all other readers follow the new one.
pub(super) async fn follow(
    layout: &Layout,
    cluster: &ClusterDirectory,
    state: &mut OperationState,
) -> Result<()> {
    let chosen = chosen(state)?;
    let writer = cluster.writer()?;
    let mut connection = connect(&writer, "postgres").await?;
    for number in cluster.readers() {
        let slot = create::slot_name(&number.to_string());
        connection
            .query(include_str!("queries/ensure_slot.sql"), &[Some(&slot)])
            .await?;
    }
    let number = number(cluster, &chosen)?.to_string();
    let old = cluster.instance(&chosen)?;
    if old.status() == Status::Stopped {
        let old = old.clone();
        blocking(move || Ok(signal(&old, "standby.signal")?)).await?;
    }
    follow_or_copy(layout, cluster, &number).await?;
    // The slots that it kept for others as the writer would keep its log for ever.
    let mut connection = connect(&cluster.instance(&chosen)?, "postgres").await?;
    connection
        .query(include_str!("queries/drop_slots.sql"), &[])
        .await?;
    // Where somebody took the writer's port while it was down, it has another, which the others are told.
    for other in cluster.readers() {
        if reader_name(other) != chosen {
            follow_or_copy(layout, cluster, &other.to_string()).await?;
        }
    }
    proxy::refresh(layout, cluster).await?;
    state.version = Some(cluster.record()?.version);
    state.connection = Some(cluster.connection()?);
    Ok(())
}

/// A reader whose data do not lead to the new writer's gets those.
async fn follow_or_copy(layout: &Layout, cluster: &ClusterDirectory, number: &str) -> Result<()> {
    let Err(error) = create::start_reader(layout, cluster, number).await else {
        return Ok(());
    };
    let name = reader_name(number);
    tracing::warn!("{name} does not follow the new writer, which is copied to it anew: {error}");
    // Its data go only while there is a writer to copy: that may be what is missing.
    connect(&cluster.writer()?, "postgres").await?;
    let directory = cluster.instance_dir(&name);
    blocking(move || Ok(Instance::remove_remains(&directory)?)).await?;
    create::copy_reader(cluster, number).await?;
    create::start_reader(layout, cluster, number).await
}

fn signal(instance: &Instance, name: &str) -> Result<(), howdah_localpg::LocalError> {
    let path = instance.data_dir().join(name);
    write_private(&path, "")?;
    instance.account().own(&path)
}

fn unsignal(data: &Path, name: &str) -> Result<()> {
    let path = data.join(name);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file("remove", &path, error)),
        _ => Ok(()),
    }
}
