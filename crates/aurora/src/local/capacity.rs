//! A range of ACU on this machine: the cap of a cluster's servers.
//!
//! Nothing scales here. What stands for the maximum is held as far as it can be without a privilege: connections by the
//! server, processors and the memory of each session by the operating system; what all sessions take together is bounded
//! by settings alone, and `describe` says so. The minimum decides what it decides at Aurora: how many connections there
//! are. The range is in the cluster's record, so that every server of it, and every copy, has the cap.

use std::fmt;
use std::time::Duration;

use howdah_core::{Error, Result, human_bytes};
use howdah_localpg::{Instance, Limits, Machine, Status, StopMode};

use super::layout::{ClusterDirectory, Layout, reader_name};
use super::server::connect;
use super::{blocking, create};
use crate::shape::connections_of_acu;
use crate::{Acu, AuroraError, Compute, OperationState};

/// What an ACU stands for: about 2 GiB of memory, as AWS says.
const HALF_ACU_BYTES: u64 = 1 << 30;
/// As many ACU as a processor comes with: AWS names no number; its classes for databases have 8 GiB for each.
const HALF_ACU_PER_CPU: u32 = 8;
/// So much of the memory, in percent, is for pages that all sessions share. Aurora takes 75, as there is no cache of
/// the operating system beneath it; here there is one, in which the same pages would lie twice.
const SHARED_PERCENT: u64 = 25;
/// What the planner takes to be cached, in percent: the shared pages and those of the operating system.
const CACHED_PERCENT: u64 = 75;
/// Aurora gives this part of the memory to a vacuum or the building of an index, and no less than 64 MiB
/// (`DBInstanceClassMemory*1024/63963136` kB).
const MAINTENANCE_PART: u64 = 61;
const MAINTENANCE_LEAST: u64 = 64 << 20;

const CONNECTIONS: &str = "max_connections";

/// What a range of ACU stands for on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Capacity {
    min: Acu,
    max: Acu,
    machine: Machine,
    cpus: u32,
    memory_bytes: u64,
    connections: u32,
}

/// Whether a cluster of this machine can be made of that.
pub(super) fn check(compute: Option<&Compute>) -> Result<()> {
    match compute {
        Some(Compute::Provisioned { class }) => Err(Error::from(AuroraError::Unsupported {
            provider: super::LocalPlane::NAME,
            what: format!("run a cluster on {class}"),
        })
        .hint("Give a range of ACU (0.5-4), whose maximum caps connections, processors and memory; without one it takes what this machine has.")),
        Some(Compute::Serverless { .. }) | None => Ok(()),
    }
}

/// What a change to that range does.
pub(super) fn effect(compute: &Compute) -> String {
    let stands_for =
        Capacity::on(compute, Machine::look()).map_or_else(String::new, |capacity| format!("{capacity}. "));
    format!(
        "{stands_for}max_connections, shared_buffers and what the operating system does not let change at once follow with the next restart, the rest at once."
    )
}

impl Capacity {
    /// Of a cluster, if it has a range.
    pub(super) fn of(cluster: &ClusterDirectory) -> Result<Option<Self>> {
        let compute = cluster.existing()?.and_then(|record| record.compute);
        Ok(compute.and_then(|compute| Self::on(&compute, Machine::look())))
    }

    fn on(compute: &Compute, machine: Machine) -> Option<Self> {
        let Compute::Serverless { min, max } = compute else {
            return None;
        };
        let halves = max.in_halves();
        let wanted = u64::from(halves) * HALF_ACU_BYTES;
        let memory_bytes = wanted.min(machine.memory_bytes.unwrap_or(wanted));
        // As many as the memory that there is would have.
        let there = u16::try_from(memory_bytes.div_ceil(HALF_ACU_BYTES)).unwrap_or(halves);
        Some(Self {
            min: *min,
            max: *max,
            machine,
            cpus: u32::from(halves)
                .div_ceil(HALF_ACU_PER_CPU)
                .min(machine.cpus)
                .max(1),
            memory_bytes,
            connections: connections_of_acu(*min, Acu::halves(there)),
        })
    }

    /// Whether this machine has less memory than the maximum stands for.
    fn is_clamped(&self) -> bool {
        self.memory_bytes < u64::from(self.max.in_halves()) * HALF_ACU_BYTES
    }

