use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Connection, PgError, Rows, ServerError};

use crate::check::{Check, text_for};
use crate::place::Place;
use crate::seen::{Further, Seen};
use crate::settings::Settings;
use crate::verdict::{CheckResult, Skip, Verdict};

/// What a question may take, in milliseconds: a check that is slow is skipped, the others go on.
const STATEMENT_TIMEOUT_MS: u32 = 10_000;
/// What it may wait for a lock: the sizes of a table that is being changed are not worth more.
const LOCK_TIMEOUT_MS: u32 = 200;

/// What a pass over the checks found.
#[derive(Debug)]
pub struct Pass {
    /// The server, the database and the role.
    pub place: Place,
    /// One for each check, in the order in which they were given.
    pub results: Vec<CheckResult>,
}

/// Makes the checks, in read-only transactions with time limits.
///
/// It takes one round trip to learn where it is and one for all checks, one more for each check that
/// the server refuses, and those that a check's own answer gives rise to. An error is one of the
/// connection; what a role may not read, or a version does not know, is a check that was skipped.
pub async fn examine(
    connection: &mut Connection,
    checks: &[&'static Check],
    settings: &Settings,
) -> Result<Pass, PgError> {
    let place = Place::of(connection).await?;
    let mut results: Vec<Option<CheckResult>> = Vec::new();
    let mut asked: Vec<Asked> = Vec::new();
    for (index, &check) in checks.iter().enumerate() {
        let unmet = check.needs.iter().find_map(|need| need.unmet(&place));
        match unmet {
            Some(skip) => results.push(Some(skipped(check, settings, &place, skip))),
            None => {
                results.push(None);
                asked.push(Asked::new(index, check, settings, &place));
            }
        }
    }
    let mut rest = asked.as_slice();
    while !rest.is_empty() {
        let params: Vec<Vec<Option<&str>>> = rest.iter().map(|asked| values(&asked.params)).collect();
        let queries: Vec<Query<'_>> = rest
            .iter()
            .zip(&params)
            .map(|(asked, params)| Query::new(&asked.sql, params))
            .collect();
        let partial = reading(connection).as_far_as_possible(&queries).await?;
        let answered = partial.rows.len();
        for (asked, rows) in rest.iter().zip(&partial.rows) {
            results[asked.index] = Some(judged(connection, asked.check, settings, &place, rows).await?);
        }
        rest = &rest[answered..];
        if let (Some(error), [failed, others @ ..]) = (partial.error, rest) {
            let skip = refused(&place, &error);
            results[failed.index] = Some(skipped(failed.check, settings, &place, skip));
            rest = others;
        }
    }
    Ok(Pass {
        place,
        results: results.into_iter().flatten().collect(),
    })
}

/// A check that is on its way to the server.
struct Asked {
    index: usize,
    check: &'static Check,
    sql: String,
    params: Vec<String>,
}

impl Asked {
    fn new(index: usize, check: &'static Check, settings: &Settings, place: &Place) -> Self {
        let thresholds = check.thresholds.iter().take(check.parameters());
        Self {
            index,
            check,
            sql: check.text(place.major(), |name| schema_of(place, name)),
            params: thresholds
                .map(|threshold| settings.threshold(check.code, threshold).to_string())
                .collect(),
        }
    }
}

fn schema_of(place: &Place, name: &str) -> Option<String> {
    place.extension_schema(name).map(str::to_owned)
}

fn values(params: &[String]) -> Vec<Option<&str>> {
    params.iter().map(|value| Some(value.as_str())).collect()
}

fn reading(connection: &mut Connection) -> Reading<'_> {
    Reading::of(connection)
        .statement_timeout_ms(STATEMENT_TIMEOUT_MS)
        .lock_timeout_ms(LOCK_TIMEOUT_MS)
}

async fn judged(
    connection: &mut Connection,
    check: &Check,
    settings: &Settings,
    place: &Place,
    rows: &Rows,
) -> Result<CheckResult, PgError> {
    let mut seen = Seen {
        place,
        check,
        settings,
        rows,
        further: &[],
    };
    let mut answers: Vec<Result<Rows, ServerError>> = Vec::new();
    for Further { sql, params } in (check.further)(&seen) {
        let text = text_for(&sql, place.major(), |name| schema_of(place, name));
        let params = values(&params);
        // A transaction of its own each, so that its locks are let go before the next.
        let query = [Query::new(&text, &params)];
        let mut partial = reading(connection).as_far_as_possible(&query).await?;
        answers.push(match partial.error {
            Some(error) => Err(*error),
            None => Ok(partial.rows.pop().unwrap_or_default()),
        });
    }
    seen.further = &answers;
    let mut verdict = Verdict::default();
    (check.judge)(&seen, &mut verdict);
    Ok(verdict.finish(check, settings, place))
}

fn skipped(check: &Check, settings: &Settings, place: &Place, skip: Skip) -> CheckResult {
    let mut verdict = Verdict::default();
    verdict.skip(skip.reason, skip.who);
    verdict.finish(check, settings, place)
}

/// What a server's refusal of a question means for whoever asked.
pub(crate) fn refused(place: &Place, error: &ServerError) -> Skip {
    let role = howdah_sql::quote_ident(&place.role);
    match error.sqlstate.as_str() {
        "42501" => Skip::new(
            format!("The role {role} may not read it: {}.", error.message),
            place.superuser_runs(&format!("GRANT pg_monitor TO {role};")),
        ),
        "57014" => Skip::new(
            format!("The answer took longer than {} s.", STATEMENT_TIMEOUT_MS / 1000),
            "you: try again when the server is less busy",
        ),
        "55P03" => Skip::new(
            "Something that it reads is locked by another session.",
            "you: try again; `howdah diagnose lock-pile-ups` says who holds it",
        ),
        _ => Skip::new(
            format!(
                "The server refused the question: {} (SQLSTATE {}).",
                error.message, error.sqlstate
            ),
            "you: if it persists, report it as a defect of Howdah, with the server's version",
        ),
    }
}
