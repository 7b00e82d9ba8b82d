//! What tables demanded of their rows before the script and still demand, held against single
//! values: those that a script writes, and those of rows that are not here.

use howdah_pg::{Connection, PgError};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use super::{Clients, contradictions};
use crate::statistics::ColumnStatistics;
use crate::trace::{Oid, State};
use crate::{Failure, RehearseError};

/// A foreign key of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    oid: Oid,
    pub(crate) name: String,
    pub(crate) table: Oid,
    pub(crate) column: i32,
    pub(crate) referenced: Oid,
    pub(crate) key: i32,
    /// Whether rows that are referred to cannot be deleted.
    pub(crate) keeps_rows: bool,
    /// Whether keys that are referred to cannot be changed.
    pub(crate) keeps_keys: bool,
}

/// The foreign keys that there are.
pub(super) async fn foreign_keys(connection: &mut Connection) -> Result<Vec<ForeignKey>, PgError> {
    let rows = connection
        .query(include_str!("../../queries/clients/references.sql"), &[])
        .await?;
    let keeps = |action: Option<&str>| matches!(action, Some("a" | "r"));
    let keys = rows.iter().filter_map(|row| {
        Some(ForeignKey {
            oid: row.parse(0)?,
            name: row.get(1)?.to_owned(),
            table: row.parse(2)?,
            column: row.parse(3)?,
            referenced: row.parse(4)?,
            key: row.parse(5)?,
            keeps_rows: keeps(row.get(6)),
            keeps_keys: keeps(row.get(7)),
        })
    });
    Ok(keys.collect())
}

impl Clients {
    /// Foreign keys that were there before the script and still are.
    pub(crate) async fn lasting_foreign_keys(&mut self) -> Result<Vec<ForeignKey>, RehearseError> {
        let now = foreign_keys(&mut self.now).await;
        let now = now.map_err(RehearseError::scratch("reading foreign keys"))?;
        let lasting = self.foreign_keys.iter().filter(|key| now.contains(key));
        Ok(lasting.cloned().collect())
    }

    /// Whether a column alone identified a row before the script.
    pub(crate) fn is_key(&self, table: Oid, column: i32) -> bool {
        self.keys
            .get(&table)
            .is_some_and(|columns| columns.contains(&column))
    }

    /// Why a table takes no row with that value in a column, before the script as after it: NOT NULL,
    /// the column's type or a CHECK of it alone.
    pub(crate) async fn refusal(
        &mut self,
        start: &State,
        table: Oid,
        column: i32,
        value: Option<&str>,
    ) -> Result<Option<Failure>, RehearseError> {
        let doing = || RehearseError::scratch("holding values against constraints");
        let (Some(relation), Some(known)) = (
            start.relations.get(&table),
            start.columns.get(&table).and_then(|columns| columns.get(&column)),
        ) else {
            return Ok(None);
        };
        let Some(value) = value else {
            let takes_none = takes_no_null(&mut self.before, table, &known.name)
                .await
                .map_err(doing())?
                && takes_no_null(&mut self.now, table, &known.name)
                    .await
                    .map_err(doing())?;
            let message = format!(
                "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                known.name, relation.name.name
            );
            return Ok(takes_none.then(|| Failure {
                sqlstate: "23502".to_owned(),
                message,
            }));
        };
        let cast = format!("SELECT {}::{}", quote_literal(value), known.data_type);
        if let Some(failure) = fails(&mut self.before, &cast).await.map_err(doing())?
            && fails(&mut self.now, &cast).await.map_err(doing())?.is_some()
        {
            return Ok(Some(failure));
        }
        let now = contradictions::checks(&mut self.now).await.map_err(doing())?;
        let before = contradictions::checks(&mut self.before).await.map_err(doing())?;
        for check in before.iter().filter(|check| check.is_of(table, column)) {
            let lasts = now.iter().any(|other| other.is(check));
            let values = [quote_literal(value)];
            if lasts
                && check
                    .refused(&mut self.before, &values)
                    .await
                    .map_err(doing())?
                    .is_some()
            {
                return Ok(Some(Failure {
                    sqlstate: "23514".to_owned(),
                    message: format!(
                        "new row for relation \"{}\" violates check constraint \"{}\"",
                        relation.name.name, check.name
                    ),
                }));
            }
        }
        Ok(None)
    }

