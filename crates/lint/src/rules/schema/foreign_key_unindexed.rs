use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Constraint, Found, Review, Table, TableKind, grouped};

crate::schema_rule!("schema/foreign-key-unindexed", "Index Strategy: Always Index");

/// Rows that an index may leave to be looked through.
const FEW_ROWS: f64 = 100.0;
/// Share of NULLs from which on they are better left out of the index.
const MOSTLY_NULL: f64 = 0.5;

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables().filter(|table| table.kind != TableKind::Foreign) {
        for key in table.foreign_keys() {
            if is_served(table, key) {
                continue;
            }
            let columns = table.column_list(&key.columns);
            let referenced = key.references.and_then(|oid| review.model.table(oid));
            let to = referenced.map_or_else(|| "another table".to_owned(), |table| table.name.to_string());
            let draft = found.add(
                review.if_large(table, Severity::Warning),
                format!(
                    "No index serves the foreign key {} on {} ({columns}): each delete or key change in {to} reads all of {}.",
                    quote_ident(&key.name),
                    table.name,
                    table.name.name
                ),
            );
            draft.part(table, &key.name).rows(table);
            if let Some(referenced) = referenced {
                let activity = referenced.activity;
                if activity.deleted > 0 {
                    draft.evidence(format!(
                        "{} rows were deleted from {to}",
                        grouped(activity.deleted)
                    ));
                }
            }
            let names: Vec<&str> = key
                .columns
                .iter()
                .filter_map(|&number| table.column(number))
                .map(|column| column.name.as_str())
                .collect();
            let mut parts = vec![table.name.name.as_str()];
            parts.extend(&names);
            parts.push("idx");
            let index = quote_ident(&review.model.free_name(table, &parts));
            let concurrently = match table.kind {
                TableKind::Partitioned => "",
                _ => " CONCURRENTLY",
            };
            let sparse = key.columns.len() == 1 && is_mostly_null(table, key.columns[0]);
            let condition = if sparse {
                format!(" WHERE {columns} IS NOT NULL")
            } else {
                String::new()
            };
            draft.safe_fix(format!(
                "CREATE INDEX{concurrently} {index} ON {} ({columns}){condition};",
                table.name
            ));
        }
    }
}

/// Whether an index finds the rows of a key: one over all of its columns, or over one that is
/// selective enough by itself.
fn is_served(table: &Table, key: &Constraint) -> bool {
    table.indexes.iter().any(|index| {
        let is_selective = || {
            let first = index.keys.first().copied().unwrap_or(0);
            let few = |distinct: f64, rows: u64| distinct > 0.0 && rows as f64 / distinct <= FEW_ROWS;
            index.is_valid
                && index.method == "btree"
                && index.predicate.is_none()
                && key.columns.len() > 1
                && key.columns.contains(&first)
                && table.rows.is_some_and(|rows| {
                    let statistics = table.column(first).and_then(|column| column.statistics.as_ref());
                    statistics.is_some_and(|statistics| few(statistics.distinct(rows), rows))
                })
        };
        index.leads_with(&key.columns, table) || is_selective()
    })
}

fn is_mostly_null(table: &Table, column: i16) -> bool {
    let statistics = table.column(column).and_then(|column| column.statistics.as_ref());
    statistics.is_some_and(|statistics| statistics.null_fraction > MOSTLY_NULL)
}