    fn shared_bytes(&self) -> u64 {
        self.memory_bytes * SHARED_PERCENT / 100
    }

    /// The configuration of a server.
    fn settings(&self) -> Vec<(String, String)> {
        let size = |bytes: u64| format!("{}MB", (bytes >> 20).max(1));
        let maintenance = (self.memory_bytes / MAINTENANCE_PART).max(MAINTENANCE_LEAST);
        let all = [
            (CONNECTIONS, self.connections.to_string()),
            ("max_parallel_workers", self.cpus.to_string()),
            ("shared_buffers", size(self.shared_bytes())),
            (
                "effective_cache_size",
                size(self.memory_bytes * CACHED_PERCENT / 100),
            ),
            ("maintenance_work_mem", size(maintenance)),
        ];
        all.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// What the operating system holds each process of a server to.
    fn limits(&self) -> Limits {
        Limits {
            cpus: Some(self.cpus),
            process_memory_bytes: Some(self.memory_bytes - self.shared_bytes()),
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} to {} ACU: each server has up to {} of memory, {} of {} processors and {} connections",
            self.min,
            self.max,
            human_bytes(self.memory_bytes),
            self.cpus,
            self.machine.cpus,
            self.connections
        )?;
        match self.is_clamped() {
            true => write!(
                f,
                " (the maximum stands for {}; this machine has no more than that)",
                human_bytes(u64::from(self.max.in_halves()) * HALF_ACU_BYTES)
            ),
            false => Ok(()),
        }
    }
}

/// Gives a server the cap of its cluster, from its next start or [`Instance::reload`] on as far as it is settings.
/// `least` is how many connections it may not have less than.
pub(super) fn apply(cluster: &ClusterDirectory, instance: &mut Instance, least: u32) -> Result<()> {
    let Some(capacity) = Capacity::of(cluster)? else {
        return Ok(());
    };
    let mut settings = capacity.settings();
    for (name, value) in &mut settings {
        if name == CONNECTIONS {
            *value = capacity.connections.max(least).to_string();
        }
    }
    instance.set(&settings)?;
    Ok(instance.limit(capacity.limits())?)
}

/// The same for a reader, which may not have less connections than its writer has, nor than the log asks for that it
/// has not replayed yet: it keeps what it had until [`lower_readers`].
pub(super) fn apply_to_reader(
    cluster: &ClusterDirectory,
    reader: &mut Instance,
    of_writer: u32,
) -> Result<()> {
    let least = connections_set(reader).max(of_writer);
    apply(cluster, reader, least)
}

fn connections_set(instance: &Instance) -> u32 {
    let set = instance.setting(CONNECTIONS).and_then(|text| text.parse().ok());
    set.unwrap_or(0)
}

/// How many connections the writer of a capped cluster has now; 0 where there is no cap.
pub(super) async fn connections_now(cluster: &ClusterDirectory) -> Result<u32> {
    if Capacity::of(cluster)?.is_none() {
        return Ok(0);
    }
    let rows = connect(&cluster.writer()?, "postgres")
        .await?
        .query("SELECT pg_catalog.current_setting('max_connections')", &[])
        .await?;
    Ok(rows.first().and_then(|row| row.parse(0)).unwrap_or(0))
}

/// Gives a cluster another range. Connections, shared pages and what the operating system does not let change at once
/// follow with the next restart.
pub(super) async fn set(
    cluster: &ClusterDirectory,
    compute: &Compute,
    state: &mut OperationState,
) -> Result<()> {
    let mut record = cluster.record()?;
    record.compute = Some(compute.clone());
    cluster.write_record(&record)?;
    let now = connections_now(cluster).await?;
    let directory = cluster.clone();
    blocking(move || {
        let mut writer = directory.writer()?;
        apply(&directory, &mut writer, 0)?;
        writer.reload()?;
        for number in directory.readers() {
            let mut reader = directory.instance(&reader_name(number))?;
            apply_to_reader(&directory, &mut reader, now)?;
            reader.reload()?;
        }
        Ok(())
    })
    .await?;
    note(cluster, state)
}

