//! What ordinary clients could do before a script, and cannot do any more.

mod calls;
mod contradictions;
mod demands;
mod everybody;

use std::collections::{BTreeSet, HashMap, HashSet};

use howdah_pg::{Connection, PgError, Row};
use howdah_sql::{normalize, quote_ident, quote_literal};

use crate::schema::BUILDER;
use crate::scratch::BEFORE;
use crate::trace::{Oid, State};
use crate::{Break, Failure, RehearseError, ScratchDatabase, Statistics};

use calls::Calls;
pub(crate) use contradictions::{Contradiction, Rule};
pub(crate) use demands::ForeignKey;

/// With more statements than this only those of relations that a transaction
/// has to do with are tried after it, and the rest at the end: trying one takes
/// some tenths of a millisecond.
const TRIED_EACH_TIME: usize = 400;
/// Breaks that are told of one transaction.
const BREAKS_MAX: usize = 50;

/// A statement of a client.
struct Attempt {
    /// The relation or function that it is about.
    oid: Oid,
    role: String,
    sql: String,
    /// What is told of it: the statement without its constants, which may be values of somebody's rows.
    told: String,
    /// What puts a row into the table first, for a statement that needs one.
    first: Option<String>,
    /// Whether it is the execution of a statement that was prepared before the script.
    prepared: bool,
}

/// What became of an attempt.
#[derive(Debug, Clone)]
struct Tried {
    touched: Option<u64>,
    failure: Option<Failure>,
    column: String,
    constraint: String,
    /// The table that the error is about, which may lie behind a view or a trigger.
    relation: Option<Oid>,
}

/// Clients of a scratch database, and of its copy from before the script.
pub(crate) struct Clients {
    now: Connection,
    before: Connection,
    attempts: Vec<Attempt>,
    /// What became of those on the copy that fail now.
    known: HashMap<usize, Tried>,
    told: HashSet<usize>,
    /// Who sees no row of what, and which partition belongs to what.
    visible: BTreeSet<Visibility>,
    /// Columns that took NULL before the script, and are not known to hold any.
    nullable: HashSet<(Oid, String)>,
    /// CHECK constraints from before the script, and whether they were validated.
    validated: HashMap<Oid, bool>,
    /// Columns that alone identified a row before the script, by table.
    keys: HashMap<Oid, Vec<i32>>,
    /// Foreign keys from before the script.
    foreign_keys: Vec<ForeignKey>,
    /// The values of the target's rows that statements are tried with.
    values: Vec<String>,
    statistics: Statistics,
    /// Roles that the target's clients may be.
    roles: Vec<String>,
    calls: Calls,
}

/// What is tried after a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Relations that it has to do with.
    pub(crate) touched: &'a BTreeSet<Oid>,
    /// Whether it may have changed what happens on any table: functions, privileges.
    pub(crate) reaches_far: bool,
    /// The texts of its statements, as far as clients may notice them.
    pub(crate) texts: &'a [&'a str],
    /// Whether this is the end, where all that is left is tried.
    pub(crate) all: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Visibility {
    kind: String,
    oid: Oid,
    role: String,
    relation: String,
    partition: String,
}

