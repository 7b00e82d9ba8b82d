//! Rules that a script makes, and that values break of which the target's statistics know.

use std::collections::HashMap;

use howdah_pg::{Connection, PgError};
use howdah_sql::quote_literal;

use super::Clients;
use crate::statistics::{ColumnStatistics, repeat_together};
use crate::trace::{Oid, State};
use crate::{RehearseError, Statistics};

/// A rule, and what breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contradiction {
    /// The table.
    pub(crate) table: Oid,
    /// The constraint or index.
    pub(crate) name: String,
    pub(crate) rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A CHECK that a row with this value does not pass; and whether old rows are looked at.
    Check {
        column: String,
        value: Option<String>,
        validated: bool,
    },
    /// A unique index over values that are there more than once.
    Unique,
}

/// A CHECK constraint of one column.
pub(super) struct Check {
    oid: Oid,
    table: Oid,
    pub(super) name: String,
    column: i32,
    validated: bool,
    /// The constraint as a query that gives a value which does not pass, up to the list of values, and from there on.
    query: (String, String),
}

/// By number: whether CHECK constraints are validated.
pub(super) async fn validated(connection: &mut Connection) -> Result<HashMap<Oid, bool>, PgError> {
    let checks = checks(connection).await?;
    Ok(checks
        .into_iter()
        .map(|check| (check.oid, check.validated))
        .collect())
}

/// Unique indexes over whole tables: index, table, name, columns.
pub(super) async fn unique_indexes(
    connection: &mut Connection,
) -> Result<Vec<(Oid, Oid, String, Vec<i32>)>, PgError> {
    let sql = include_str!("../../queries/clients/unique_indexes.sql");
    let rows = connection.query(sql, &[]).await?;
    let indexes = rows.iter().filter_map(|row| {
        let keys = row.get(4)?.split(' ').filter_map(|key| key.parse().ok());
        let keys = keys.take(row.parse(3)?).collect();
        Some((row.parse(0)?, row.parse(1)?, row.get(2)?.to_owned(), keys))
    });
    Ok(indexes.collect())
}

impl Clients {
    /// Whether a row with this value of a column is known, where there may be only one.
    pub(crate) fn is_taken(
        &self,
        start: &State,
        statistics: &Statistics,
        table: Oid,
        column: &str,
        value: &str,
    ) -> bool {
        let Some(relation) = start.relations.get(&table) else {
            return false;
        };
        let numbers = self.keys.get(&table).map(Vec::as_slice).unwrap_or_default();
        let columns = start.columns.get(&table);
        let is_key = numbers.iter().any(|number| {
            columns.is_some_and(|columns| columns.get(number).is_some_and(|known| known.name == column))
        });
        is_key
            && statistics
                .of(&relation.name, column)
                .is_some_and(|known| known.values.iter().any(|known| known == value))
    }

    /// What the script leaves that the target's values do not fit.
    pub(crate) async fn contradictions(
        &mut self,
        start: &State,
        statistics: &Statistics,
    ) -> Result<Vec<Contradiction>, RehearseError> {
        let doing = || RehearseError::scratch("comparing constraints with statistics");
        let known = |table: Oid, column: i32| {
            let relation = start.relations.get(&table)?;
            let column = start.columns.get(&table)?.get(&column)?;
            statistics.of(&relation.name, &column.name)
        };
        let mut found = Vec::new();
        if statistics.columns().is_empty() {
            return Ok(found);
        }
        for check in checks(&mut self.now).await.map_err(doing())? {
            let before = self.validated.get(&check.oid);
            let is_new = before.is_none_or(|before| check.validated && !before);
            let Some(column) = known(check.table, check.column).filter(|_| is_new) else {
                continue;
            };
            let mut values: Vec<String> = column.values.iter().map(|value| quote_literal(value)).collect();
            if column.null_fraction > 0.0 {
                values.push("NULL".to_owned());
            }
            let refused = check.refused(&mut self.now, &values).await.map_err(doing())?;
            if let Some(value) = refused {
                let rule = Rule::Check {
                    column: column.column.clone(),
                    value,
                    validated: check.validated,
                };
                found.push(Contradiction {
                    table: check.table,
                    name: check.name,
                    rule,
                });
            }
        }
        for (index, table, name, keys) in unique_indexes(&mut self.now).await.map_err(doing())? {
            if start.relations.contains_key(&index) {
                continue;
            }
            let columns: Option<Vec<&ColumnStatistics>> = keys.iter().map(|key| known(table, *key)).collect();
            let repeats = columns.is_some_and(|columns| match columns.as_slice() {
                [column] => column.repeats(),
                several => repeat_together(several),
            });
            if repeats {
                found.push(Contradiction {
                    table,
                    name,
                    rule: Rule::Unique,
                });
            }
        }
        Ok(found)
    }
}

/// The CHECK constraints of one column each.
pub(super) async fn checks(connection: &mut Connection) -> Result<Vec<Check>, PgError> {
    let rows = connection
        .query(include_str!("../../queries/clients/checks.sql"), &[])
        .await?;
    let checks = rows.iter().filter_map(|row| {
        let (expression, table, column, data_type) = (row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?);
        Some(Check {
            oid: row.parse(0)?,
            table: row.parse(1)?,
            name: row.get(2)?.to_owned(),
            column: row.parse(3)?,
            validated: row.is_true(4),
            query: (
                "SELECT \"howdah value\" FROM pg_catalog.unnest(".to_owned(),
                format!(
                    ") AS \"howdah values\"(\"howdah value\") \
                     CROSS JOIN LATERAL (SELECT \"howdah value\"::{data_type} AS {column}) AS {table} \
                     WHERE NOT ({expression}) LIMIT 1"
                ),
            ),
        })
    });
    Ok(checks.collect())
}

impl Check {
    pub(super) fn is(&self, other: &Self) -> bool {
        self.oid == other.oid
    }

    pub(super) fn is_of(&self, table: Oid, column: i32) -> bool {
        self.table == table && self.column == column
    }

    /// One of these values that does not pass; NULL is one, too.
    pub(super) async fn refused(
        &self,
        connection: &mut Connection,
        literals: &[String],
    ) -> Result<Option<Option<String>>, PgError> {
        let (head, tail) = &self.query;
        let sql = format!("{head}ARRAY[{}]::pg_catalog.text[]{tail}", literals.join(","));
        match connection.query(&sql, &[]).await {
            Ok(rows) => Ok(rows.first().map(|row| row.get(0).map(str::to_owned))),
            Err(error) if error.is_fatal() => Err(error),
            // Another type has come since, or a function that needs what is not here.
            Err(error) => {
                tracing::debug!(%error, self.name, "a constraint that known values cannot be held against");
                Ok(None)
            }
        }
    }
}
