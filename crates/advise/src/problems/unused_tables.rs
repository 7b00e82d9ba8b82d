//! Tables that were neither read nor written while the counters counted.

use howdah_core::Result;
use howdah_pg::Session;
use howdah_pg::catalog::Query;
use howdah_sql::RelationName;

use super::model::{self, text};
use super::unused::LEAST_BYTES;

/// A table, or a partitioned one with all its partitions, that nobody used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedTable {
    /// The table; of partitions, the root of their tree.
    pub name: RelationName,
    /// What has the rows: the table itself, or its partitions at this server.
    pub stored: Vec<RelationName>,
    /// With TOAST and indexes.
    pub bytes: u64,
}

/// The tables and materialized views that this server's counters have seen neither read nor written, the largest first;
/// without foreign tables, what belongs to extensions, and Howdah's own. How long the counters have counted is for the
/// caller to judge, by [`Statistics::tell`](super::Statistics::tell).
///
/// # Errors
/// As the server fails.
pub async fn unused_tables(session: &mut Session) -> Result<Vec<UnusedTable>> {
    let query = Query::new(include_str!("../../queries/problems/unused_tables.sql"), &[]);
    let read = model::read(session, &[query]).await?;
    let mut tables: Vec<UnusedTable> = Vec::new();
    for row in read[0].iter() {
        let name = RelationName::in_schema(text(row, 0), text(row, 1));
        let stored = RelationName::in_schema(text(row, 2), text(row, 3));
        let bytes: u64 = row.parse(4).unwrap_or(0);
        match tables.last_mut().filter(|last| last.name == name) {
            Some(last) => {
                last.stored.push(stored);
                last.bytes += bytes;
            }
            None => tables.push(UnusedTable {
                name,
                stored: vec![stored],
                bytes,
            }),
        }
    }
    tables.retain(|table| table.bytes >= LEAST_BYTES);
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
    Ok(tables)
}