impl Clients {
    /// Copies the database, to which nobody may be connected, and gathers what
    /// its clients may be doing.
    pub(crate) async fn of(
        database: &ScratchDatabase,
        statistics: &Statistics,
    ) -> Result<Self, RehearseError> {
        let doing = || RehearseError::scratch("preparing clients");
        database.copy().await?;
        let mut before = database.connect_builder(BEFORE).await?;
        let mut now = database.connect_builder(&database.name).await?;
        for connection in [&mut before, &mut now] {
            let setup = concat!(
                "SET client_min_messages = error; SET statement_timeout = '20s';",
                include_str!("../queries/clients/try.sql")
            );
            connection.batch(setup).await.map_err(doing())?;
        }
        if let Some(sql) = known(statistics) {
            now.batch(&sql).await.map_err(doing())?;
        }
        let rows = now
            .query(include_str!("../queries/clients/statements.sql"), &[])
            .await
            .map_err(doing())?;
        let mut attempts: Vec<Attempt> = rows.iter().filter_map(attempt).collect();
        attempts.extend(prepare(&mut now, &attempts).await.map_err(doing())?);
        let nullable = now
            .query(include_str!("../queries/clients/nullable.sql"), &[])
            .await
            .map_err(doing())?;
        let nullable = nullable
            .iter()
            .filter_map(|row| Some((row.parse(0)?, row.get(1)?.to_owned())));
        let nullable = nullable.collect();
        let visible = visibility(&mut now).await.map_err(doing())?;
        let validated = contradictions::validated(&mut now).await.map_err(doing())?;
        let calls = Calls::of(&mut now).await.map_err(doing())?;
        let foreign_keys = demands::foreign_keys(&mut now).await.map_err(doing())?;
        let mut keys: HashMap<Oid, Vec<i32>> = HashMap::new();
        for (_, table, _, columns) in contradictions::unique_indexes(&mut now).await.map_err(doing())? {
            if let [column] = columns.as_slice() {
                keys.entry(table).or_default().push(*column);
            }
        }
        Ok(Self {
            now,
            before,
            attempts,
            known: HashMap::new(),
            told: HashSet::new(),
            visible,
            nullable,
            validated,
            keys,
            foreign_keys,
            values: statistics
                .columns()
                .iter()
                .filter_map(|column| column.typical().map(str::to_owned))
                .collect(),
            statistics: statistics.clone(),
            roles: database.clients.clone(),
            calls,
        })
    }

    /// What does not work any more since the last call, each with the relation
    /// or function that it is about.
    pub(crate) async fn check(
        &mut self,
        start: &State,
        scope: Scope<'_>,
    ) -> Result<Vec<(Oid, Break)>, RehearseError> {
        let doing = || RehearseError::scratch("trying clients");
        let mut close = scope.touched.clone();
        if scope.reaches_far {
            close.extend(triggered(&mut self.now).await.map_err(doing())?);
        }
        let without_row = self.attempts.iter().filter(|attempt| attempt.first.is_none());
        let everything = scope.all || without_row.count() <= TRIED_EACH_TIME;
        let statistics = &self.statistics;
        let is_known_by_name = |oid: &Oid| {
            let relation = start.relations.get(oid);
            !relation.is_some_and(|relation| statistics.is_empty_partition(&relation.name))
        };
        let is_tried = |attempt: &Attempt| {
            is_known_by_name(&attempt.oid)
                && (close.contains(&attempt.oid) || (everything && attempt.first.is_none()))
        };
        let chosen: Vec<usize> = (0..self.attempts.len())
            .filter(|number| !self.told.contains(number))
            .filter(|number| is_tried(&self.attempts[*number]))
            .collect();
        let now = try_all(&mut self.now, &self.attempts, &chosen, &close)
            .await
            .map_err(doing())?;
        let suspects: Vec<usize> = chosen
            .iter()
            .zip(&now)
            .filter(|(_, tried)| tried.failure.is_some() || tried.touched == Some(0))
            .map(|(number, _)| *number)
            .filter(|number| !self.attempts[*number].prepared && !self.known.contains_key(number))
            .collect();
        let before = try_all(&mut self.before, &self.attempts, &suspects, &close)
            .await
            .map_err(doing())?;
        self.known.extend(suspects.into_iter().zip(before));
        let mut breaks: Vec<(Oid, Break)> = Vec::new();
        for (number, tried) in chosen.into_iter().zip(now) {
            let Some(failure) = self.broken(number, &tried, start).await? else {
                continue;
            };
            self.told.insert(number);
            let Some(role) = self.without(number, &failure).await? else {
                continue;
            };
            let attempt = &self.attempts[number];
            // With a row and without one it fails the same way, and so it does with other constants.
            let is_told = breaks.iter().any(|(oid, told)| {
                *oid == attempt.oid
                    && told.role == role
                    && told.failure.sqlstate == failure.sqlstate
                    && (attempt.first.is_some() || told.statement == attempt.told)
            });
            if is_told {
                continue;
            }
            let broken = Break {
                statement: attempt.told.clone(),
                role,
                failure: self.without_values(failure),
                prepared_only: attempt.prepared,
            };
            breaks.push((attempt.oid, broken));
        }
        for (oid, broken) in self.broken_calls(scope.texts).await? {
            if !breaks
                .iter()
                .any(|(other, told)| *other == oid && told.role == broken.role)
            {
                breaks.push((oid, broken));
            }
        }
        breaks.extend(self.vanished(start).await?);
        breaks.truncate(BREAKS_MAX);
        for (_, broken) in &mut breaks {
            if broken.role == PUBLIC || broken.role == BUILDER {
                broken.role = "PUBLIC".to_owned();
            }
        }
        Ok(breaks)
    }

