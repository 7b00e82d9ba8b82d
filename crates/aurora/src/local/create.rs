//! The steps that make a cluster, new or of a snapshot.

use std::path::Path;

use howdah_core::{Error, Result};
use howdah_localpg::{
    Account, InitOptions, Installation, Instance, Pooler, TlsFiles, generate_password, write_private,
};
use howdah_pg::Connection;
use howdah_sql::{quote_ident, quote_literal};

use super::layout::{
    ClusterDirectory, ClusterRecord, Layout, Stage, USER, file, now, reader_name, remove_directory, rename,
};
use super::server::{await_streaming, connect};
use super::{backup, blocking, capacity, log_archive};
use crate::clusters::value;
use crate::{Action, AuroraError, OperationState};

/// Makes the cluster's directory with all but its servers, and puts it under
/// its name: from here on the name is taken.
pub(super) async fn prepare(
    layout: &Layout,
    cluster: &ClusterDirectory,
    action: &Action,
    job: &str,
) -> Result<()> {
    if let Some(record) = cluster.existing()? {
        if record.job == job {
            return Ok(());
        }
        return Err(AuroraError::ClusterExists {
            name: cluster.name.to_string(),
            created: record.created,
            job: record.job,
        }
        .into());
    }
    // A copy is capped as what it is a copy of, unless something else was said.
    let (installation, database, compute) = match action {
        Action::Create {
            version,
            database,
            shape,
            ..
        } => (
            Installation::require(*version)?,
            database.clone(),
            shape.compute.clone(),
        ),
        Action::Restore { snapshot, shape, .. } => {
            let record = layout.snapshot(snapshot).require(layout)?;
            let compute = shape.compute.clone().or(record.compute);
            (
                Installation::require(Some(record.major))?,
                record.database,
                compute,
            )
        }
        Action::RestoreToTime { source, shape, .. } | Action::Clone { source, shape, .. } => {
            let record = layout.cluster(source).record()?;
            let compute = shape.compute.clone().or(record.compute);
            (
                Installation::require(Some(record.major))?,
                record.database,
                compute,
            )
        }
        _ => return Err(Error::internal("Only a new cluster is prepared.")),
    };
    let record = ClusterRecord {
        job: job.to_owned(),
        created: now(),
        major: installation.major,
        version: installation.version,
        database,
        stage: Stage::Creating,
        stopped: false,
        turned_by: None,
        compute,
        blue_green: None,
    };
    lay_out(layout, cluster, record, None).await
}

/// Makes the directory of a new cluster, whose clients know it by the password and certificate of `like` or by its own.
pub(super) async fn lay_out(
    layout: &Layout,
    cluster: &ClusterDirectory,
    record: ClusterRecord,
    like: Option<ClusterDirectory>,
) -> Result<()> {
    let (layout, cluster, nascent) = (layout.clone(), cluster.clone(), cluster.nascent(&record.job));
    blocking(move || {
        layout.make_shared_directories()?;
        remove_directory(nascent.path())?;
        let account = Account::of_servers()?;
        for directory in [nascent.path(), &nascent.tls_dir()] {
            make_directory(directory, &account)?;
        }
        account.private_directory(&nascent.archive_dir())?;
        match like {
            Some(like) => {
                write_private(&nascent.password_file(), &like.password()?)?;
                like.tls().copy_to(&nascent.tls_dir(), &account)?;
            }
            None => {
                write_private(&nascent.password_file(), &generate_password()?)?;
                TlsFiles::create(&nascent.tls_dir(), &account)?;
            }
        }
        nascent.write_record(&record)?;
        rename(nascent.path(), cluster.path())
    })
    .await
}

/// Removes everything that this job made, and what it had not yet put in place.
pub(super) async fn unmake(layout: &Layout, cluster: &ClusterDirectory, job: &str) -> Result<()> {
    let (layout, cluster, job) = (layout.clone(), cluster.clone(), job.to_owned());
    blocking(move || {
        if cluster.existing()?.is_some_and(|record| record.job == job) {
            remove_cluster(&cluster, &job)?;
        }
        remove_directory(cluster.condemned(&job).path())?;
        remove_directory(cluster.nascent(&job).path())?;
        drop(layout);
        Ok(())
    })
    .await
}

