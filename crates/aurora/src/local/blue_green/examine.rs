//! What is looked at before anything is made or changed.

use std::collections::BTreeMap;

use howdah_core::{Error, Result};
use howdah_localpg::{Installation, Instance, Status};

use super::super::layout::{ClusterDirectory, Layout, Phase, Side, Stage};
use super::super::server::connect;
use super::dump::Programs;
use super::link;
use crate::{AuroraError, SWITCH_TIMEOUT_S};

/// Whether a cluster can have a green environment of this major version.
pub(super) async fn create(layout: &Layout, blue: &ClusterDirectory, version: Option<u16>) -> Result<()> {
    let record = blue.record()?;
    if let Some(part) = record.blue_green {
        return Err(Error::refused(format!(
            "The cluster {} has a blue/green deployment already, with {}.",
            blue.name, part.partner
        ))
        .hint(format!("howdah cluster blue-green delete {} ends it.", blue.name)));
    }
    let name = super::green_name(blue)?;
    if let Some(found) = layout.cluster(&name).existing()? {
        return Err(AuroraError::ClusterExists {
            name: name.to_string(),
            created: found.created,
            job: found.job,
        }
        .into());
    }
    require_ready(blue)?;
    let major = version.unwrap_or(record.major);
    if major < record.major {
        return Err(Error::invalid(format!(
            "The cluster {} has PostgreSQL {}; its green environment cannot have the older {major}.",
            blue.name, record.major
        )));
    }
    let installation = Installation::require(Some(major))?;
    Programs::find(record.major, major)?;
    let problems = problems(&blue.writer()?, &installation).await?;
    refuse(
        &format!(
            "The cluster {} cannot have a green environment as it is",
            blue.name
        ),
        problems,
    )
}

/// The cluster takes connections.
fn require_ready(cluster: &ClusterDirectory) -> Result<()> {
    let record = cluster.record()?;
    let status = match record.stage {
        Stage::Whole if record.stopped => "stopped",
        Stage::Whole if cluster.writer()?.status() != Status::Ready => "down",
        Stage::Whole => return Ok(()),
        _ => "not whole",
    };
    Err(AuroraError::NotAvailable {
        name: cluster.name.to_string(),
        status: status.to_owned(),
    }
    .into())
}

/// Objects by what is wrong with them.
type Problems = BTreeMap<String, Vec<String>>;

async fn problems(blue: &Instance, green: &Installation) -> Result<Problems> {
    let mut problems = Problems::new();
    let databases = link::databases(blue).await?;
    let count = databases.len().to_string();
    let rows = connect(blue, "postgres")
        .await?
        .query(
            include_str!("../queries/blue_green/cluster_refusals.sql"),
            &[Some(count.as_str())],
        )
        .await?;
    add(&mut problems, &rows, "");
    for database in &databases {
        let rows = connect(blue, &database.name)
            .await?
            .query(include_str!("../queries/blue_green/refusals.sql"), &[])
            .await?;
        let place = match databases.len() {
            0..=2 => String::new(),
            _ => format!(" in {}", database.name),
        };
        add(&mut problems, &rows, &place);
    }
    if let Some(extensions) = problems.remove("extension") {
        let known = |text: &String| green.has_extension(text.split(' ').next().unwrap_or(text));
        let missing: Vec<String> = extensions.into_iter().filter(|name| !known(name)).collect();
        if !missing.is_empty() {
            problems.insert("extension".to_owned(), missing);
        }
    }
    Ok(problems)
}

fn add(problems: &mut Problems, rows: &howdah_pg::Rows, place: &str) {
    for row in rows.iter() {
        if let (Some(why), Some(object)) = (row.get(0), row.get(1)) {
            let objects = problems.entry(why.to_owned()).or_default();
            objects.push(format!("{object}{place}"));
        }
    }
}

fn refuse(what: &str, problems: Problems) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let (mut reasons, mut fixes) = (Vec::new(), Vec::new());
    for (why, mut objects) in problems {
        let more = match objects.len().saturating_sub(10) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        objects.truncate(10);
        let (reason, fix) = explain(&why);
        reasons.push(format!("{reason}: {}{more}", objects.join(", ")));
        fixes.push(fix);
    }
    Err(Error::refused(format!("{what}. {}.", reasons.join(". "))).hint(fixes.join(" ")))
}

