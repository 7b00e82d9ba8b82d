//! The steps that make a green environment.

use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;
use howdah_localpg::{Installation, Instance, Status, StopMode, write_private};

use super::super::layout::{ClusterDirectory, ClusterRecord, Layout, Part, Phase, Side, Stage, file, now};
use super::super::server::connect;
use super::super::{blocking, create, run};
use super::dump::Programs;
use super::link::{self, Database};
use super::schema::Schema;
use super::{green_name, green_of, note};
use crate::{Compute, OperationState};

/// With this green is read by its users, and written to by what follows blue alone, until it takes blue's place.
pub(super) const READ_ONLY: &str = "default_transaction_read_only";

/// How long green waits before it looks for blue again.
pub(super) const RETRY: &str = "wal_retrieve_retry_interval";

/// Makes the directory of green, and notes on both sides what they are to each other.
pub(super) async fn prepare(
    layout: &Layout,
    blue: &ClusterDirectory,
    version: Option<u16>,
    compute: Option<&Compute>,
    job: &str,
) -> Result<()> {
    let mut record = blue.record()?;
    let green = layout.cluster(&green_name(blue)?);
    let part = |side, partner: &ClusterDirectory| Part {
        job: job.to_owned(),
        side,
        partner: partner.name.clone(),
        phase: Phase::Provisioning,
    };
    match green.existing()? {
        Some(there) if there.job == job => {}
        Some(there) => {
            return Err(crate::AuroraError::ClusterExists {
                name: green.name.to_string(),
                created: there.created,
                job: there.job,
            }
            .into());
        }
        None => {
            let installation = Installation::require(Some(version.unwrap_or(record.major)))?;
            let new = ClusterRecord {
                job: job.to_owned(),
                created: now(),
                major: installation.major,
                version: installation.version,
                database: record.database.clone(),
                stage: Stage::Creating,
                stopped: false,
                turned_by: None,
                compute: compute.cloned().or(record.compute.clone()),
                blue_green: Some(part(Side::Green, blue)),
            };
            create::lay_out(layout, &green, new, Some(blue.clone())).await?;
        }
    }
    record.blue_green = Some(part(Side::Blue, &green));
    blue.write_record(&record)
}

/// Removes green, and blue's memory of it.
pub(super) async fn unprepare(layout: &Layout, blue: &ClusterDirectory, job: &str) -> Result<()> {
    let green = layout.cluster(&green_name(blue)?);
    create::unmake(layout, &green, job).await?;
    let mut record = blue.record()?;
    if record.blue_green.as_ref().is_some_and(|part| part.job == job) {
        record.blue_green = None;
        blue.write_record(&record)?;
    }
    Ok(())
}

/// Makes green's server, with all of blue's definitions and none of its rows.
pub(super) async fn schema(layout: &Layout, blue: &ClusterDirectory) -> Result<()> {
    let green = green_of(layout, blue)?;
    if Schema::kept(&green)?.is_some() {
        return run::start_writer(layout, &green).await;
    }
    let from = blue.writer()?;
    let databases = link::databases(&from).await?;
    let before = Schema::of(&from, &databases, "").await?;
    {
        let (directory, green) = (green.instance_dir("writer"), green.clone());
        // What an attempt that was killed had made of it cannot be told apart.
        blocking(move || Ok(Instance::remove_remains(&directory)?)).await?;
        create::init(&green).await?;
    }
    let major = green.record()?.major;
    let (mut to, settings) = (green.writer()?, settings(databases.len(), major));
    blocking(move || Ok(to.set(&settings)?)).await?;
    run::start_writer(layout, &green).await?;
    carry_parameters(layout, &from, &green).await?;
    let to = green.writer()?;
    let programs = Programs::find(blue.record()?.major, major)?;
    {
        let (from, to, databases) = (from.clone(), to.clone(), databases.clone());
        blocking(move || {
            programs.copy_roles(&from, &to)?;
            databases
                .iter()
                .try_for_each(|database| programs.copy_schema(&from, &to, &database.name))
        })
        .await?;
    }
    for database in &databases {
        empty_extensions(&to, database).await?;
    }
    let mut kept = Schema::of(&from, &databases, &link::system(&to).await?).await?;
    before.check_unchanged(&kept, blue.name.as_str())?;
    kept.system = link::system(&to).await?;
    kept.keep(&green)
}

