use std::collections::HashMap;
use std::time::{Duration, Instant};

use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Connection, PgError, Rows};
use howdah_sql::quote_ident;

use super::dependency::{Dependency, SampledColumn, dependencies};
use super::model::{Column, SchemaModel, Table, TableKind};
use super::reference::{self, Candidate};
use super::review::{ReviewOptions, Skipped};
use super::words::words;

/// What looking at rows showed.
#[derive(Debug, Default)]
pub struct Observations {
    /// Columns that depend on one that is no key, by table.
    pub dependencies: HashMap<u32, Vec<Dependency>>,
    /// Whether the values of a column are found in the table that it seems to refer to.
    pub references: HashMap<(u32, i16), Orphans>,
    /// Columns that were read whole in search of NULL, and whether there is none.
    pub never_null: HashMap<(u32, i16), bool>,
}

/// How many of a column's values are missing in the table that it seems to refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orphans {
    /// Different values that were looked up.
    pub looked_up: u64,
    /// How many are not there.
    pub missing: u64,
}

/// Columns of a table that are sampled at most.
const MAX_COLUMNS: usize = 40;
/// Milliseconds that one look at a table may take.
const LOOK_MS: u32 = 1_500;
/// Milliseconds that reading a whole table to confirm something may take.
const CONFIRM_MS: u32 = 30_000;
/// Values that are looked up in the table they seem to refer to.
const LOOKUPS: u32 = 500;
/// Bytes from which on the values of a column are documents rather than facts.
const WIDE_BYTES: u32 = 200;

/// Looks at some rows of each table that is large enough to learn from, in read-only
/// transactions with short limits, until the budget is spent: the smallest tables first, so that
/// as many as possible are seen. Values leave the server only as hashes.
pub(super) async fn observe(
    connection: &mut Connection,
    model: &SchemaModel,
    options: &ReviewOptions,
    skipped: &mut Vec<Skipped>,
) -> Result<Observations, PgError> {
    let mut observed = Observations::default();
    if !options.sample || !model.context.is_populated {
        return Ok(observed);
    }
    let mut sampling = Sampling {
        connection,
        until: Instant::now() + Duration::from_millis(options.sample_budget_ms),
        is_bounded: !options.confirm,
        not_reached: 0,
        failed: Vec::new(),
    };
    let mut tables: Vec<&Table> = model.designed().filter(|t| is_worth_a_look(t, options)).collect();
    tables.sort_by_key(|table| (table.heap_bytes, table.oid));
    for table in &tables {
        if sampling.is_over() {
            continue;
        }
        sampling.rows_of(table, options, &mut observed).await?;
    }
    for candidate in reference::candidates(model) {
        if !candidate.referenced.is_readable
            || !is_worth_a_look(candidate.table, options)
            || sampling.is_over()
        {
            continue;
        }
        sampling.reference(&candidate, &mut observed).await?;
    }
    if options.confirm {
        for table in &tables {
            sampling.confirm(table, &mut observed).await?;
        }
    }
    if sampling.not_reached > 0 {
        skipped.push(Skipped {
            what: format!("{} further looks at rows", sampling.not_reached),
            reason: format!(
                "The {} ms for looking at rows were spent: allow more with --sample-budget, or name a schema.",
                options.sample_budget_ms
            ),
        });
    }
    skipped.append(&mut sampling.failed);
    let guarded = model
        .designed()
        .filter(|t| t.has_row_security && t.is_readable)
        .count();
    if guarded > 0 {
        skipped.push(Skipped {
            what: format!("the rows of {guarded} tables with row-level security"),
            reason: "A part of the rows says nothing about the whole, and policies call functions."
                .to_owned(),
        });
    }
    Ok(observed)
}

fn is_worth_a_look(table: &Table, options: &ReviewOptions) -> bool {
    table.kind != TableKind::Foreign
        && table.is_readable
        && !table.has_row_security
        && table.has_rows(options.evidence_rows)
}

struct Sampling<'a> {
    connection: &'a mut Connection,
    until: Instant,
    is_bounded: bool,
    not_reached: usize,
    failed: Vec<Skipped>,
}

