//! What connects the two sides: for each database a publication and a slot on blue, a subscription on green.

use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result};
use howdah_localpg::Instance;
use howdah_pg::Connection;
use howdah_sql::quote_literal;

use super::super::layout::USER;
use super::super::server::connect;
use crate::clusters::value;

/// The name of publications and subscriptions.
const NAME: &str = "howdah_green";

/// A database that green has from blue.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) name: String,
    /// The slot on blue that keeps its changes.
    pub(super) slot: String,
}

/// The databases of blue.
pub(super) async fn databases(blue: &Instance) -> Result<Vec<Database>> {
    let mut connection = connect(blue, "postgres").await?;
    let rows = connection
        .query(include_str!("../queries/blue_green/databases.sql"), &[])
        .await?;
    let all = rows.iter().filter_map(|row| {
        Some(Database {
            name: row.get(0)?.to_owned(),
            slot: format!("{NAME}_{}", row.get(1)?),
        })
    });
    Ok(all.collect())
}

/// What tells the data of green from those of all other servers.
pub(super) async fn system(green: &Instance) -> Result<String> {
    let rows = connect(green, "postgres")
        .await?
        .query(
            "SELECT system_identifier FROM pg_catalog.pg_control_system()",
            &[],
        )
        .await?;
    let system = rows.first().and_then(|row| row.get(0)).map(str::to_owned);
    system.ok_or_else(|| Error::internal("The server did not say what its system identifier is."))
}

/// A session that may write where Howdah has closed a server to its users.
pub(super) async fn writing(instance: &Instance, database: &str) -> Result<Connection> {
    let mut connection = connect(instance, database).await?;
    connection
        .batch("SET default_transaction_read_only = off")
        .await?;
    Ok(connection)
}

/// Keeps the changes of a database of blue from now on.
pub(super) async fn publish(blue: &Instance, database: &Database) -> Result<()> {
    let mut connection = connect(blue, &database.name).await?;
    let published = connection
        .query(
            include_str!("../queries/blue_green/has_publication.sql"),
            &[Some(NAME)],
        )
        .await?;
    if published.is_empty() {
        connection
            .batch(&format!("CREATE PUBLICATION {NAME} FOR ALL TABLES"))
            .await?;
    }
    // It waits for all transactions that are under way.
    connection.batch("SET statement_timeout = '120s'").await?;
    let slot = Some(database.slot.as_str());
    connection
        .query(include_str!("../queries/blue_green/ensure_slot.sql"), &[slot])
        .await?;
    let whole = connection
        .query(include_str!("../queries/blue_green/slot_is_whole.sql"), &[slot])
        .await?;
    match whole.is_empty() {
        false => Ok(()),
        // Of a worker that was killed while it waited.
        true => Err(Error::new(
            ErrorKind::Unavailable,
            format!("The slot {} is still being made.", database.slot),
        )),
    }
}

/// Lets green copy a database of blue and follow its changes.
pub(super) async fn subscribe(green: &Instance, blue: &Instance, database: &Database) -> Result<()> {
    let mut connection = writing(green, &database.name).await?;
    let there = connection
        .query(
            include_str!("../queries/blue_green/has_subscription.sql"),
            &[Some(NAME)],
        )
        .await?;
    if !there.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "CREATE SUBSCRIPTION {NAME} CONNECTION {} PUBLICATION {NAME} WITH (create_slot = false, slot_name = {})",
        quote_literal(&conninfo(blue, database)),
        quote_literal(&database.slot),
    );
    Ok(connection.batch(&statement).await?)
}

/// Tells green where blue is now.
pub(super) async fn point_at(green: &Instance, blue: &Instance) -> Result<()> {
    for database in databases(blue).await? {
        let statement = format!(
            "ALTER SUBSCRIPTION {NAME} CONNECTION {}",
            quote_literal(&conninfo(blue, &database))
        );
        writing(green, &database.name).await?.batch(&statement).await?;
    }
    Ok(())
}

/// Both run as one account, which the other's Unix socket knows: no password is kept anywhere.
fn conninfo(blue: &Instance, database: &Database) -> String {
    format!(
        "host={} port={} user={USER} dbname={} application_name={}",
        value(&blue.socket_dir().to_string_lossy()),
        blue.port(),
        value(&database.name),
        database.slot,
    )
}

/// Has green's subscriptions rest or work.
pub(super) async fn enable(green: &Instance, databases: &[Database], enabled: bool) -> Result<()> {
    let word = if enabled { "ENABLE" } else { "DISABLE" };
    for database in databases {
        writing(green, &database.name)
            .await?
            .batch(&format!("ALTER SUBSCRIPTION {NAME} {word}"))
            .await?;
    }
    Ok(())
}

/// Removes a subscription of green, without a word to blue.
pub(super) async fn unsubscribe(green: &Instance, database: &str) -> Result<()> {
    let mut connection = writing(green, database).await?;
    let there = connection
        .query(
            include_str!("../queries/blue_green/has_subscription.sql"),
            &[Some(NAME)],
        )
        .await?;
    if there.is_empty() {
        return Ok(());
    }
    for what in ["DISABLE", "SET (slot_name = NONE)"] {
        connection
            .batch(&format!("ALTER SUBSCRIPTION {NAME} {what}"))
            .await?;
    }
    Ok(connection.batch(&format!("DROP SUBSCRIPTION {NAME}")).await?)
}

/// Removes what blue keeps for green, whose system identifier is `system`. Nothing on green wants it any more.
pub(super) async fn unpublish(blue: &Instance, system: &str) -> Result<()> {
    for database in databases(blue).await? {
        writing(blue, &database.name)
            .await?
            .batch(&format!("DROP PUBLICATION IF EXISTS {NAME}"))
            .await?;
    }
    let mut connection = connect(blue, "postgres").await?;
    let start = tokio::time::Instant::now();
    loop {
        connection
            .query(
                include_str!("../queries/blue_green/end_senders.sql"),
                &[Some(system)],
            )
            .await?;
        match connection
            .query(
                include_str!("../queries/blue_green/drop_slots.sql"),
                &[Some(system)],
            )
            .await
        {
            Ok(_) => return Ok(()),
            Err(error) if start.elapsed() > Duration::from_secs(60) => return Err(error.into()),
            // Its reader is just going.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
