//! Taking snapshots, and making a writer of one.

use std::path::Path;

use howdah_core::{Error, Result};
use howdah_jobs::JobCx;
use howdah_localpg::{Account, Installation, Instance, Status, copy_data_directory, write_private};

use super::layout::{
    ClusterDirectory, Layout, SnapshotDirectory, SnapshotRecord, file, now, remove_directory, rename,
};
use super::{backup, blocking, create};
use crate::{AuroraError, OperationState, SnapshotCopy, SnapshotName};

/// Copies the data of a cluster, running or stopped.
pub(super) async fn take(
    layout: &Layout,
    cluster: &ClusterDirectory,
    name: &SnapshotName,
    job: &str,
    state: &mut OperationState,
) -> Result<()> {
    let snapshot = layout.snapshot(name);
    state.snapshot = Some(name.clone());
    match snapshot.existing()? {
        Some(record) if record.job == job => return Ok(()),
        Some(_) => return snapshot.check_free(),
        None => {}
    }
    layout.make_shared_directories()?;
    let nascent = snapshot.nascent(job);
    let record = cluster.record()?;
    let writer = cluster.writer()?;
    let status = {
        let (writer, nascent) = (writer.clone(), nascent.clone());
        blocking(move || {
            remove_directory(nascent.path())?;
            Account::of_servers()?.private_directory(nascent.path())?;
            Ok(writer.status())
        })
        .await?
    };
    match status {
        Status::Ready => {
            let label = backup::copy_running(&writer, nascent.data_dir()).await?;
            write_private(&nascent.label_file(), &label)?;
        }
        Status::Stopped => {
            let (from, to) = (writer.data_dir(), nascent.data_dir());
            blocking(move || Ok(copy_data_directory(&from, &to, true, &Account::of_servers()?)?)).await?;
        }
        Status::Busy => {
            let status = "starting or stopping".to_owned();
            return Err(AuroraError::NotAvailable {
                name: cluster.name.to_string(),
                status,
            }
            .into());
        }
    }
    let (cluster, job) = (cluster.name.clone(), job.to_owned());
    blocking(move || {
        let record = SnapshotRecord {
            job,
            cluster,
            created: now(),
            major: record.major,
            version: record.version,
            database: record.database,
            compute: record.compute,
            size_bytes: size_of(&nascent.data_dir())?,
        };
        nascent.write_record(&record)?;
        // A snapshot is what is left when all else is lost.
        rustix::fs::sync();
        rename(nascent.path(), snapshot.path())
    })
    .await
}

/// Whether the copy of a snapshot can be made.
pub(super) fn check_copy(layout: &Layout, copy: &SnapshotCopy) -> Result<()> {
    let Some(source) = copy.source.name() else {
        return Err(super::cannot(
            "copy what is elsewhere: its snapshots are those of this machine",
        ));
    };
    if copy.region.is_some() {
        return Err(super::cannot("copy a snapshot from another region: it has none"));
    }
    if copy.kms_key.is_some() {
        return Err(super::cannot("encrypt a snapshot: the disk may be"));
    }
    layout.snapshot(&source).require(layout)?;
    layout.snapshot(&copy.snapshot).check_free()
}

