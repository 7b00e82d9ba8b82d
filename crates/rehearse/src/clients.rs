//! What ordinary clients could do before a script, and cannot do any more.

use std::collections::{BTreeSet, HashMap, HashSet};

use howdah_pg::{Connection, PgError, Row};
use howdah_sql::{quote_ident, quote_literal};

use crate::schema::BUILDER;
use crate::trace::{Oid, State};
use crate::{Break, Failure, RehearseError, ScratchDatabase};

/// With more statements than this only those of relations that a transaction
/// has to do with are tried after it, and the rest at the end: trying one takes
/// some tenths of a millisecond.
const TRIED_EACH_TIME: usize = 300;
/// How many statements are tried in one message.
const TRIED_AT_ONCE: usize = 500;
/// Breaks that are told of one transaction.
const BREAKS_MAX: usize = 50;

/// A statement of a client.
struct Attempt {
    /// The relation or function that it is about.
    oid: Oid,
    role: String,
    sql: String,
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

/// Clients of a scratch database.
pub(crate) struct Clients {
    now: Connection,
    attempts: Vec<Attempt>,
    /// What became of each before the script; of prepared ones nothing is known.
    known: Vec<Option<Tried>>,
    /// What became of each at the end of the script; empty as long as not all were tried.
    latest: Vec<Option<Tried>>,
    told: HashSet<usize>,
    /// Who sees no row of what, and which partition belongs to what.
    visible: BTreeSet<Visibility>,
    /// Columns that took NULL before the script.
    nullable: HashSet<(Oid, String)>,
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
    /// Gathers what the database's clients may be doing, and tries it. `earlier` are its clients
    /// before the last script, of which it is known what they could do behind it.
    pub(crate) async fn of(database: &ScratchDatabase, earlier: Option<Self>) -> Result<Self, RehearseError> {
        let doing = || RehearseError::scratch("preparing clients");
        if earlier.is_none() {
            database.make_public_role().await?;
        }
        let mut now = database.connect_builder(&database.name).await?;
        let setup = concat!(
            "SET client_min_messages = error; SET statement_timeout = '20s';",
            include_str!("../queries/clients/try.sql")
        );
        now.batch(setup).await.map_err(doing())?;
        let rows = now
            .query(include_str!("../queries/clients/statements.sql"), &[])
            .await
            .map_err(doing())?;
        let mut attempts: Vec<Attempt> = rows.iter().filter_map(attempt).collect();
        let mut known = match earlier {
            Some(earlier) => earlier.carried_over(&attempts),
            None => vec![None; attempts.len()],
        };
        let unknown: Vec<usize> = (0..attempts.len())
            .filter(|number| known[*number].is_none())
            .collect();
        let tried = try_all(&mut now, &attempts, &unknown).await.map_err(doing())?;
        for (number, tried) in unknown.into_iter().zip(tried) {
            known[number] = Some(tried);
        }
        attempts.extend(prepare(&mut now, &attempts).await.map_err(doing())?);
        known.resize(attempts.len(), None);
        let nullable = now
            .query(include_str!("../queries/clients/nullable.sql"), &[])
            .await
            .map_err(doing())?;
        let nullable = nullable
            .iter()
            .filter_map(|row| Some((row.parse(0)?, row.get(1)?.to_owned())));
        let nullable = nullable.collect();
        let visible = visibility(&mut now).await.map_err(doing())?;
        Ok(Self {
            now,
            attempts,
            known,
            latest: Vec::new(),
            told: HashSet::new(),
            visible,
            nullable,
        })
    }

    /// What is known of attempts since all of them were tried at the end of the last script.
    fn carried_over(mut self, attempts: &[Attempt]) -> Vec<Option<Tried>> {
        let mut latest: HashMap<(Oid, &str, &str), Option<Tried>> = self
            .attempts
            .iter()
            .zip(self.latest.drain(..))
            .map(|(of, tried)| ((of.oid, of.role.as_str(), of.sql.as_str()), tried))
            .collect();
        let known = attempts
            .iter()
            .map(|of| latest.remove(&(of.oid, of.role.as_str(), of.sql.as_str())).flatten());
        known.collect()
    }

