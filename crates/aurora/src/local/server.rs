//! Asking the servers of a cluster, over their Unix sockets, as their superuser.

use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result};
use howdah_localpg::Instance;
use howdah_pg::{ConnInfo, Connection, NoEnvironment};

use super::layout::USER;
use crate::clusters::value;

/// Connects to an instance that is ready.
pub(super) async fn connect(instance: &Instance, database: &str) -> Result<Connection> {
    let text = format!(
        "host={} port={} user={USER} dbname={} application_name=howdah connect_timeout=10",
        value(&instance.socket_dir().to_string_lossy()),
        instance.port(),
        value(database),
    );
    let info = ConnInfo::parse_with(&text, &NoEnvironment)?;
    Ok(Connection::connect(&info).await?)
}

/// Waits until a reader receives the writer's changes as they happen.
pub(super) async fn await_streaming(writer: &Instance, reader: &Instance, name: &str) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(60);
    let mut connection = connect(writer, "postgres").await?;
    let start = tokio::time::Instant::now();
    while start.elapsed() < LIMIT {
        let rows = connection
            .query(include_str!("queries/streaming.sql"), &[Some(name)])
            .await?;
        if !rows.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Error::new(
        ErrorKind::Timeout,
        format!(
            "The {name} does not follow the writer after {} s.",
            LIMIT.as_secs()
        ),
    )
    .detail(reader.log_tail(2048)))
}
