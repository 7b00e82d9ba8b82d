//! Values, the catalog and exports against real servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a failing helper is a failing test, and measurements are printed"
)]

mod export;
mod relations;
mod samples;
mod search;
mod values;

use howdah_pg::values::{Caps, JsonRows, ResultSet, RowCollector, TypeInfo, Types};
use howdah_pg::{ConnInfo, Connection, Step};
use serde_json::Value;

const WIDE: Caps = Caps {
    max_rows: 100_000,
    max_bytes: 64 << 20,
    max_cell_bytes: 1 << 20,
};

async fn connect(url: &str) -> Connection {
    Connection::connect(&ConnInfo::parse(url).unwrap()).await.unwrap()
}

/// Runs a statement with a collector of these caps.
async fn collect(connection: &mut Connection, sql: &str, caps: Caps) -> ResultSet {
    let mut collector = RowCollector::new(caps);
    let step = Step::new(sql).max_rows(collector.row_limit());
    connection
        .run(&[step], &mut collector)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    collector.finish()
}

/// The rows of a statement as JSON, and the types of its columns.
async fn json(connection: &mut Connection, sql: &str) -> (Vec<Vec<Value>>, JsonRows, Vec<TypeInfo>) {
    let set = collect(connection, sql, WIDE).await;
    let types = Types::new().resolve(connection, &set.columns).await.unwrap();
    let rows = set.to_json(&types);
    (serde_json::from_str(&rows.json).unwrap(), rows, types)
}