    /// What does not work any more since the last call, each with the relation
    /// or function that it is about. `touched` are those that the transaction has
    /// to do with; without, all that is left is tried.
    pub(crate) async fn check(
        &mut self,
        start: &State,
        touched: Option<&BTreeSet<Oid>>,
    ) -> Result<Vec<(Oid, Break)>, RehearseError> {
        let doing = || RehearseError::scratch("trying clients");
        let all = touched.is_none();
        let touched = touched.filter(|_| self.attempts.len() > TRIED_EACH_TIME);
        let chosen: Vec<usize> = (0..self.attempts.len())
            .filter(|number| !self.told.contains(number))
            .filter(|number| touched.is_none_or(|touched| touched.contains(&self.attempts[*number].oid)))
            .collect();
        let now = try_all(&mut self.now, &self.attempts, &chosen)
            .await
            .map_err(doing())?;
        if all {
            self.latest = vec![None; self.attempts.len()];
            for (number, tried) in chosen.iter().zip(&now) {
                self.latest[*number] = Some(tried.clone());
            }
        }
        let mut breaks = Vec::new();
        for (number, tried) in chosen.into_iter().zip(now) {
            let Some(failure) = self.broken(number, &tried, start).await? else {
                continue;
            };
            self.told.insert(number);
            let attempt = &self.attempts[number];
            let broken = Break {
                statement: attempt.sql.trim_start_matches("EXPLAIN ").to_owned(),
                role: attempt.role.clone(),
                failure,
                prepared_only: attempt.prepared,
            };
            breaks.push((attempt.oid, broken));
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
        let Some(before) = &self.known[number] else {
            return Ok(None);
        };
        let Some(failure) = &now.failure else {
            let swallowed = before.touched.is_some_and(|rows| rows > 0) && now.touched == Some(0);
            return Ok(swallowed.then(|| Failure {
                sqlstate: "00000".to_owned(),
                message: "it succeeds, and touches no row any more".to_owned(),
            }));
        };
        let is_integrity = |failure: &Failure| failure.sqlstate.starts_with("23");
        let worked = match &before.failure {
            None => true,
            // As far as the rows that are missing here let it.
            Some(before) => is_integrity(before) && !is_integrity(failure),
        };
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
        let detached = detached.filter(|entry| exists.contains(&entry.oid)).map(|entry| {
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
    Some(Attempt {
        oid: row.parse(0)?,
        role: row.get(1)?.to_owned(),
        sql: row.get(2)?.to_owned(),
        prepared: false,
    })
}

/// Prepares `SELECT *` of every relation that somebody reads, in one message each.
async fn prepare(connection: &mut Connection, attempts: &[Attempt]) -> Result<Vec<Attempt>, PgError> {
    let mut prepared: Vec<Attempt> = Vec::new();
    let mut seen = HashSet::new();
    for attempt in attempts
        .iter()
        .filter(|attempt| attempt.sql.starts_with("SELECT "))
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
                prepared: true,
            }),
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => tracing::debug!(%error, "a relation that nobody can read"),
        }
    }
    Ok(prepared)
}

async fn try_all(
    connection: &mut Connection,
    attempts: &[Attempt],
    chosen: &[usize],
) -> Result<Vec<Tried>, PgError> {
    let mut tried = Vec::with_capacity(chosen.len());
    for chosen in chosen.chunks(TRIED_AT_ONCE) {
        let array = |text: &dyn Fn(&Attempt) -> String| {
            let items: Vec<String> = chosen
                .iter()
                .map(|number| quote_literal(&text(&attempts[*number])))
                .collect();
            format!("ARRAY[{}]::pg_catalog.text[]", items.join(","))
        };
        let sql = format!(
            "SELECT touched, state, message, column_name, constraint_name, relation FROM pg_temp.try({}, {}) ORDER BY number",
            array(&|attempt| attempt.role.clone()),
            array(&|attempt| attempt.sql.clone()),
        );
        let rows = connection.query(&sql, &[]).await?;
        tried.extend(rows.iter().map(|row| {
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
        }));
    }
    Ok(tried)
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
