//! What a cluster can be restored from to any moment: a copy of its data as they were when it was made, and its
//! write-ahead log since.
//!
//! ```text
//! <cluster>/archive/    segments of the log, written by the writer's archive_command
//! <cluster>/base/       base.json, data/ and backup_label: the copy
//! ```
//!
//! The archive is bounded: of a log that grows beyond it the oldest segments go, and with them the way back.

use std::path::PathBuf;

use howdah_core::{Error, ErrorKind, Result};
use howdah_localpg::{Account, Instance, LocalError, Status, copy_data_directory, write_private};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::layout::{ClusterDirectory, Layout, file, for_shell, remove_directory, rename};
use super::server::connect;
use super::{backup, blocking, capacity, create};
use crate::AuroraError;

/// Segments of 16 MiB that an archive keeps: 4 GiB, as much as a reader may hold back.
const SEGMENTS_MAX: usize = 256;

/// The settings of a restored server that are of no use once it has caught up.
const RECOVERY: [&str; 2] = ["restore_command", "recovery_target_time"];

/// What is known of the copy of a cluster's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct BaseRecord {
    /// When the copy was whole: before it there is nothing to restore. UTC, RFC 3339.
    whole_at: String,
    /// The first segment of the log that it needs.
    first_segment: String,
}

/// The settings that make a writer keep its log.
pub(super) fn settings(cluster: &ClusterDirectory) -> [(String, String); 2] {
    let archive = for_shell(&cluster.archive_dir().to_string_lossy());
    // A segment that came already is fine if it is the same, and is never overwritten by another.
    let command = format!(
        "cd {archive} && if test -e %f; then cmp -s \"$OLDPWD/%p\" %f; else cp \"$OLDPWD/%p\" .%f && mv .%f %f \
         && ls -r | grep -v history | tail -n +{} | xargs rm -f; fi",
        SEGMENTS_MAX + 1
    );
    [
        ("archive_mode".to_owned(), "on".to_owned()),
        ("archive_command".to_owned(), command),
    ]
}

/// Copies the data of a cluster that has just been made, as what its log begins with.
pub(super) async fn keep_base(cluster: &ClusterDirectory) -> Result<()> {
    if cluster.base_file().exists() {
        return Ok(());
    }
    let writer = cluster.writer()?;
    let nascent = cluster.base_dir().with_file_name("base-new");
    {
        let nascent = nascent.clone();
        blocking(move || {
            remove_directory(&nascent)?;
            Ok(Account::of_servers()?.private_directory(&nascent)?)
        })
        .await?;
    }
    let label = backup::copy_running(&writer, nascent.join("data")).await?;
    let record = BaseRecord {
        whole_at: rfc3339(OffsetDateTime::now_utc()),
        first_segment: first_segment(&label)?,
    };
    let base = cluster.base_dir();
    blocking(move || {
        write_private(&nascent.join("backup_label"), &label)?;
        write_private(
            &nascent.join("base.json"),
            &serde_json::to_string_pretty(&record)?,
        )?;
        rename(&nascent, &base)
    })
    .await
}

/// The earliest moment that a cluster can be restored to; none where it keeps no log.
pub(super) fn earliest(cluster: &ClusterDirectory) -> Option<String> {
    let record = base(cluster).ok()?;
    has_segment(cluster, &record.first_segment).then_some(record.whole_at)
}

/// Whether `cluster` can be restored to `time`.
pub(super) fn check(cluster: &ClusterDirectory, time: &str) -> Result<()> {
    let wanted = moment(time)?;
    let name = &cluster.name;
    let now = OffsetDateTime::now_utc();
    if wanted > now {
        return Err(
            Error::invalid(format!("{time} has not come yet; it is {}.", rfc3339(now)))
                .hint("Give a moment in the past, in UTC: 2026-05-01T09:30:00Z."),
        );
    }
    let refused = |why: String| {
        Error::refused(why).hint(format!(
            "Restore a snapshot of it instead: `howdah cluster list` shows them, `howdah cluster restore {name} --snapshot ID --as NEW` makes a cluster of one."
        ))
    };
    let record = base(cluster).map_err(|_| {
        refused(format!(
            "The cluster {name} keeps no log: it was made by an earlier howdah, or is not whole."
        ))
    })?;
    if !has_segment(cluster, &record.first_segment) {
        return Err(refused(format!(
            "The log of the cluster {name} has outgrown the {} that are kept of it, so its beginning is gone.",
            howdah_core::human_bytes((SEGMENTS_MAX as u64) << 24)
        )));
    }
    if wanted < moment(&record.whole_at)? {
        return Err(refused(format!(
            "The log of the cluster {name} begins at {}, after {time}.",
            record.whole_at
        )));
    }
    Ok(())
}