impl Sampling<'_> {
    fn is_over(&mut self) -> bool {
        let over = self.is_bounded && Instant::now() >= self.until;
        self.not_reached += usize::from(over);
        over
    }

    /// The rows of a statement over a user's table; a refusal of the server is noted and is no error.
    async fn look(
        &mut self,
        sql: &str,
        limit_ms: u32,
        what: impl FnOnce() -> String,
    ) -> Result<Option<Rows>, PgError> {
        let mut read = Reading::of(self.connection)
            .statement_timeout_ms(limit_ms)
            .as_far_as_possible(&[Query::new(sql, &[])])
            .await?;
        if let Some(error) = read.error {
            let reason = match error.sqlstate.as_str() {
                "57014" => format!("It took longer than {limit_ms} ms."),
                "55P03" => "Another session has locked the table.".to_owned(),
                _ => format!("The server said: {}.", error.message.trim_end_matches('.')),
            };
            self.failed.push(Skipped { what: what(), reason });
        }
        Ok(read.rows.pop())
    }

    async fn rows_of(
        &mut self,
        table: &Table,
        options: &ReviewOptions,
        observed: &mut Observations,
    ) -> Result<(), PgError> {
        let columns: Vec<&Column> = table
            .columns
            .iter()
            .filter(|column| is_fact(column) && !table.is_unique_by(column.number))
            .take(MAX_COLUMNS)
            .collect();
        if columns.len() < 2 || !columns.iter().any(|column| may_determine(column)) {
            return Ok(());
        }
        let rows = table.rows.unwrap_or(0).max(1);
        let wanted = u64::from(options.sample_rows.max(1));
        let whole = rows <= wanted;
        let hashes: Vec<String> = columns
            .iter()
            .map(|column| {
                let name = quote_ident(&column.name);
                format!("hashtextextended({name}::text COLLATE \"C\", 0)")
            })
            .collect();
        // Not a plain scan: that would count as a use of the table, which other rules look at.
        let (method, limit) = if whole {
            (" TABLESAMPLE SYSTEM (100)".to_owned(), wanted * 2)
        } else {
            let percent = (200.0 * wanted as f64 / rows as f64).min(100.0);
            (
                format!(" TABLESAMPLE SYSTEM ({percent}) REPEATABLE (7)"),
                wanted * 2,
            )
        };
        let sql = format!(
            "SELECT (tableoid::bigint << 32) + (ctid::text::point)[0]::bigint, {} FROM {}{method} LIMIT {limit}",
            hashes.join(", "),
            table.name,
        );
        let Some(found) = self
            .look(&sql, LOOK_MS, || format!("rows of {}", table.name))
            .await?
        else {
            return Ok(());
        };
        let is_all = whole && (found.len() as u64) < limit;
        let mut sampled: Vec<SampledColumn> = columns.iter().map(|column| sampled(table, column)).collect();
        let mut pages = Vec::with_capacity(found.len());
        for row in found.iter() {
            pages.push(row.parse(0).unwrap_or(0));
            for (index, column) in sampled.iter_mut().enumerate() {
                column.values.push(row.parse(index + 1));
            }
        }
        let found = dependencies(&sampled, &pages, is_all);
        if !found.is_empty() {
            observed.dependencies.insert(table.oid, found);
        }
        Ok(())
    }

    async fn reference(
        &mut self,
        candidate: &Candidate<'_>,
        observed: &mut Observations,
    ) -> Result<(), PgError> {
        let (column, key) = (
            quote_ident(&candidate.column.name),
            quote_ident(&candidate.key.name),
        );
        let (table, referenced) = (&candidate.table.name, &candidate.referenced.name);
        let sql = format!(
            "SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM {referenced} AS p WHERE p.{key} = v.value)) \
             FROM (SELECT DISTINCT s.value FROM (SELECT t.{column} AS value FROM {table} AS t TABLESAMPLE SYSTEM (100) \
             WHERE t.{column} IS NOT NULL LIMIT 20000) AS s LIMIT {LOOKUPS}) AS v"
        );
        let what = || format!("whether {table}.{column} refers to {referenced}");
        let Some(found) = self.look(&sql, LOOK_MS, what).await? else {
            return Ok(());
        };
        let figures = found.first().and_then(|row| row.parse(0).zip(row.parse(1)));
        if let Some((looked_up, missing)) = figures.filter(|(looked_up, _)| *looked_up > 0) {
            let place = (candidate.table.oid, candidate.column.number);
            observed.references.insert(place, Orphans { looked_up, missing });
        }
        Ok(())
    }

    /// Reads whole tables: which of the columns hold no NULL, and which dependencies have no exception.
    async fn confirm(&mut self, table: &Table, observed: &mut Observations) -> Result<(), PgError> {
        let seldom_null = |column: &&Column| {
            !column.is_not_null && column.statistics.as_ref().is_some_and(|s| s.null_fraction == 0.0)
        };
        let nullable: Vec<&Column> = table.columns.iter().filter(seldom_null).collect();
        if !nullable.is_empty() {
            let counts: Vec<String> = nullable
                .iter()
                .map(|column| format!("count(*) FILTER (WHERE {} IS NULL)", quote_ident(&column.name)))
                .collect();
            let sql = format!(
                "SELECT {} FROM {} TABLESAMPLE SYSTEM (100)",
                counts.join(", "),
                table.name
            );
            let what = || format!("whether columns of {} hold NULL", table.name);
            if let Some(row) = self
                .look(&sql, CONFIRM_MS, what)
                .await?
                .as_ref()
                .and_then(Rows::first)
            {
                for (index, column) in nullable.iter().enumerate() {
                    observed
                        .never_null
                        .insert((table.oid, column.number), row.get(index) == Some("0"));
                }
            }
        }
        let Some(mut found) = observed.dependencies.remove(&table.oid) else {
            return Ok(());
        };
        for dependency in &mut found {
            let pair = table
                .column(dependency.determinant)
                .zip(table.column(dependency.dependent));
            let Some((x, y)) = pair.filter(|_| !dependency.is_exact) else {
                continue;
            };
            let (x, y) = (quote_ident(&x.name), quote_ident(&y.name));
            let sql = format!(
                "SELECT EXISTS (SELECT FROM {} TABLESAMPLE SYSTEM (100) WHERE {x} IS NOT NULL GROUP BY {x} HAVING count(DISTINCT {y}) > 1 \
                 OR (count(DISTINCT {y}) = 1 AND count({y}) < count(*)))",
                table.name
            );
            let what = || format!("whether {x} determines {y} in all of {}", table.name);
            match self
                .look(&sql, CONFIRM_MS, what)
                .await?
                .as_ref()
                .and_then(Rows::first)
            {
                Some(row) if row.is_true(0) => dependency.support = 0,
                Some(_) => dependency.is_exact = true,
                None => {}
            }
        }
        found.retain(|dependency| dependency.support > 0);
        observed.dependencies.insert(table.oid, found);
        Ok(())
    }
}