/// Copies a snapshot; files share their blocks where the file system can.
pub(super) async fn copy(
    layout: &Layout,
    copy: &SnapshotCopy,
    job: &str,
    state: &mut OperationState,
) -> Result<()> {
    let snapshot = layout.snapshot(&copy.snapshot);
    state.snapshot = Some(copy.snapshot.clone());
    match snapshot.existing()? {
        Some(record) if record.job == job => return Ok(()),
        Some(_) => return snapshot.check_free(),
        None => {}
    }
    check_copy(layout, copy)?;
    let (layout, copy, job) = (layout.clone(), copy.clone(), job.to_owned());
    blocking(move || {
        let Some(name) = copy.source.name() else {
            return Err(Error::internal("This is no snapshot's name."));
        };
        let (source, nascent) = (layout.snapshot(&name), snapshot.nascent(&job));
        // What it is of and when it was taken are the source's; the rest is its own.
        let record = SnapshotRecord {
            job,
            ..source.require(&layout)?
        };
        remove_directory(nascent.path())?;
        let account = Account::of_servers()?;
        account.private_directory(nascent.path())?;
        copy_data_directory(&source.data_dir(), &nascent.data_dir(), true, &account)?;
        match std::fs::read_to_string(source.label_file()) {
            Ok(label) => write_private(&nascent.label_file(), &label)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(file("read", &source.label_file(), error)),
        }
        nascent.write_record(&record)?;
        rustix::fs::sync();
        rename(nascent.path(), snapshot.path())
    })
    .await
}

/// Removes a snapshot that this job took, whole or not.
pub(super) async fn untake(layout: &Layout, name: &SnapshotName, job: &str) -> Result<()> {
    let (snapshot, job) = (layout.snapshot(name), job.to_owned());
    blocking(move || {
        let nascent = snapshot.nascent(&job);
        if snapshot.existing()?.is_some_and(|record| record.job == job) {
            rename(snapshot.path(), nascent.path())?;
        }
        remove_directory(nascent.path())
    })
    .await
}

/// Removes a snapshot, its name first.
pub(super) async fn remove(
    layout: &Layout,
    name: &SnapshotName,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    let snapshot = layout.snapshot(name);
    let condemned = snapshot.condemned(cx.id());
    state.snapshot = Some(name.clone());
    if !state.point_of_no_return {
        // What has the name after the rename may be another snapshot already.
        if !condemned.path().exists() {
            snapshot.require(layout)?;
            rename(snapshot.path(), condemned.path())?;
        }
        state.point_of_no_return = true;
        cx.checkpoint(state).await?;
    }
    blocking(move || remove_directory(condemned.path())).await
}

/// Gives a snapshot its name back; what is no longer whole is removed.
pub(super) async fn unremove(
    layout: &Layout,
    name: &SnapshotName,
    job: &str,
    state: &OperationState,
) -> Result<()> {
    let snapshot = layout.snapshot(name);
    let condemned = snapshot.condemned(job);
    let whole = !state.point_of_no_return && condemned.path().exists();
    if whole && !snapshot.path().exists() {
        return rename(condemned.path(), snapshot.path());
    }
    blocking(move || remove_directory(condemned.path())).await
}

/// Makes the writer of a cluster out of a snapshot.
pub(super) async fn restore(snapshot: &SnapshotDirectory, cluster: &ClusterDirectory) -> Result<()> {
    let (snapshot, cluster) = (snapshot.clone(), cluster.clone());
    blocking(move || {
        let directory = cluster.instance_dir("writer");
        if Instance::open(&directory).is_ok() {
            return Ok(());
        }
        Instance::remove_remains(&directory)?;
        let installation = Installation::require(Some(cluster.record()?.major))?;
        let settings = create::settings(&cluster, &installation, "writer");
        let label = match std::fs::read_to_string(snapshot.label_file()) {
            Ok(label) => Some(label),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(file("read", &snapshot.label_file(), error)),
        };
        Instance::from_copy(&directory, &installation, &settings, |data, account| {
            copy_data_directory(&snapshot.data_dir(), data, true, account)?;
            if let Some(label) = label {
                write_private(&data.join("backup_label"), &label)?;
                account.own(&data.join("backup_label"))?;
            }
            Ok(())
        })?;
        Ok(())
    })
    .await
}

fn size_of(directory: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(directory).map_err(|source| file("read", directory, source))? {
        let entry = entry.map_err(|source| file("read", directory, source))?;
        let meta = entry
            .metadata()
            .map_err(|source| file("look at", &entry.path(), source))?;
        size += if meta.is_dir() {
            size_of(&entry.path())?
        } else {
            meta.len()
        };
    }
    Ok(size)
}