/// Ends what runs on a cluster and removes it, its name first.
pub(super) fn remove_cluster(cluster: &ClusterDirectory, job: &str) -> Result<()> {
    Pooler::remove_remains(&cluster.proxy_dir())?;
    for directory in cluster.instance_dirs() {
        Instance::remove_remains(&directory)?;
    }
    let condemned = cluster.condemned(job);
    if cluster.path().exists() {
        remove_directory(condemned.path())?;
        rename(cluster.path(), condemned.path())?;
    }
    remove_directory(condemned.path())
}

/// Makes the writer's data directory.
pub(super) async fn init(cluster: &ClusterDirectory) -> Result<()> {
    let cluster = cluster.clone();
    blocking(move || {
        let directory = cluster.instance_dir("writer");
        if Instance::open(&directory).is_ok() {
            return Ok(());
        }
        Instance::remove_remains(&directory)?;
        let installation = Installation::require(Some(cluster.record()?.major))?;
        let options = InitOptions {
            superuser: USER.to_owned(),
            password: Some(cluster.password()?),
            settings: settings(&cluster, &installation, "writer"),
            ..InitOptions::default()
        };
        Instance::init(&directory, &installation, &options)?;
        Ok(())
    })
    .await
}

/// Creates the database that connections begin with.
pub(super) async fn database(cluster: &ClusterDirectory) -> Result<()> {
    let database = cluster.record()?.database;
    let mut connection = connect(&cluster.writer()?, "postgres").await?;
    if exists(&mut connection, &database).await? {
        return Ok(());
    }
    match connection
        .batch(&format!("CREATE DATABASE {}", quote_ident(&database)))
        .await
    {
        // A worker that was killed may have left its own statement running,
        // which this one has then waited for.
        Err(_) if exists(&mut connection, &database).await? => Ok(()),
        result => Ok(result?),
    }
}

async fn exists(connection: &mut Connection, database: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1";
    Ok(!connection.query(sql, &[Some(database)]).await?.is_empty())
}

/// Gives the role of a restored cluster the cluster's own password. Only the
/// verifier travels, so that the password can reach no log.
pub(super) async fn password(cluster: &ClusterDirectory) -> Result<()> {
    let password = cluster.password()?;
    let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
    let mut connection = connect(&cluster.writer()?, "postgres").await?;
    let statement = format!(
        "ALTER ROLE {} PASSWORD {}",
        quote_ident(USER),
        quote_literal(&verifier)
    );
    connection.batch(&statement).await?;
    Ok(())
}

/// Copies the writer's data into a reader's directory.
pub(super) async fn copy_reader(cluster: &ClusterDirectory, number: &str) -> Result<()> {
    let name = reader_name(number);
    let directory = cluster.instance_dir(&name);
    if Instance::open(&directory).is_ok() {
        return Ok(());
    }
    let writer = cluster.writer()?;
    let mut connection = connect(&writer, "postgres").await?;
    connection
        .query(
            include_str!("queries/ensure_slot.sql"),
            &[Some(&slot_name(number))],
        )
        .await?;
    let staging = cluster.copy_of(&name);
    let label = backup::copy_running(&writer, staging.clone()).await?;
    let (cluster, number) = (cluster.clone(), number.to_owned());
    blocking(move || {
        Instance::remove_remains(&directory)?;
        let mut settings = settings(&cluster, writer.installation(), &name);
        settings.extend(following(&writer, &number));
        Instance::from_copy(&directory, writer.installation(), &settings, |data, account| {
            for (file, text) in [("backup_label", label.as_str()), ("standby.signal", "")] {
                write_private(&staging.join(file), text)?;
                account.own(&staging.join(file))?;
            }
            std::fs::rename(&staging, data).map_err(|source| howdah_localpg::LocalError::File {
                action: "rename",
                path: staging.clone(),
                source,
            })
        })?;
        Ok(())
    })
    .await
}