/// Notes for the job what the cap is.
pub(super) fn note(cluster: &ClusterDirectory, state: &mut OperationState) -> Result<()> {
    state.capacity = Capacity::of(cluster)?.map(|capacity| capacity.to_string());
    Ok(())
}

/// Restarts the readers that have more connections than the cap and their writer, which has been restarted before: when
/// they have replayed all that it wrote when it had more, they can have less.
pub(super) async fn lower_readers(layout: &Layout, cluster: &ClusterDirectory) -> Result<()> {
    let Some(capacity) = Capacity::of(cluster)? else {
        return Ok(());
    };
    let wanted = capacity.connections.max(connections_now(cluster).await?);
    for number in cluster.readers() {
        let mut reader = cluster.instance(&reader_name(number))?;
        if reader.status() != Status::Ready || connections_set(&reader) <= wanted {
            continue;
        }
        replay(cluster, &reader).await?;
        blocking(move || {
            reader.stop(StopMode::Fast)?;
            Ok(reader.set(&[(CONNECTIONS.to_owned(), wanted.to_string())])?)
        })
        .await?;
        create::start_reader(layout, cluster, &number.to_string()).await?;
    }
    Ok(())
}

/// Waits until a reader has replayed all that its writer has written, and has it begin there at its next start.
async fn replay(cluster: &ClusterDirectory, reader: &Instance) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(60);
    let mut writer = connect(&cluster.writer()?, "postgres").await?;
    let mut follower = connect(reader, "postgres").await?;
    writer.batch("CHECKPOINT").await?;
    let rows = writer.query(include_str!("queries/log_end.sql"), &[]).await?;
    let end = rows
        .first()
        .and_then(|row| row.get(0))
        .unwrap_or_default()
        .to_owned();
    let start = tokio::time::Instant::now();
    loop {
        let rows = follower
            .query(include_str!("queries/replayed.sql"), &[Some(&end)])
            .await?;
        if rows.first().is_some_and(|row| row.is_true(0)) {
            break;
        }
        if start.elapsed() > LIMIT {
            return Err(Error::new(
                howdah_core::ErrorKind::Timeout,
                format!("A reader of {} has not replayed its writer's log after {} s.", cluster.name, LIMIT.as_secs()),
            )
            .hint("Is a long query of its clients in the way? The cap is in force on the writer; the job can be begun again.")
            .detail(reader.log_tail(2048)));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(follower.batch("CHECKPOINT").await?)
}

/// What the cap is, what holds it, as servers and operating system say, and what does not; each server has so long to
/// answer.
pub(super) async fn details(cluster: &ClusterDirectory, patience: Duration) -> Result<Vec<(String, String)>> {
    let Some(capacity) = Capacity::of(cluster)? else {
        return Ok(Vec::new());
    };
    let mut details = vec![("Capacity".to_owned(), capacity.to_string())];
    let readers = cluster.readers().into_iter().map(reader_name);
    let mut asked = Vec::new();
    for name in std::iter::once("writer".to_owned()).chain(readers) {
        // One that is being made, or does not run, has nothing to say.
        if let Ok(instance) = cluster.instance(&name)
            && instance.status() == Status::Ready
        {
            let cpus = capacity.machine.cpus;
            let answer =
                tokio::spawn(async move { tokio::time::timeout(patience, examine(&instance, cpus)).await });
            asked.push((name, answer));
        }
    }
    let (mut enforced, mut by_settings) = (Vec::new(), Vec::new());
    for (name, answer) in asked {
        let Ok(Ok(Ok((held, set, by_hand)))) = answer.await else {
            enforced.push((name, "does not answer".to_owned()));
            continue;
        };
        if name == "writer" && !by_hand.is_empty() {
            let text = format!(
                "{}: by parameters of its own, which win over those of the capacity",
                by_hand.join(", ")
            );
            details.push(("Capacity, set otherwise".to_owned(), text));
        }
        enforced.push((name.clone(), held));
        by_settings.push((name, set));
    }
    for (what, texts) in [("enforced", enforced), ("by settings alone", by_settings)] {
        if let Some(text) = joined(texts) {
            details.push((format!("Capacity, {what}"), text));
        }
    }
    Ok(details)
}

/// What holds a server now, what is only set, and which of it somebody has set in place of the cap's.
async fn examine(instance: &Instance, of_cpus: u32) -> Result<(String, String, Vec<String>)> {
    let rows = connect(instance, "postgres")
        .await?
        .query(include_str!("queries/capacity.sql"), &[])
        .await?;
    let value = |wanted: &str| {
        let row = rows.iter().find(|row| row.get(0) == Some(wanted));
        row.and_then(|row| row.parse::<u64>(1)).unwrap_or(0)
    };
    let mut held = vec![format!("{} connections by the server", value(CONNECTIONS))];
    let limits = instance.held_to().unwrap_or_default();
    let mut open = Vec::new();
    match limits.cpus {
        Some(cpus) => held.push(format!("{cpus} of {of_cpus} processors by CPU affinity")),
        None => open.push("processors".to_owned()),
    }
    match limits.process_memory_bytes {
        Some(bytes) => held.push(format!(
            "{} of its own for each session by RLIMIT_DATA",
            human_bytes(bytes)
        )),
        None => open.push("the memory of a session".to_owned()),
    }
    open.push("the memory of all sessions together".to_owned());
    let sizes = ["shared_buffers", "effective_cache_size", "maintenance_work_mem"];
    let sizes = sizes.map(|name| format!("{name} {}", human_bytes(value(name))));
    let workers = format!("max_parallel_workers {}", value("max_parallel_workers"));
    let set = format!("{} ({}, {workers})", open.join(", "), sizes.join(", "));
    let by_hand = rows
        .iter()
        .filter(|row| row.is_true(2))
        .filter_map(|row| row.get(0));
    Ok((held.join(", "), set, by_hand.map(str::to_owned).collect()))
}

/// One text for all servers where they are alike; none without a server.
fn joined(texts: Vec<(String, String)>) -> Option<String> {
    let ((_, first), others) = texts.split_first()?;
    if others.iter().all(|(_, other)| other == first) {
        return Some(first.clone());
    }
    let each = texts.iter().map(|(name, text)| format!("{name}: {text}"));
    Some(each.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn on(range: &str, cpus: u32, memory_gib: Option<u64>) -> Capacity {
        let machine = Machine {
            cpus,
            memory_bytes: memory_gib.map(|gib| gib << 30),
        };
        Capacity::on(&range.parse().unwrap(), machine).unwrap()
    }

    fn setting(capacity: &Capacity, name: &str) -> String {
        let settings = capacity.settings();
        settings.into_iter().find(|(known, _)| known == name).unwrap().1
    }

    #[test]
    fn a_range_stands_for_its_maximum() {
        let capacity = on("1-4", 16, Some(64));
        assert_eq!(
            capacity.to_string(),
            "1 to 4 ACU: each server has up to 8.0 GiB of memory, 1 of 16 processors and 823 connections"
        );
        assert_eq!(setting(&capacity, "shared_buffers"), "2048MB");
        assert_eq!(setting(&capacity, "effective_cache_size"), "6144MB");
        assert_eq!(setting(&capacity, "maintenance_work_mem"), "134MB");
        assert_eq!(capacity.limits().process_memory_bytes, Some(6 << 30));
        assert_eq!(setting(&on("1-1", 16, Some(64)), "maintenance_work_mem"), "64MB");
        assert_eq!(setting(&on("1-4.5", 16, Some(64)), "max_parallel_workers"), "2");
        assert_eq!(setting(&on("0.5-32", 16, Some(64)), "max_connections"), "2000");
    }

    #[test]
    fn nothing_is_asked_for_that_the_machine_has_not() {
        let capacity = on("1-256", 2, Some(8));
        assert_eq!(setting(&capacity, "max_connections"), "823");
        assert_eq!(setting(&capacity, "shared_buffers"), "2048MB");
        assert_eq!(capacity.limits().cpus, Some(2));
        assert!(
            capacity.to_string().contains("up to 8.0 GiB")
                && capacity.to_string().contains("stands for 512.0 GiB"),
            "{capacity}"
        );
        let small = on("1-1", 1, Some(1));
        assert_eq!(setting(&small, "max_connections"), "189");
        assert_eq!(setting(&small, "shared_buffers"), "256MB");
        // Where it cannot be asked, it is taken at its word.
        assert_eq!(setting(&on("1-8", 2, None), "shared_buffers"), "4096MB");
    }
}