    /// Why a statement fails where a row as the target's are is in that table, for its values.
    pub(crate) async fn fails_on_a_row(
        &mut self,
        table: Oid,
        name: &RelationName,
        sql: &str,
    ) -> Result<Option<Failure>, RehearseError> {
        let doing = || RehearseError::scratch("changing a row");
        let of_table = self.attempts.iter().filter(|attempt| attempt.oid == table);
        let Some(row) = of_table.filter_map(|attempt| attempt.first.clone()).next() else {
            return Ok(None);
        };
        let mut begin = "BEGIN;".to_owned();
        // The row refers to others that are not here, and a change waits for no check of that.
        for key in self.foreign_keys.iter().filter(|key| key.table == table) {
            begin.push_str(&format!(
                "ALTER TABLE {name} DROP CONSTRAINT {};",
                quote_ident(&key.name)
            ));
        }
        begin.push_str(&row);
        let is_there = match self.before.batch(&begin).await {
            Ok(()) => true,
            Err(error) if error.is_fatal() => return Err(doing()(error)),
            Err(error) => {
                tracing::debug!(%error, "a row that cannot be made up");
                false
            }
        };
        let failure = match is_there {
            true => fails(&mut self.before, sql).await.map_err(doing())?,
            false => None,
        };
        self.before.batch("ROLLBACK").await.map_err(doing())?;
        let is_for_values = |failure: &Failure| failure.sqlstate.starts_with("22");
        Ok(failure
            .filter(is_for_values)
            .map(|failure| self.without_values(failure)))
    }

    /// Whether statistics say that no row of the target has this value.
    pub(crate) async fn is_absent(
        &mut self,
        start: &State,
        table: Oid,
        column: i32,
        value: &str,
    ) -> Result<bool, RehearseError> {
        let (Some(relation), Some(named)) = (
            start.relations.get(&table),
            start.columns.get(&table).and_then(|columns| columns.get(&column)),
        ) else {
            return Ok(false);
        };
        let Some(known) = self.statistics.of(&relation.name, &named.name).cloned() else {
            return Ok(false);
        };
        if known.values.is_empty() || known.values.iter().any(|other| other == value) {
            return Ok(false);
        }
        if known.is_complete() {
            return Ok(true);
        }
        if known.may_be_newer(value) {
            return Ok(false);
        }
        let outside = is_outside(&mut self.before, &known, &named.data_type, value).await;
        outside.map_err(RehearseError::scratch("comparing values"))
    }
}

async fn takes_no_null(connection: &mut Connection, table: Oid, column: &str) -> Result<bool, PgError> {
    let sql = include_str!("../../queries/clients/not_null.sql");
    let rows = connection
        .query(sql, &[Some(&table.to_string()), Some(column)])
        .await?;
    Ok(rows.first().is_some_and(|row| row.is_true(0)))
}

/// How a query fails, if it does.
async fn fails(connection: &mut Connection, sql: &str) -> Result<Option<Failure>, PgError> {
    match connection.query(sql, &[]).await {
        Ok(_) => Ok(None),
        Err(PgError::Server(error)) if !error.is_fatal() => Ok(Some(Failure {
            sqlstate: error.sqlstate.clone(),
            message: error.message.clone(),
        })),
        Err(error) => Err(error),
    }
}

/// Whether a value lies before or behind all that are known, which reach from the least to the greatest.
async fn is_outside(
    connection: &mut Connection,
    known: &ColumnStatistics,
    data_type: &str,
    value: &str,
) -> Result<bool, PgError> {
    let values: Vec<String> = known.values.iter().map(|value| quote_literal(value)).collect();
    let sql = format!(
        "SELECT bool_and(v::{data_type} < {value}::{data_type}) OR bool_and(v::{data_type} > {value}::{data_type}) \
         FROM pg_catalog.unnest(ARRAY[{}]::pg_catalog.text[]) AS v",
        values.join(","),
        value = quote_literal(value),
    );
    match connection.query(&sql, &[]).await {
        Ok(rows) => Ok(rows.first().is_some_and(|row| row.is_true(0))),
        Err(error) if error.is_fatal() => Err(error),
        // A type without an order.
        Err(error) => {
            tracing::debug!(%error, "values that cannot be compared");
            Ok(false)
        }
    }
}
