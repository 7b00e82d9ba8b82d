//! The databases that are configured: whether they answer, and if not, where on
//! the way it ends; what they lack.

use std::sync::Arc;
use std::time::Duration;

use howdah_core::{Context, Result};
use howdah_localpg::SUPPORTED_MAJORS;
use howdah_pg::{Connection, Host, PgError, Target, Targets};
use tokio::net::{TcpStream, lookup_host};

use super::{Check, Who};
use crate::target_session;
use crate::target_state::{ServerCondition, ServerState, TargetState, WITHIN};

const EXTENSIONS: &str = include_str!("extensions.sql");

/// How long the network is given for each step of the way.
const STEP: Duration = Duration::from_secs(2);

/// What other tools can do more with: the extension, and what for.
const WANTED: &[(&str, &str)] = &[
    (
        "pg_stat_statements",
        "the statements that cost most are not known",
    ),
    ("hypopg", "indexes cannot be tried without building them"),
];

pub(super) async fn checks(cx: &Context) -> Result<Vec<Check>> {
    let targets = cx.get::<Targets>()?;
    let list = targets.list();
    let clusters = target_session::clusters_here(cx).await;
    if list.is_empty() && !clusters.is_empty() {
        let message = format!("none is configured; --target takes the clusters of this machine: {}.", clusters.join(", "));
        return Ok(vec![Check::ok("targets", message)]);
    }
    if list.is_empty() {
        return Ok(vec![Check::warn("targets", "no database is configured.").fix(
            Who::You,
            "export DATABASE_URL=postgres://user@host/database   # or [targets.NAME] in howdah.toml",
        )]);
    }
    let each = list.iter().map(check);
    Ok(futures::future::join_all(each)
        .await
        .into_iter()
        .flatten()
        .collect())
}

async fn check(target: &Arc<Target>) -> Vec<Check> {
    let state = TargetState::of(target, false).await;
    let subject = format!("target {}", target.name);
    let Some(server) = &state.server else {
        return vec![unreachable(target, subject, &state).await];
    };
    let mut checks = vec![Check::ok(&subject, state.line())];
    checks.extend(version(&subject, server));
    checks.extend(room(&subject, server));
    if server.tls.is_none() {
        checks.extend(target.conninfo.notes().into_iter().map(|note| {
            Check::warn(&subject, note).fix(
                Who::You,
                "add sslmode=verify-full and sslrootcert=FILE to the target's url",
            )
        }));
    }
    let extensions = tokio::time::timeout(WITHIN, extensions(target, &subject)).await;
    checks.extend(extensions.unwrap_or(Ok(Vec::new())).unwrap_or_default());
    checks
}

/// Goes the way step by step and names the first that fails.
async fn unreachable(target: &Target, subject: String, state: &TargetState) -> Check {
    let problem = state.problem.clone().unwrap_or_default();
    let (problem, hint) = match problem.split_once("\nNext: ") {
        Some((problem, hint)) => (problem.to_owned(), Some(hint.to_owned())),
        None => (problem, None),
    };
    for host in target.conninfo.hosts() {
        if let Err(step) = reach(host).await {
            return Check::missing(subject, step).fix(
                Who::You,
                hint.unwrap_or_else(|| "correct the target's url, or start the server".to_owned()),
            );
        }
    }
    let who = match state.state {
        ServerCondition::Down => Who::DatabaseAdministrator,
        _ => Who::You,
    };
    let check = Check::missing(subject, problem);
    match hint {
        Some(hint) => check.fix(who, hint),
        None => check,
    }
}

/// The name, then the port; what is behind it is for the connection to say.
async fn reach(host: &Host) -> Result<(), String> {
    let (name, port) = (host.name(), host.port());
    if name.starts_with(['/', '@']) {
        return Ok(());
    }
    let addresses = tokio::time::timeout(STEP, lookup_host((name.as_str(), port)))
        .await
        .map_err(|_| format!("the name {name} was not resolved within {} s.", STEP.as_secs()))?
        .map_err(|error| format!("the name {name} cannot be resolved: {error}."))?;
    let mut last = format!("the name {name} has no address.");
    for address in addresses {
        match tokio::time::timeout(STEP, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => last = format!("nothing answers at {address}: {error}."),
            Err(_) => {
                last = format!(
                    "no answer from {address} within {} s: a firewall, a security group or a wrong address.",
                    STEP.as_secs()
                );
            }
        }
    }
    Err(last)
}

fn version(subject: &str, server: &ServerState) -> Option<Check> {
    let major = u16::try_from(server.version_num / 10_000).unwrap_or_default();
    (!SUPPORTED_MAJORS.contains(&major)).then(|| {
        Check::warn(
            subject,
            format!(
                "PostgreSQL {major} is not one of the versions that Howdah is tested with, {} to {}.",
                SUPPORTED_MAJORS.start(),
                SUPPORTED_MAJORS.end()
            ),
        )
    })
}

fn room(subject: &str, server: &ServerState) -> Option<Check> {
    let full = u64::from(server.connections) * 10 >= u64::from(server.max_connections) * 9;
    full.then(|| {
        Check::warn(
            subject,
            format!(
                "{} of {} connections are in use.",
                server.connections, server.max_connections
            ),
        )
        .fix(
            Who::DatabaseAdministrator,
            "end idle sessions (pg_stat_activity), share a pool, or raise max_connections",
        )
    })
}

async fn extensions(target: &Target, subject: &str) -> Result<Vec<Check>, PgError> {
    let mut connection = Connection::connect(&target.conninfo).await?;
    let rows = connection.query(EXTENSIONS, &[]).await?;
    let known: Vec<(&str, bool, bool)> = rows
        .iter()
        .map(|row| (row.get(0).unwrap_or_default(), row.is_true(1), row.is_true(2)))
        .collect();
    let lack = |(name, why): &(&'static str, &'static str)| {
        let found = known.iter().find(|(known, ..)| known == name);
        let subject = format!("{subject}, {name}");
        match found {
            Some((_, true, true)) => Check::ok(subject, "installed."),
            Some((_, true, false)) => Check::warn(
                subject,
                format!("created, but its library is not loaded, so {why}."),
            )
            .fix(
                Who::DatabaseAdministrator,
                format!("add {name} to shared_preload_libraries (on Aurora: in the cluster parameter group) and restart"),
            ),
            Some((_, false, _)) => Check::warn(subject, format!("available, but not created: {why}."))
                .fix(Who::DatabaseAdministrator, format!("CREATE EXTENSION {name};")),
            None => Check::warn(subject, format!("not available on this server: {why}.")).fix(
                Who::DatabaseAdministrator,
                format!("install the package that has {name} (Debian: postgresql-contrib, postgresql-NN-hypopg), then CREATE EXTENSION {name};"),
            ),
        }
    };
    Ok(WANTED.iter().map(lack).collect())
}
