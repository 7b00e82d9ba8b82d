//! Parameters of a cluster's servers: set by ALTER SYSTEM on the writer and every reader, so that whichever is the
//! writer next has them as well. The server itself says what a value is worth.

use std::collections::BTreeMap;

use howdah_core::{Error, Result};
use howdah_jobs::JobCx;
use howdah_localpg::{Instance, Status, write_private};
use howdah_sql::{quote_ident, quote_literal};

use super::layout::{ClusterDirectory, Layout, file};
use super::server::connect;
use super::{cannot, capacity, run};
use crate::{AuroraError, Modification, OperationState, Tier};

/// What Howdah sets itself: clients, readers, backups and restores rely on it.
const HOWDAHS: [&str; 20] = [
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "archive_mode",
    "cluster_name",
    "hot_standby",
    "listen_addresses",
    "logging_collector",
    "password_encryption",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "restore_command",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_key_file",
    "ssl_min_protocol_version",
    "unix_socket_directories",
    "wal_level",
];

/// What a reader may not have less of than its writer had when it wrote the log.
const NOT_LESS: [&str; 5] = [
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_wal_senders",
    "max_worker_processes",
];

/// Parameters whose value is a list of names, each quoted for itself.
const LISTS: [&str; 5] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
];

/// The file of a data directory in which ALTER SYSTEM keeps what it set.
pub(super) const FILE: &str = "postgresql.auto.conf";

/// Whether the change can be made.
pub(super) async fn check(cluster: &ClusterDirectory, change: &Modification) -> Result<()> {
    capacity::check(change.compute.as_ref())?;
    let ours = Modification {
        compute: change.compute.clone(),
        parameters: change.parameters.clone(),
        restart: change.restart,
        ..Modification::default()
    };
    if *change != ours {
        return Err(cannot(
            "change more of a cluster than its range of ACU and its parameters, with a restart if need be",
        ));
    }
    if *change == Modification::default() {
        return Err(
            Error::invalid("Nothing was said that is to be otherwise.").hint(format!(
                "howdah cluster modify {} --parameter work_mem=64MB, or --size 0.5-4",
                cluster.name
            )),
        );
    }
    let writer = ready(cluster)?;
    let known = known(&writer).await?;
    for (name, value) in &change.parameters {
        check_one(cluster, &known, name, value.as_deref())?;
    }
    Ok(())
}

/// The writer, which takes connections.
fn ready(cluster: &ClusterDirectory) -> Result<Instance> {
    let record = cluster.record()?;
    let writer = cluster.writer()?;
    match writer.status() {
        Status::Ready => Ok(writer),
        _ => Err(AuroraError::NotAvailable {
            name: cluster.name.to_string(),
            status: if record.stopped { "stopped" } else { "down" }.to_owned(),
        }
        .into()),
    }
}

/// When a parameter is in force, and its value as a number.
struct Known {
    context: String,
    number: Option<i64>,
}

async fn known(writer: &Instance) -> Result<BTreeMap<String, Known>> {
    let rows = connect(writer, "postgres")
        .await?
        .query("SELECT name, context, setting FROM pg_catalog.pg_settings", &[])
        .await?;
    let one = |row: howdah_pg::Row<'_>| {
        let known = Known {
            context: row.get(1)?.to_owned(),
            number: row.parse(2),
        };
        Some((row.get(0)?.to_ascii_lowercase(), known))
    };
    Ok(rows.iter().filter_map(one).collect())
}

fn check_one(
    cluster: &ClusterDirectory,
    known: &BTreeMap<String, Known>,
    name: &str,
    value: Option<&str>,
) -> Result<()> {
    let lower = name.to_ascii_lowercase();
    if HOWDAHS.contains(&lower.as_str()) || lower.starts_with("recovery_") {
        return Err(
            Error::refused(format!("The parameter {name} is Howdah's own to set."))
                .hint("What relies on it: clients, readers, backups, restores. Any other may be set."),
        );
    }
    let Some(found) = known.get(&lower) else {
        // Of an extension that is not loaded: the server takes any value, and the extension its own.
        if lower.contains('.') {
            return Ok(());
        }
        let alike: Vec<&str> = known
            .keys()
            .map(String::as_str)
            .filter(|known| known.contains(&lower) || lower.contains(known))
            .take(5)
            .collect();
        let hint = match alike.is_empty() {
            true => "SELECT name FROM pg_settings says which it has.".to_owned(),
            false => format!("Is it one of these? {}", alike.join(", ")),
        };
        return Err(Error::not_found(format!(
            "The servers of {} have no parameter {name:?}.",
            cluster.name
        ))
        .hint(hint));
    };
    if found.context == "internal" {
        return Err(Error::refused(format!(
            "The parameter {name} only tells; it cannot be set."
        )));
    }
    let less = match value {
        None => true,
        Some(value) => value.parse::<i64>().ok() < found.number,
    };
    if NOT_LESS.contains(&lower.as_str()) && less && !cluster.readers().is_empty() {
        let name = &cluster.name;
        return Err(Error::refused(format!(
            "{lower} cannot be lowered while {name} has readers: they may not have less than their writer had."
        ))
        .hint(format!("Remove them (howdah cluster remove-reader {name} READER), lower it with --restart, and add them again.")));
    }
    Ok(())
}