/// What a server needs that follows so many databases.
fn settings(databases: usize, major: u16) -> Vec<(String, String)> {
    let workers = databases.saturating_mul(3).saturating_add(4).to_string();
    let mut settings = vec![
        ("max_logical_replication_workers".to_owned(), workers),
        (RETRY.to_owned(), "50ms".to_owned()),
    ];
    if major >= 18 {
        settings.push(("max_active_replication_origins".to_owned(), "40".to_owned()));
    }
    settings
}

/// Gives green the parameters that somebody has set on blue with ALTER SYSTEM, as far as its version knows them.
async fn carry_parameters(layout: &Layout, blue: &Instance, green: &ClusterDirectory) -> Result<()> {
    let path = blue.data_dir().join("postgresql.auto.conf");
    let text = std::fs::read_to_string(&path).map_err(|source| file("read", &path, source))?;
    let is_setting = |line: &&str| !line.trim_start().starts_with('#') && line.contains('=');
    if !text.lines().any(|line| is_setting(&line)) {
        return Ok(());
    }
    let mut writer = green.writer()?;
    let rows = connect(&writer, "postgres")
        .await?
        .query("SELECT name FROM pg_catalog.pg_settings", &[])
        .await?;
    let known: Vec<&str> = rows.iter().filter_map(|row| row.get(0)).collect();
    let carried: String = text
        .lines()
        .filter(is_setting)
        .filter(|line| {
            let name = line.split('=').next().unwrap_or_default().trim();
            name.contains('.') || known.iter().any(|known| known.eq_ignore_ascii_case(name))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let avoid = layout.ports(&green.instance_dir("writer"));
    blocking(move || {
        writer.stop(StopMode::Fast)?;
        let path = writer.data_dir().join("postgresql.auto.conf");
        write_private(&path, &carried)?;
        writer.account().own(&path)?;
        Ok(writer.start(&avoid)?)
    })
    .await
}

/// Removes the rows that extensions have put into their tables: blue's come.
async fn empty_extensions(green: &Instance, database: &Database) -> Result<()> {
    let mut connection = connect(green, &database.name).await?;
    let rows = connection
        .query(include_str!("../queries/blue_green/extension_tables.sql"), &[])
        .await?;
    match rows.first().and_then(|row| row.get(0)) {
        Some(tables) => Ok(connection.batch(&format!("TRUNCATE {tables} CASCADE")).await?),
        None => Ok(()),
    }
}

/// Keeps blue's changes, and lets green copy and follow them.
pub(super) async fn follow(layout: &Layout, blue: &ClusterDirectory) -> Result<()> {
    let green = green_of(layout, blue)?;
    let (from, to) = (blue.writer()?, green.writer()?);
    let databases = link::databases(&from).await?;
    for database in &databases {
        link::publish(&from, database).await?;
    }
    check_schema(&from, &green, blue).await?;
    for database in &databases {
        link::subscribe(&to, &from, database).await?;
    }
    Ok(())
}

/// Blue's schema is what green was made of.
pub(super) async fn check_schema(
    blue: &Instance,
    green: &ClusterDirectory,
    name: &ClusterDirectory,
) -> Result<()> {
    let Some(kept) = Schema::kept(green)? else {
        return Err(Error::internal(format!(
            "What {} was made of is not known.",
            green.name
        )));
    };
    let now = Schema::of(blue, &link::databases(blue).await?, &kept.system).await?;
    kept.check_unchanged(&now, name.name.as_str())
}

/// Removes from blue what it keeps for green, which is removed itself thereafter.
pub(super) async fn unfollow(layout: &Layout, blue: &ClusterDirectory, job: &str) -> Result<()> {
    let green = layout.cluster(&green_name(blue)?);
    if green.existing()?.is_none_or(|record| record.job != job) {
        return Ok(());
    }
    let system = Schema::kept(&green)?.unwrap_or_default().system;
    stop_all(&green, StopMode::Immediate).await?;
    let writer = blue.writer()?;
    match writer.status() {
        Status::Ready => link::unpublish(&writer, &system).await,
        _ => Ok(()),
    }
}

/// Stops all servers of a cluster.
pub(super) async fn stop_all(cluster: &ClusterDirectory, mode: StopMode) -> Result<()> {
    let directories = cluster.instance_dirs();
    blocking(move || {
        let stop = |directory: &std::path::PathBuf| match Instance::open(directory) {
            Ok(instance) => instance.stop(mode),
            Err(_) => Ok(()),
        };
        // All at once, as somebody may be waiting.
        std::thread::scope(|scope| {
            let stops: Vec<_> = directories
                .iter()
                .map(|directory| scope.spawn(move || stop(directory)))
                .collect();
            stops.into_iter().try_for_each(|stop| match stop.join() {
                Ok(stopped) => Ok(stopped?),
                Err(_) => Err(Error::internal("A server could not be stopped.")),
            })
        })
    })
    .await
}

/// Waits until green has all rows.
pub(super) async fn copy(layout: &Layout, blue: &ClusterDirectory, cx: &JobCx) -> Result<()> {
    let green = green_of(layout, blue)?;
    let (from, to) = (blue.writer()?, green.writer()?);
    let databases = link::databases(&from).await?;
    let failures = failures(&to).await?;
    loop {
        cx.check_cancelled()?;
        let (all, missing) = tables(&to, &databases).await?;
        if missing == 0 {
            break;
        }
        if self::failures(&to).await? >= failures.saturating_add(5) {
            return Err(Error::new(
                ErrorKind::Server,
                format!("The rows of {} cannot be copied to {}.", blue.name, green.name),
            )
            .detail(to.log_tail(2048)));
        }
        let done = all.saturating_sub(missing);
        cx.progress(
            format!("Copying the rows: {done} of {all} tables"),
            Some(done as f64 / all.max(1) as f64),
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for database in &databases {
        refresh(&to, &from, database).await?;
        connect(&to, &database.name).await?.batch("ANALYZE").await?;
    }
    Ok(())
}

/// How many tables green has, and how many of them have not all rows.
pub(super) async fn tables(green: &Instance, databases: &[Database]) -> Result<(u64, u64)> {
    let (mut all, mut missing) = (0_u64, 0_u64);
    for database in databases {
        let rows = connect(green, &database.name)
            .await?
            .query(include_str!("../queries/blue_green/tables.sql"), &[])
            .await?;
        let number = |column| rows.first().and_then(|row| row.parse::<u64>(column)).unwrap_or(0);
        all = all.saturating_add(number(0));
        missing = missing.saturating_add(number(1));
    }
    Ok((all, missing))
}

/// How often the copying of a table has failed, where the server counts that.
async fn failures(green: &Instance) -> Result<u64> {
    let mut connection = connect(green, "postgres").await?;
    if connection.version_num() < 150_000 {
        return Ok(0);
    }
    let rows = connection
        .query(
            "SELECT coalesce(sum(sync_error_count + apply_error_count), 0)::pg_catalog.int8 FROM pg_catalog.pg_stat_subscription_stats",
            &[],
        )
        .await?;
    Ok(rows.first().and_then(|row| row.parse(0)).unwrap_or(0))
}

/// Fills the materialized views of green that blue has filled.
pub(super) async fn refresh(green: &Instance, blue: &Instance, database: &Database) -> Result<()> {
    let rows = connect(blue, &database.name)
        .await?
        .query(include_str!("../queries/blue_green/materialized.sql"), &[])
        .await?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut connection = link::writing(green, &database.name).await?;
    for row in rows.iter() {
        let view = row.get(0).unwrap_or_default();
        connection
            .batch(&format!("REFRESH MATERIALIZED VIEW {view}"))
            .await?;
    }
    Ok(())
}

/// Makes as many readers as blue has.
pub(super) async fn readers(layout: &Layout, blue: &ClusterDirectory, cx: &JobCx) -> Result<()> {
    let green = green_of(layout, blue)?;
    for number in blue.readers() {
        cx.check_cancelled()?;
        create::copy_reader(&green, &number.to_string()).await?;
        create::start_reader(layout, &green, &number.to_string()).await?;
    }
    Ok(())
}

/// Closes green to writes, and notes that it is whole.
pub(super) async fn finish(
    layout: &Layout,
    blue: &ClusterDirectory,
    state: &mut OperationState,
) -> Result<()> {
    let green = green_of(layout, blue)?;
    let mut writer = green.writer()?;
    blocking(move || {
        writer.set(&[(READ_ONLY.to_owned(), "on".to_owned())])?;
        Ok(writer.reload()?)
    })
    .await?;
    create::finish(&green, state).await?;
    note([&green, blue], Phase::Following)
}
