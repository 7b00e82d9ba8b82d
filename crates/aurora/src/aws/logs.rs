//! The logs of a cluster's servers, which AWS keeps for some days: fetched to this machine, and again
//! only where they have grown.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_sdk_rds::types::DescribeDbLogFilesDetails;
use howdah_core::{Error, ErrorKind, Result};

use super::call::Caller;
use crate::{ClusterName, Instance};

/// Of each instance so much is fetched, the latest files first: at 1 MiB a call, some minutes.
const MOST_BYTES: u64 = 256 << 20;
/// As many files as a page has, and far more pages than three days of hourly files.
const PAGE: i32 = 1000;
const MOST_PAGES: usize = 10;

/// The files on this machine, by instance, the oldest of each first.
pub(super) async fn fetch(
    caller: Caller<'_>,
    cluster: &ClusterName,
    instances: &[Instance],
) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for instance in instances {
        // Names of AWS are made of letters, digits and hyphens: harmless in paths.
        let directory = caller
            .account
            .home()
            .join("logs")
            .join(cluster.as_str())
            .join(&instance.name);
        howdah_store::private_directory(&directory).map_err(Error::from)?;
        let mut listed = list(caller, &instance.name).await?;
        listed.sort_by_key(|file| std::cmp::Reverse(file.last_written()));
        let (mut bytes, mut kept) = (0, Vec::new());
        for file in &listed {
            let Some(name) = file.log_file_name() else {
                continue;
            };
            let size = u64::try_from(file.size().unwrap_or(0)).unwrap_or(0);
            if bytes + size > MOST_BYTES && !kept.is_empty() {
                tracing::warn!(
                    instance = instance.name,
                    file = name,
                    "older logs are left at AWS"
                );
                break;
            }
            let local = directory.join(file_name(name));
            bytes += size;
            if download(caller, &instance.name, name, written(file), &local).await? {
                kept.push(local);
            }
        }
        remove_others(&directory, &kept)?;
        kept.reverse();
        all.extend(kept);
    }
    Ok(all)
}

async fn list(caller: Caller<'_>, instance: &str) -> Result<Vec<DescribeDbLogFilesDetails>> {
    let mut all = Vec::new();
    let mut marker = None;
    for _ in 0..MOST_PAGES {
        let page = caller
            .read(&format!("list the logs of the instance {instance}"), |rds| {
                rds.describe_db_log_files()
                    .db_instance_identifier(instance)
                    .filename_contains("postgresql.log")
                    .max_records(PAGE)
                    .set_marker(marker.clone())
                    .send()
            })
            .await?;
        all.extend_from_slice(page.describe_db_log_files());
        match page.marker() {
            Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
            _ => break,
        }
    }
    Ok(all)
}

/// Of `error/postgresql.log.2026-05-01-0900` the last part, without what a path could be.
fn file_name(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    last.chars()
        .map(|letter| if plain(letter) { letter } else { '_' })
        .collect()
}

/// When it last grew.
fn written(file: &DescribeDbLogFilesDetails) -> SystemTime {
    let ms = u64::try_from(file.last_written().unwrap_or(0)).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
}

/// Fetches a file, unless it is here as it was last written; false where AWS has it no more.
async fn download(
    caller: Caller<'_>,
    instance: &str,
    name: &str,
    written: SystemTime,
    local: &Path,
) -> Result<bool> {
    if std::fs::metadata(local).is_ok_and(|known| known.modified().is_ok_and(|moment| moment == written)) {
        return Ok(true);
    }
    let part = local.with_extension("part");
    let mut file = File::create(&part).map_err(|error| unwritten(&part, &error))?;
    let mut marker = "0".to_owned();
    loop {
        let portion = caller
            .read(
                &format!("fetch the log {name} of the instance {instance}"),
                |rds| {
                    rds.download_db_log_file_portion()
                        .db_instance_identifier(instance)
                        .log_file_name(name)
                        .marker(&marker)
                        .send()
                },
            )
            .await;
        let portion = match portion {
            Ok(portion) => portion,
            // Removed since it was listed.
            Err(failure) if failure.is("DBLogFileNotFound") => {
                drop(std::fs::remove_file(&part));
                return Ok(false);
            }
            Err(failure) => return Err(failure.into()),
        };
        file.write_all(portion.log_file_data().unwrap_or_default().as_bytes())
            .map_err(|error| unwritten(&part, &error))?;
        match portion.marker() {
            Some(next) if portion.additional_data_pending() == Some(true) && next != marker => {
                next.clone_into(&mut marker);
            }
            _ => break,
        }
    }
    file.set_modified(written)
        .map_err(|error| unwritten(&part, &error))?;
    std::fs::rename(&part, local).map_err(|error| unwritten(local, &error))?;
    Ok(true)
}

/// What AWS has no more, and what an earlier fetch left half done.
fn remove_others(directory: &Path, kept: &[PathBuf]) -> Result<()> {
    let kept: BTreeSet<&PathBuf> = kept.iter().collect();
    let entries = std::fs::read_dir(directory).map_err(|error| unwritten(directory, &error))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if !kept.contains(&path) {
            std::fs::remove_file(&path).map_err(|error| unwritten(&path, &error))?;
        }
    }
    Ok(())
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    Error::new(
        ErrorKind::Local,
        format!("A log of AWS could not be kept in {}: {error}.", path.display()),
    )
    .hint("Is there room on the disk, and may you write there?")
}