/// How much of a word the change needs.
pub(super) async fn tier(cluster: &ClusterDirectory, change: &Modification) -> Result<Tier> {
    let known = known(&cluster.writer()?).await?;
    let waits = |name: &&String| {
        known
            .get(&name.to_ascii_lowercase())
            .is_some_and(|known| known.context == "postmaster")
    };
    let waiting: Vec<&str> = change
        .parameters
        .keys()
        .filter(waits)
        .map(String::as_str)
        .collect();
    let mut said = Vec::new();
    if let Some(compute) = &change.compute {
        said.push(capacity::effect(compute));
    }
    if change.restart {
        said.push(
            "If a parameter waits for a restart, all servers restart: clients lose their connections, and writes fail for some seconds."
                .to_owned(),
        );
        return Ok(Tier::Risk {
            effect: said.join(" "),
        });
    }
    if !waiting.is_empty() {
        said.push(format!(
            "In force at once, but for {}: with the next restart.",
            waiting.join(", ")
        ));
    } else if !change.parameters.is_empty() {
        said.push("It is in force at once for all who do not set their own.".to_owned());
    }
    Ok(Tier::Confirm {
        effect: said.join(" "),
    })
}

/// Sets the parameters, on all servers or on none.
pub(super) async fn set(cluster: &ClusterDirectory, change: &Modification, cx: &JobCx) -> Result<()> {
    let mut instances = vec![ready(cluster)?];
    for number in cluster.readers() {
        instances.push(cluster.instance(&super::layout::reader_name(number))?);
    }
    let mut changed = Vec::new();
    for instance in &instances {
        // One that does not run takes over what the writer has at the next failover, or is copied anew.
        if instance.status() != Status::Ready {
            cx.warn(format!(
                "{} does not run and keeps its own parameters.",
                instance.dir().display()
            ))
            .await;
            continue;
        }
        let before = read(instance)?;
        changed.push((instance, before));
        if let Err(error) = alter(instance, &change.parameters).await {
            // Nothing is in force before a reload.
            for (instance, before) in changed {
                write(instance, &before)?;
            }
            return Err(error);
        }
    }
    for (instance, _) in changed {
        connect(instance, "postgres")
            .await?
            .query("SELECT pg_catalog.pg_reload_conf()", &[])
            .await?;
    }
    Ok(())
}

async fn alter(instance: &Instance, parameters: &BTreeMap<String, Option<String>>) -> Result<()> {
    let mut connection = connect(instance, "postgres").await?;
    for (name, value) in parameters {
        let parts: Vec<String> = name.split('.').map(quote_ident).collect();
        let name = parts.join(".");
        let statement = match value {
            Some(value) => format!("ALTER SYSTEM SET {name} = {}", literal(&name, value)),
            None => format!("ALTER SYSTEM RESET {name}"),
        };
        connection.batch(&statement).await?;
    }
    Ok(())
}

fn literal(name: &str, value: &str) -> String {
    if !LISTS.contains(&name.to_ascii_lowercase().as_str()) || value.trim().is_empty() {
        return quote_literal(value);
    }
    let names = value.split(',').map(|one| one.trim().trim_matches('"'));
    names.map(quote_literal).collect::<Vec<_>>().join(", ")
}

/// Restarts the servers if one of them waits for it.
pub(super) async fn restart(
    layout: &Layout,
    cluster: &ClusterDirectory,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    // Of a worker that was killed after it had stopped them.
    if !cluster.record()?.stopped && !any_waits(cluster).await? {
        cx.log("No parameter waits for a restart.").await;
    } else {
        run::stop(cluster).await?;
        run::start_all(layout, cluster, state).await?;
    }
    capacity::lower_readers(layout, cluster).await
}

async fn any_waits(cluster: &ClusterDirectory) -> Result<bool> {
    let readers = cluster.readers().into_iter().map(super::layout::reader_name);
    for name in std::iter::once("writer".to_owned()).chain(readers) {
        let instance = cluster.instance(&name)?;
        if instance.status() != Status::Ready || !waiting(&instance).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The parameters that a server takes with its next restart.
pub(super) async fn waiting(instance: &Instance) -> Result<Vec<String>> {
    let rows = connect(instance, "postgres")
        .await?
        .query(include_str!("queries/waiting.sql"), &[])
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}

fn read(instance: &Instance) -> Result<String> {
    let path = instance.data_dir().join(FILE);
    std::fs::read_to_string(&path).map_err(|source| file("read", &path, source))
}

fn write(instance: &Instance, text: &str) -> Result<()> {
    let path = instance.data_dir().join(FILE);
    write_private(&path, text)?;
    Ok(instance.account().own(&path)?)
}

/// Gives a server that does not run what ALTER SYSTEM has set on another one.
pub(super) fn hand_over(from: &Instance, to: &Instance) -> Result<()> {
    match from.data_dir().join(FILE).exists() {
        true => write(to, &read(from)?),
        false => Ok(()),
    }
}

/// What is not in force yet of what was set for the writer.
pub(super) async fn details(cluster: &ClusterDirectory) -> Result<BTreeMap<String, String>> {
    let waiting = waiting(&cluster.writer()?).await?;
    let mut details = BTreeMap::new();
    if !waiting.is_empty() {
        details.insert("Waiting for a restart".to_owned(), waiting.join(", "));
    }
    Ok(details)
}