    /// The failure without values of the target's rows. Errors about data and those that triggers raise
    /// repeat them; others name objects, which may be called the same.
    fn without_values(&self, mut failure: Failure) -> Failure {
        if failure.sqlstate.starts_with("22") || failure.sqlstate.starts_with("P0") {
            for value in self.values.iter().filter(|value| value.len() > 1) {
                failure.message = failure.message.replace(value.as_str(), "…");
            }
        }
        failure
    }

    /// Why an attempt counts as broken, if it does.
    async fn broken(
        &mut self,
        number: usize,
        now: &Tried,
        start: &State,
    ) -> Result<Option<Failure>, RehearseError> {
        let oid = self.attempts[number].oid;
        if self.attempts[number].prepared {
            let result_changed =
                |failure: &&Failure| failure.message.starts_with("cached plan must not change");
            return Ok(now.failure.as_ref().filter(result_changed).cloned());
        }
        let Some(before) = self.known.get(&number) else {
            return Ok(None);
        };
        let Some(failure) = &now.failure else {
            let swallowed = before.touched.is_some_and(|rows| rows > 0) && now.touched == Some(0);
            return Ok(swallowed.then(|| Failure {
                sqlstate: "00000".to_owned(),
                message: "it succeeds, and touches no row any more".to_owned(),
            }));
        };
        // That there is a rule now concerns those who write so; few do, and no constraint that they name is gone.
        if failure.sqlstate == "0A000" && self.attempts[number].sql.contains(" ON CONFLICT ") {
            return Ok(None);
        }
        let is_integrity = |failure: &Failure| failure.sqlstate.starts_with("23");
        let worked = match &before.failure {
            None => true,
            // As far as the rows that are missing here let it.
            Some(before) => is_integrity(before) && !is_integrity(failure),
        };
        if failure.sqlstate == "42703" && self.was_shadow(oid, failure, start).await? {
            return Ok(None);
        }
        let concerned = now.relation.unwrap_or(oid);
        let meant = match failure.sqlstate.as_str() {
            // Whoever demands a value of a column that had none has told its writers.
            "23502" => self.nullable.contains(&(concerned, now.column.clone())),
            "23514" => {
                !self
                    .constrains_new_columns(concerned, &now.constraint, start)
                    .await?
            }
            state => state.starts_with("23"),
        };
        Ok((worked && !meant).then(|| failure.clone()))
    }

