//! What the tables hold, to tell what a script lost.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use tokio_postgres::Client;

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    name: String,
    /// Type and typmod, as the server writes them.
    type_name: String,
    /// Values that are not NULL.
    values: i64,
    /// Different ones among them, by the hash of their text.
    different: i64,
    /// The sum of those hashes.
    sum: i64,
}

#[derive(Debug, Clone)]
struct Table {
    name: String,
    partitioned: bool,
    /// Partitions by name.
    partitions: Vec<String>,
    rows: i64,
    /// By attribute number, which outlives renaming.
    columns: BTreeMap<i16, Column>,
}

/// What all tables hold, by their identity, which outlives renaming.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    tables: BTreeMap<u32, Table>,
}

impl Contents {
    /// Reads everything. Different values are counted where a type is not what
    /// it was `before`, and everywhere without that.
    pub(crate) async fn read(client: &Client, before: Option<&Self>) -> Result<Self> {
        let mut tables: BTreeMap<u32, Table> = BTreeMap::new();
        for row in client.query(include_str!("columns.sql"), &[]).await? {
            let table = tables.entry(row.get("oid")).or_insert_with(|| Table {
                name: row.get("relation"),
                partitioned: row.get("partitioned"),
                partitions: row.get("partitions"),
                rows: 0,
                columns: BTreeMap::new(),
            });
            let column = Column {
                name: row.get("name"),
                type_name: row.get("type"),
                values: 0,
                different: 0,
                sum: 0,
            };
            table.columns.insert(row.get("number"), column);
        }
        for (oid, table) in &mut tables {
            let known = before.and_then(|before| before.tables.get(oid));
            table.read(client, known).await?;
        }
        Ok(Self { tables })
    }

    /// What was here before and is nowhere after: tables and columns whose
    /// content is gone, columns whose values a change of type made fewer.
    pub(crate) fn lost(&self, after: &Self) -> Vec<String> {
        let kept: BTreeSet<(i64, i64)> = after
            .tables
            .values()
            .flat_map(|table| table.columns.values())
            .map(|column| (column.values, column.sum))
            .collect();
        let is_kept = |column: &Column| column.values == 0 || kept.contains(&(column.values, column.sum));
        let mut lost = Vec::new();
        for (oid, table) in self.tables.iter().filter(|(_, table)| table.rows > 0) {
            let now = after.tables.get(oid).filter(|now| now.rows > 0);
            let Some(now) = now else {
                if !table.columns.values().all(is_kept) {
                    lost.push(format!("the rows of {}", table.name));
                }
                continue;
            };
            for (number, column) in &table.columns {
                match now.columns.get(number) {
                    None if !is_kept(column) => lost.push(format!("{}.{}", table.name, column.name)),
                    Some(changed)
                        if changed.type_name != column.type_name && changed.different < column.different =>
                    {
                        lost.push(format!("values of {}.{}", table.name, column.name));
                    }
                    _ => {}
                }
            }
        }
        lost
    }

    /// Partitioned tables that show fewer rows since a partition left them.
    pub(crate) fn vanished(&self, after: &Self) -> Vec<String> {
        let fewer = self.tables.iter().filter(|(oid, table)| {
            table.partitioned
                && after.tables.get(oid).is_some_and(|now| {
                    now.rows < table.rows
                        && table.partitions.iter().any(|name| !now.partitions.contains(name))
                })
        });
        fewer
            .map(|(_, table)| format!("rows of {} vanish", table.name))
            .collect()
    }

    /// Whether a table that is still there has fewer rows.
    pub(crate) fn deleted(&self, after: &Self) -> bool {
        self.tables
            .iter()
            .any(|(oid, table)| after.tables.get(oid).is_some_and(|now| now.rows < table.rows))
    }
}

impl Table {
    async fn read(&mut self, client: &Client, known: Option<&Self>) -> Result<()> {
        let mut figures = vec!["count(*)".to_owned()];
        for (number, column) in &self.columns {
            let name = howdah_sql::quote_ident(&column.name);
            let same_type = known
                .and_then(|known| known.columns.get(number))
                .is_some_and(|known| known.type_name == column.type_name);
            figures.push(format!("count({name})"));
            figures.push(match same_type {
                true => "0::bigint".to_owned(),
                false => format!("count(DISTINCT hashtext({name}::text))"),
            });
            figures.push(format!("coalesce(sum(hashtext({name}::text)), 0)::bigint"));
        }
        let sql = format!("SELECT {} FROM {}", figures.join(", "), self.name);
        let row = client.query_one(&sql, &[]).await?;
        self.rows = row.get(0);
        for (at, column) in self.columns.values_mut().enumerate() {
            column.values = row.get(1 + 3 * at);
            column.different = row.get(2 + 3 * at);
            column.sum = row.get(3 + 3 * at);
        }
        Ok(())
    }
}