/// Has the writer put all of its log until now into the archive. One that does not run has left it in its own directory.
pub(super) async fn close(source: &ClusterDirectory) -> Result<()> {
    let writer = source.writer()?;
    match writer.status() {
        Status::Ready => {}
        Status::Stopped => return Ok(()),
        Status::Busy => {
            return Err(AuroraError::NotAvailable {
                name: source.name.to_string(),
                status: "starting or stopping".to_owned(),
            }
            .into());
        }
    }
    let mut connection = connect(&writer, "postgres").await?;
    // Recovery ends at the first commit after the moment: without one it would not know that it is past it.
    connection
        .query("SELECT pg_catalog.pg_current_xact_id()", &[])
        .await?;
    let rows = connection
        .query(
            "SELECT pg_catalog.pg_walfile_name(pg_catalog.pg_switch_wal())",
            &[],
        )
        .await?;
    let segment = rows
        .first()
        .and_then(|row| row.get(0))
        .unwrap_or_default()
        .to_owned();
    let archived = source.archive_dir().join(&segment);
    let start = tokio::time::Instant::now();
    while start.elapsed() < std::time::Duration::from_secs(60) {
        if archived.exists() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Err(Error::new(
        ErrorKind::Timeout,
        format!(
            "The writer of {} has not archived the segment {segment} of its log after 60 s.",
            source.name
        ),
    )
    .hint("Is the disk full? Its log says why.")
    .detail(writer.log_tail(2048)))
}

/// Makes the writer of `cluster` out of the copy and the log of `source`; it catches up when it is started.
pub(super) async fn restore(source: &ClusterDirectory, cluster: &ClusterDirectory, time: &str) -> Result<()> {
    let (source, cluster, time) = (source.clone(), cluster.clone(), moment(time)?);
    blocking(move || {
        let directory = cluster.instance_dir("writer");
        if Instance::open(&directory).is_ok() {
            return Ok(());
        }
        Instance::remove_remains(&directory)?;
        let installation = source.writer()?.installation().clone();
        let mut settings = create::settings(&cluster, &installation, "writer");
        let archive = for_shell(&source.archive_dir().to_string_lossy());
        let own_log = for_shell(&source.writer()?.data_dir().join("pg_wal").to_string_lossy());
        let command = format!("cp {archive}/%f \"%p\" 2>/dev/null || cp {own_log}/%f \"%p\" 2>/dev/null");
        for (name, value) in RECOVERY.into_iter().zip([command, target(time)]) {
            settings.push((name.to_owned(), value));
        }
        settings.push(("recovery_target_action".to_owned(), "promote".to_owned()));
        // Else it would be ready as soon as it can be read, long before it is what was asked for.
        settings.retain(|(name, _)| name != "hot_standby");
        settings.push(("hot_standby".to_owned(), "off".to_owned()));
        Instance::from_copy(&directory, &installation, &settings, |data, account| {
            copy_data_directory(&source.base_dir().join("data"), data, true, account)?;
            let label = source.base_dir().join("backup_label");
            let label = std::fs::read_to_string(&label).map_err(|error| LocalError::File {
                action: "read",
                path: label.clone(),
                source: error,
            })?;
            for (name, text) in [("backup_label", label.as_str()), ("recovery.signal", "")] {
                write_private(&data.join(name), text)?;
                account.own(&data.join(name))?;
            }
            Ok(())
        })?;
        Ok(())
    })
    .await
}

/// Starts a restored writer, which takes connections when it has caught up with the moment.
pub(super) async fn catch_up(layout: &Layout, cluster: &ClusterDirectory) -> Result<()> {
    let (layout, cluster) = (layout.clone(), cluster.clone());
    blocking(move || {
        let mut writer = cluster.writer()?;
        let avoid = layout.ports(&cluster.instance_dir("writer"));
        capacity::apply(&cluster, &mut writer, 0)?;
        match writer.start(&avoid) {
            // All of the log lies before the moment: its end is what was asked for.
            Err(LocalError::Failed { log, .. }) if log.contains("before configured recovery target") => {
                writer.set(&[(RECOVERY[1].to_owned(), String::new())])?;
                writer.start(&avoid)?;
            }
            started => started?,
        }
        let mut done = RECOVERY.map(|name| (name.to_owned(), String::new())).to_vec();
        done.push(("hot_standby".to_owned(), "on".to_owned()));
        Ok(writer.set(&done)?)
    })
    .await
}

/// A moment as users write it, in RFC 3339.
pub(super) fn moment(text: &str) -> Result<OffsetDateTime> {
    OffsetDateTime::parse(text.trim(), &Rfc3339)
        .map(|time| time.to_offset(time::UtcOffset::UTC))
        .map_err(|_| {
            Error::invalid(format!("{text:?} is no moment in the form of RFC 3339."))
                .hint("Write 2026-05-01T09:30:00Z, or with an offset: 2026-05-01T11:30:00+02:00.")
        })
}

fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// As the server's configuration takes it, where `Z` is no time zone yet.
fn target(time: OffsetDateTime) -> String {
    rfc3339(time).replace('T', " ").replace('Z', "+00")
}

fn base(cluster: &ClusterDirectory) -> Result<BaseRecord> {
    let path = cluster.base_file();
    let text = std::fs::read_to_string(&path).map_err(|source| file("read", &path, source))?;
    Ok(serde_json::from_str(&text)?)
}

fn has_segment(cluster: &ClusterDirectory, name: &str) -> bool {
    let own = |writer: Instance| writer.data_dir().join("pg_wal").join(name).exists();
    cluster.archive_dir().join(name).exists() || cluster.writer().is_ok_and(own)
}

/// The segment that a backup's label says recovery begins in.
fn first_segment(label: &str) -> Result<String> {
    let named = label.lines().find_map(|line| {
        let (_, rest) = line.strip_prefix("START WAL LOCATION:")?.split_once("(file ")?;
        Some(rest.trim_end_matches(')').to_owned())
    });
    named.ok_or_else(|| Error::internal("The label of a backup does not say where its log begins."))
}

impl ClusterDirectory {
    pub(super) fn archive_dir(&self) -> PathBuf {
        self.path().join("archive")
    }

    fn base_dir(&self) -> PathBuf {
        self.path().join("base")
    }

    fn base_file(&self) -> PathBuf {
        self.base_dir().join("base.json")
    }
}