/// Whether the column holds a plain value, of a type that the server's own code prints.
fn is_fact(column: &Column) -> bool {
    let plain = column.is_enum
        || column.is_text()
        || column.is_integer()
        || column.is_a(&["bool", "uuid", "date", "numeric", "timestamp", "timestamptz"]);
    let narrow = column
        .statistics
        .as_ref()
        .is_none_or(|statistics| statistics.average_width < WIDE_BYTES);
    plain && narrow && !column.is_generated
}

/// Whether the column can be the name or number of something: no measurement, no moment.
fn may_determine(column: &Column) -> bool {
    let narrow = column
        .statistics
        .as_ref()
        .is_none_or(|statistics| statistics.average_width < 64);
    let counts = [
        "quantity", "count", "amount", "total", "price", "size", "age", "rating", "score", "position",
        "version",
    ];
    let is_measure = words(&column.name)
        .last()
        .is_some_and(|last| counts.contains(&last.as_str()));
    narrow
        && !is_measure
        && (column.is_enum || column.is_text() || column.is_integer() || column.is_a(&["uuid"]))
}

fn sampled(table: &Table, column: &Column) -> SampledColumn {
    let last = words(&column.name).pop().unwrap_or_default();
    let rank = if table.foreign_keys_of(column.number).next().is_some() {
        0
    } else if ["id", "uuid"].contains(&last.as_str()) {
        1
    } else if ["code", "key", "number", "no", "sku", "isbn"].contains(&last.as_str()) {
        2
    } else if column.is_integer() || column.is_a(&["uuid"]) {
        3
    } else {
        4
    };
    SampledColumn {
        number: column.number,
        values: Vec::new(),
        may_determine: may_determine(column),
        may_depend: !table.is_in_key(column.number),
        rank,
    }
}