/// Starts a reader, or tells one that runs where the writer is, and waits until it follows it.
pub(super) async fn start_reader(layout: &Layout, cluster: &ClusterDirectory, number: &str) -> Result<()> {
    let name = reader_name(number);
    let directory = cluster.instance_dir(&name);
    let writer = cluster.writer()?;
    let follow = following(&writer, number);
    let avoid = layout.ports(&directory);
    let connections = capacity::connections_now(cluster).await?;
    let cluster = cluster.clone();
    let reader = blocking(move || {
        let mut reader = Instance::open(&directory)?;
        capacity::apply_to_reader(&cluster, &mut reader, connections)?;
        reader.set(&follow)?;
        match reader.pid() {
            Some(_) => reader.reload()?,
            None => reader.start(&avoid)?,
        }
        Ok(reader)
    })
    .await?;
    await_streaming(&writer, &reader, &name).await
}

/// Notes that the cluster is whole, and for the job how to connect to it.
pub(super) async fn finish(cluster: &ClusterDirectory, state: &mut OperationState) -> Result<()> {
    let mut record = cluster.record()?;
    record.stage = Stage::Whole;
    cluster.write_record(&record)?;
    state.version = Some(record.version);
    state.connection = Some(cluster.connection()?);
    capacity::note(cluster, state)
}

/// The configuration of an instance, as far as it is Howdah's.
pub(super) fn settings(
    cluster: &ClusterDirectory,
    installation: &Installation,
    instance: &str,
) -> Vec<(String, String)> {
    let mut settings = vec![
        (
            "cluster_name".to_owned(),
            format!("{}/{instance}", cluster.name).chars().take(63).collect(),
        ),
        // Enough for changes to be taken out by publications later.
        ("wal_level".to_owned(), "logical".to_owned()),
        ("max_wal_senders".to_owned(), "40".to_owned()),
        ("max_replication_slots".to_owned(), "40".to_owned()),
        // For those who follow another cluster's changes; the same everywhere, as a reader may not have less than its writer.
        ("max_worker_processes".to_owned(), "64".to_owned()),
        // A reader that stays away must not fill the disk of the writer.
        ("max_slot_wal_keep_size".to_owned(), "4GB".to_owned()),
        ("hot_standby".to_owned(), "on".to_owned()),
        ("hot_standby_feedback".to_owned(), "on".to_owned()),
        // As in Aurora, wherever this machine is.
        ("timezone".to_owned(), "UTC".to_owned()),
        ("log_timezone".to_owned(), "UTC".to_owned()),
        ("log_line_prefix".to_owned(), "%m [%p] %q%u@%d ".to_owned()),
    ];
    if installation.has_library("pg_stat_statements") {
        settings.push((
            "shared_preload_libraries".to_owned(),
            "pg_stat_statements".to_owned(),
        ));
    }
    settings.extend(log_archive::settings(cluster));
    settings.extend(cluster.tls().settings());
    settings
}

/// With these settings a reader follows the writer.
fn following(writer: &Instance, number: &str) -> [(String, String); 2] {
    let conninfo = format!(
        "host={} port={} user={USER} application_name={}",
        value(&writer.socket_dir().to_string_lossy()),
        writer.port(),
        reader_name(number),
    );
    [
        ("primary_conninfo".to_owned(), conninfo),
        ("primary_slot_name".to_owned(), slot_name(number)),
    ]
}

pub(super) fn slot_name(number: &str) -> String {
    format!("reader_{number}")
}

/// Makes a directory through which the servers' account can pass.
fn make_directory(path: &Path, account: &Account) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if account.differs() { 0o711 } else { 0o700 };
    std::fs::create_dir(path).map_err(|source| file("create", path, source))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|source| file("set the permissions of", path, source))
}
