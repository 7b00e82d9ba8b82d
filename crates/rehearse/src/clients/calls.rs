//! Calls of functions whose bodies a script may have broken: no catalog knows what those depend
//! on, so they are run.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use howdah_pg::{Connection, PgError};

use super::{Attempt, Clients, Tried, try_within};
use crate::trace::Oid;
use crate::{Break, Failure, RehearseError};

/// At most so many calls are made after a transaction.
const CALLS_MAX: usize = 100;
/// On tables without rows a call is over at once, or waits for something.
const CALL_TIMEOUT_MS: u32 = 1000;
/// The calls after one transaction take no longer, also where most of them wait.
const CALLS_TIME: Duration = Duration::from_secs(5);

/// Functions by what they are called and what their bodies name.
pub(super) struct Calls {
    words: HashMap<Oid, HashSet<String>>,
    /// What users called things, among all the words of a body.
    names: HashSet<String>,
}

impl Calls {
    pub(super) async fn of(connection: &mut Connection) -> Result<Self, PgError> {
        let functions = include_str!("../../queries/clients/functions.sql");
        let functions = connection.query(functions, &[]).await?;
        let functions = functions.iter().filter_map(|row| {
            let words = words(row.get(1)?).chain(words(row.get(2)?));
            Some((row.parse(0)?, words.collect()))
        });
        let functions: HashMap<Oid, HashSet<String>> = functions.collect();
        let names = match functions.is_empty() {
            true => HashSet::new(),
            false => {
                let rows = connection
                    .query(include_str!("../../queries/clients/names.sql"), &[])
                    .await?;
                rows.iter()
                    .filter_map(|row| row.get(0).map(str::to_lowercase))
                    .collect()
            }
        };
        Ok(Self {
            words: functions,
            names,
        })
    }

    /// Whether a function has to do with what these texts are about.
    fn has_to_do_with(&self, function: Oid, texts: &HashSet<String>) -> bool {
        let words = self.words.get(&function);
        words.is_some_and(|words| {
            words
                .iter()
                .any(|word| texts.contains(word) && self.names.contains(word))
        })
    }
}

impl Clients {
    /// Calls that worked before, and now fail for what the script, of these texts, has changed.
    pub(super) async fn broken_calls(&mut self, texts: &[&str]) -> Result<Vec<(Oid, Break)>, RehearseError> {
        let doing = || RehearseError::scratch("calling functions");
        let texts: HashSet<String> = texts.iter().flat_map(|text| words(text)).collect();
        let is_called = |number: &usize| {
            let attempt = &self.attempts[*number];
            !self.told.contains(number) && self.calls.has_to_do_with(attempt.oid, &texts)
        };
        let called: Vec<usize> = (0..self.attempts.len())
            .filter(is_called)
            .take(CALLS_MAX)
            .collect();
        let mut breaks: Vec<(Oid, Break)> = Vec::new();
        let began = Instant::now();
        for number in called {
            if began.elapsed() > CALLS_TIME {
                break;
            }
            let attempt = &self.attempts[number];
            let call = Attempt {
                oid: attempt.oid,
                role: attempt.role.clone(),
                sql: attempt.sql.trim_start_matches("EXPLAIN ").to_owned(),
                told: attempt.told.clone(),
                first: None,
                prepared: false,
            };
            let now = called_once(&mut self.now, &call).await.map_err(doing())?;
            let Some(failure) = now.filter(is_about_names) else {
                continue;
            };
            let before = called_once(&mut self.before, &call).await.map_err(doing())?;
            if before.is_some_and(|failure| is_about_names(&failure)) {
                continue;
            }
            self.told.insert(number);
            let is_told = breaks.iter().any(|(oid, told)| {
                *oid == call.oid && told.role == call.role && told.failure.sqlstate == failure.sqlstate
            });
            if !is_told {
                let broken = Break {
                    statement: call.told,
                    role: call.role,
                    failure,
                    prepared_only: false,
                };
                breaks.push((call.oid, broken));
            }
        }
        Ok(breaks)
    }
}

/// What a body may raise on made-up values says nothing of its callers' values; what it names and
/// does not find, or may not use, nobody gets.
fn is_about_names(failure: &Failure) -> bool {
    failure.sqlstate.starts_with("42") || failure.sqlstate.starts_with("3F")
}

/// Why a call failed, if it did. One that takes too long says nothing.
async fn called_once(connection: &mut Connection, call: &Attempt) -> Result<Option<Failure>, PgError> {
    let begin = format!("BEGIN; SET LOCAL statement_timeout = {CALL_TIMEOUT_MS}");
    connection.batch(&begin).await?;
    let tried = try_within(connection, std::slice::from_ref(call), &[0]).await;
    connection.batch("ROLLBACK").await?;
    match tried {
        Ok(tried) => Ok(tried.into_iter().next().and_then(|tried: Tried| tried.failure)),
        Err(error) if error.is_fatal() => Err(error),
        Err(error) => {
            tracing::debug!(%error, call = call.sql, "a call that was stopped");
            Ok(None)
        }
    }
}

/// The words of a text, as names are folded.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase)
}