/// What a reason means, and what to do about it.
fn explain(why: &str) -> (&'static str, &'static str) {
    match why {
        "identity" => (
            "Rows of these tables cannot be told apart, so that their updates and deletions cannot follow",
            "Give each a primary key, or: ALTER TABLE … REPLICA IDENTITY FULL.",
        ),
        "unlogged" => (
            "The content of unlogged tables does not follow",
            "ALTER TABLE … SET LOGGED, or drop them.",
        ),
        "large objects" => (
            "Large objects do not follow; there are",
            "Keep their content in a bytea column, then remove them: SELECT lo_unlink(oid) FROM pg_largeobject_metadata.",
        ),
        "subscription" => (
            "What follows another server cannot be followed",
            "DROP SUBSCRIPTION, or upgrade the publisher's side.",
        ),
        "trigger" => (
            "These triggers fire for what follows too, so that what they do would be done twice",
            "ALTER TABLE … ENABLE TRIGGER … makes them fire for clients only.",
        ),
        "extension" => (
            "These extensions are not there for the green environment's PostgreSQL",
            "Install their packages for that version.",
        ),
        "wal_level" => (
            "Changes can be followed with wal_level = logical only, and it is",
            "ALTER SYSTEM RESET wal_level; then stop and start the cluster: that parameter needs a restart.",
        ),
        "setting" => (
            "These parameters are Howdah's to set while it switches over",
            "ALTER SYSTEM RESET them; the cluster takes that at its next start.",
        ),
        "tablespace" => (
            "Two clusters cannot share a tablespace",
            "Move what is in it: ALTER TABLE … SET TABLESPACE pg_default; then DROP TABLESPACE.",
        ),
        "slot" => (
            "Logical replication slots stay behind, and with them those who read from them",
            "Drop them: SELECT pg_drop_replication_slot(…). Their readers begin anew after the switch.",
        ),
        "closed database" => (
            "A database that takes no connections cannot be followed",
            "ALTER DATABASE … ALLOW_CONNECTIONS true, or drop it.",
        ),
        "prepared" => (
            "Prepared transactions do not follow",
            "COMMIT PREPARED or ROLLBACK PREPARED each.",
        ),
        "transaction" => (
            "A transaction that writes has been open for more than a minute",
            "Let it end, or end it: SELECT pg_terminate_backend(…).",
        ),
        "slots" => (
            "There are too few replication slots for all databases; in use are",
            "ALTER SYSTEM SET max_replication_slots = …; then stop and start the cluster: that parameter needs a restart.",
        ),
        "senders" => (
            "There are too few senders for all databases; in use are",
            "ALTER SYSTEM SET max_wal_senders = …; then stop and start the cluster: that parameter needs a restart.",
        ),
        _ => ("This is in the way", "Remove it."),
    }
}

/// Whether the green environment can take blue's place.
pub(super) async fn switch(layout: &Layout, blue: &ClusterDirectory, timeout_s: u32) -> Result<()> {
    if !SWITCH_TIMEOUT_S.contains(&timeout_s) {
        return Err(Error::invalid(format!(
            "A switch may take {} to {} seconds; {timeout_s} were given.",
            SWITCH_TIMEOUT_S.start(),
            SWITCH_TIMEOUT_S.end()
        )));
    }
    let green = super::green_of(layout, blue)?;
    match green.record()?.blue_green.map(|part| part.phase) {
        Some(Phase::Following) => {}
        _ => {
            return Err(Error::refused(format!(
                "The green environment of {} is not ready to take its place.",
                blue.name
            ))
            .hint(format!("howdah cluster show {} says how far it is.", blue.name)));
        }
    }
    for cluster in [blue, &green] {
        require_ready(cluster)?;
    }
    in_the_way(blue).await
}

/// What must not be when writes are stopped.
pub(super) async fn in_the_way(blue: &ClusterDirectory) -> Result<()> {
    let mut problems = Problems::new();
    let rows = connect(&blue.writer()?, "postgres")
        .await?
        .query(include_str!("../queries/blue_green/in_the_way.sql"), &[])
        .await?;
    add(&mut problems, &rows, "");
    refuse(
        &format!("The cluster {} cannot be switched over now", blue.name),
        problems,
    )
}

/// Whether the deployment can be ended.
pub(super) fn delete(layout: &Layout, cluster: &ClusterDirectory, keep: bool) -> Result<()> {
    let record = cluster.record()?;
    let Some(part) = record.blue_green else {
        return Err(none(cluster));
    };
    match (part.side, part.phase) {
        (Side::Green, Phase::Switched | Phase::Deleting) => Ok(()),
        (Side::Blue, Phase::Switched) | (Side::Green, _) => Err(Error::invalid(format!(
            "The cluster {} is the other side of the blue/green deployment of {}.",
            cluster.name, part.partner
        ))
        .hint(format!("howdah cluster blue-green delete {}", part.partner))),
        // What blue keeps for green can be removed while it runs only.
        (Side::Blue, _) => match keep {
            true => [cluster, &layout.cluster(&part.partner)]
                .into_iter()
                .try_for_each(require_ready),
            false => require_ready(cluster),
        },
    }
}

/// There is no deployment.
pub(super) fn none(cluster: &ClusterDirectory) -> Error {
    Error::refused(format!(
        "The cluster {} has no blue/green deployment.",
        cluster.name
    ))
    .hint(format!(
        "howdah cluster blue-green create {} begins one.",
        cluster.name
    ))
}