    /// Whether the column that is missing took the place of another: it was filled in its shadow,
    /// and clients know it by the name that it has now. Or it is the one whose place was taken, and
    /// its values stand in that other one.
    async fn was_shadow(
        &mut self,
        oid: Oid,
        failure: &Failure,
        start: &State,
    ) -> Result<bool, RehearseError> {
        let (Some(columns), Some(missing)) = (start.columns.get(&oid), failure.message.split('"').nth(1))
        else {
            return Ok(false);
        };
        let number = |name: &str| {
            let found = columns.iter().find(|(_, column)| column.name == name);
            found.map(|(number, _)| *number)
        };
        let Some(was) = number(missing) else {
            return Ok(false);
        };
        if let Some(name) = column_name(&mut self.now, oid, was).await? {
            return Ok(columns.values().any(|column| column.name == name));
        }
        let relation = start.relations.get(&oid);
        let twins = relation.map(|relation| self.statistics.twins(&relation.name, missing));
        for twin in twins.into_iter().flatten().filter_map(number) {
            if column_name(&mut self.now, oid, twin).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether no client can have known the columns of a CHECK.
    async fn constrains_new_columns(
        &mut self,
        oid: Oid,
        name: &str,
        start: &State,
    ) -> Result<bool, RehearseError> {
        let sql = include_str!("../queries/clients/new_columns.sql");
        let rows = self.now.query(sql, &[Some(&oid.to_string()), Some(name)]).await;
        let rows = rows.map_err(RehearseError::scratch("reading a constraint"))?;
        let old = start.columns.get(&oid);
        let is_new = |column: i32| old.is_some_and(|old| !old.contains_key(&column));
        Ok(!rows.is_empty() && rows.iter().all(|row| row.parse(0).is_some_and(is_new)))
    }

    /// Rows that are still there, and not where their readers look for them.
    async fn vanished(&mut self, start: &State) -> Result<Vec<(Oid, Break)>, RehearseError> {
        let is = visibility(&mut self.now).await;
        let is = is.map_err(RehearseError::scratch("looking for rows out of sight"))?;
        let hidden = is
            .difference(&self.visible)
            .filter(|entry| entry.kind == "hidden");
        let hidden = hidden
            .filter(|entry| start.relations.contains_key(&entry.oid))
            .map(|entry| {
                let message = "row-level security hides every row: no policy lets this role see any";
                (entry, message.to_owned())
            });
        let exists: HashSet<Oid> = is
            .iter()
            .filter(|entry| entry.kind == "table")
            .map(|entry| entry.oid)
            .collect();
        let detached = self.visible.difference(&is).filter(|entry| entry.kind == "part");
        let is_empty = |oid: &Oid| {
            let relation = start.relations.get(oid);
            relation.is_some_and(|relation| self.statistics.is_empty_partition(&relation.name))
        };
        let detached = detached.filter(|entry| exists.contains(&entry.oid) && !is_empty(&entry.oid));
        let detached = detached.map(|entry| {
            (
                entry,
                format!("the rows of {} are not in it any more", entry.partition),
            )
        });
        let breaks = hidden.chain(detached).map(|(entry, message)| {
            let broken = Break {
                statement: format!("SELECT * FROM {}", entry.relation),
                role: entry.role.clone(),
                failure: Failure {
                    sqlstate: "00000".to_owned(),
                    message,
                },
                prepared_only: false,
            };
            (entry.oid, broken)
        });
        let breaks = breaks.collect();
        self.visible = is;
        Ok(breaks)
    }
}

/// The role that has what everybody has.
pub(crate) const PUBLIC: &str = "howdah public";

fn attempt(row: Row<'_>) -> Option<Attempt> {
    let sql = row.get(2)?.to_owned();
    Some(Attempt {
        oid: row.parse(0)?,
        role: row.get(1)?.to_owned(),
        told: normalize(sql.trim_start_matches("EXPLAIN ")),
        sql,
        first: row.get(3).map(str::to_owned),
        prepared: false,
    })
}

/// Prepares `SELECT *` of every relation that somebody reads, in one message each.
async fn prepare(connection: &mut Connection, attempts: &[Attempt]) -> Result<Vec<Attempt>, PgError> {
    let mut prepared: Vec<Attempt> = Vec::new();
    let mut seen = HashSet::new();
    for attempt in attempts
        .iter()
        .filter(|attempt| attempt.first.is_none() && attempt.sql.starts_with("SELECT "))
    {
        let Some((_, relation)) = attempt.sql.rsplit_once(" FROM ") else {
            continue;
        };
        if !seen.insert(attempt.oid) {
            continue;
        }
        let name = format!("howdah_{}", attempt.oid);
        let select = format!("SELECT * FROM {relation}");
        match connection
            .batch(&format!("PREPARE {name} AS {select}; EXECUTE {name}"))
            .await
        {
            Ok(()) => prepared.push(Attempt {
                oid: attempt.oid,
                role: BUILDER.to_owned(),
                sql: format!("EXECUTE {name}"),
                told: format!("{select}, prepared"),
                first: None,
                prepared: true,
            }),
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => tracing::debug!(%error, "a relation that nobody can read"),
        }
    }
    Ok(prepared)
}

/// Tries statements. What refers to rows of the tables in `close`, or is referred to by them, does
/// not count: here those rows are missing.
async fn try_all(
    connection: &mut Connection,
    attempts: &[Attempt],
    chosen: &[usize],
    close: &BTreeSet<Oid>,
) -> Result<Vec<Tried>, PgError> {
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let oids: Vec<String> = close.iter().map(ToString::to_string).collect();
    connection
        .batch(&format!("BEGIN; SELECT pg_temp.defer('{{{}}}')", oids.join(",")))
        .await?;
    let tried = try_within(connection, attempts, chosen).await;
    connection.batch("ROLLBACK").await?;
    tried
}

async fn try_within(
    connection: &mut Connection,
    attempts: &[Attempt],
    chosen: &[usize],
) -> Result<Vec<Tried>, PgError> {
    let array = |text: &dyn for<'a> Fn(&'a Attempt) -> Option<&'a str>| {
        let items: Vec<String> = chosen
            .iter()
            .map(|number| text(&attempts[*number]).map_or("NULL".to_owned(), quote_literal))
            .collect();
        format!("ARRAY[{}]::pg_catalog.text[]", items.join(","))
    };
    let sql = format!(
        "SELECT touched, state, message, column_name, constraint_name, relation FROM pg_temp.try({}, {}, {}) ORDER BY number",
        array(&|attempt| Some(&attempt.role)),
        array(&|attempt| attempt.first.as_deref()),
        array(&|attempt| Some(&attempt.sql)),
    );
    let rows = connection.query(&sql, &[]).await?;
    let tried = rows.iter().map(|row| {
        let text = |column| row.get(column).unwrap_or_default().to_owned();
        Tried {
            touched: row.parse(0),
            failure: row.get(1).map(|sqlstate| Failure {
                sqlstate: sqlstate.to_owned(),
                message: text(2),
            }),
            column: text(3),
            constraint: text(4),
            relation: row.parse(5),
        }
    });
    Ok(tried.collect())
}

/// What a column of a table is called now, if it is there.
async fn column_name(
    connection: &mut Connection,
    table: Oid,
    number: i32,
) -> Result<Option<String>, RehearseError> {
    let sql = include_str!("../queries/clients/column_name.sql");
    let params = [table.to_string(), number.to_string()];
    let params = params.each_ref().map(|param| Some(param.as_str()));
    let rows = connection.query(sql, &params).await;
    let rows = rows.map_err(RehearseError::scratch("reading a column"))?;
    Ok(rows.first().and_then(|row| row.get(0)).map(str::to_owned))
}

/// Tables on which triggers, rules or policies have a say.
async fn triggered(connection: &mut Connection) -> Result<Vec<Oid>, PgError> {
    let rows = connection
        .query(include_str!("../queries/clients/triggered.sql"), &[])
        .await?;
    Ok(rows.iter().filter_map(|row| row.parse(0)).collect())
}

/// What statistics know of columns, as rows of `pg_temp.known`.
fn known(statistics: &Statistics) -> Option<String> {
    let rows: Vec<String> = statistics
        .columns()
        .iter()
        .map(|column| {
            format!(
                "({}, {}, {}, {}, {})",
                quote_literal(column.relation.schema.as_deref().unwrap_or_default()),
                quote_literal(&column.relation.name),
                quote_literal(&column.column),
                column.typical().map_or_else(|| "NULL".to_owned(), quote_literal),
                column.null_fraction > 0.0
            )
        })
        .collect();
    (!rows.is_empty()).then(|| {
        format!(
            "INSERT INTO pg_temp.known SELECT c.oid, v.name, v.value, v.nulls \
             FROM (VALUES {}) AS v(nspname, relname, name, value, nulls) \
             JOIN pg_catalog.pg_namespace AS n ON n.nspname = v.nspname \
             JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = v.relname",
            rows.join(", ")
        )
    })
}

async fn visibility(connection: &mut Connection) -> Result<BTreeSet<Visibility>, PgError> {
    let rows = connection
        .query(include_str!("../queries/clients/hidden.sql"), &[])
        .await?;
    let entries = rows.iter().filter_map(|row| {
        Some(Visibility {
            kind: row.get(0)?.to_owned(),
            oid: row.parse(1)?,
            role: row.get(2)?.to_owned(),
            relation: row.get(3)?.to_owned(),
            partition: row.get(4)?.to_owned(),
        })
    });
    Ok(entries.collect())
}

/// Makes the role that has what everybody has.
pub(crate) fn public_role() -> String {
    let (public, builder) = (quote_ident(PUBLIC), quote_ident(BUILDER));
    format!("CREATE ROLE {public}; GRANT {public} TO {builder}")
}
