//! The types of a statement's parameters, as the server infers them; where it cannot, because a constant that stood there
//! had a type of its own (`current_date - $1`, `sum(CASE WHEN a THEN $1 END)`), types that it takes are tried.

use std::collections::BTreeMap;
use std::ops::Range;

use howdah_core::Result;
use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Column, Flow, PgError, RowView, ServerError, Session, Sink, Step, Transaction};

use super::constants::ParameterType;

/// What a constant most often is, where the server cannot tell.
const TRIED: &[&str] = &[
    "integer",
    "text",
    "interval",
    "timestamp with time zone",
    "numeric",
    "double precision",
    "boolean",
    "date",
];
/// Parameters beside the place of an error that are tried, and how often one is settled.
const BESIDE: usize = 4;
const ROUNDS: usize = 6;
/// The OID of `text`; 0 is for the server to infer.
const TEXT: u32 = 25;
/// What the protocol has room for.
const PARAMETERS_MAX: usize = 65_535;
/// Errors that another type may mend: no such function or operator, several of them, no type to tell, types that do not
/// fit or contradict each other.
const MENDED: &[&str] = &["42883", "42725", "42P18", "42804", "42P08"];

/// The types of a statement's parameters by their numbers; none where the server does not take the statement whatever
/// they are, which planning it will tell.
pub(crate) async fn parameter_types(session: &mut Session, text: &str) -> Result<Vec<ParameterType>> {
    let mut settled: BTreeMap<usize, &'static str> = BTreeMap::new();
    let mut error = match attempt(session, text, &settled).await? {
        Ok(oids) => return described(session, &oids).await,
        Err(error) => error,
    };
    for _ in 0..ROUNDS {
        if !MENDED.contains(&error.1.sqlstate.as_str()) {
            break;
        }
        let open = beside(text, error.0, &settled);
        let alone = open.iter().map(|number| vec![*number]);
        let all: Vec<Vec<usize>> = alone.chain([open.clone()]).collect();
        let mut furthest: Option<(Place, BTreeMap<usize, &'static str>)> = None;
        for at in 0..all.len() * TRIED.len() {
            let (numbers, kind) = (&all[at / TRIED.len()], TRIED[at % TRIED.len()]);
            let mut tried = settled.clone();
            tried.extend(numbers.iter().map(|number| (*number, kind)));
            match attempt(session, text, &tried).await? {
                Ok(oids) => return described(session, &oids).await,
                Err(next) => {
                    let best = furthest.as_ref().map_or(error.0, |((at, _), _)| *at);
                    if next.0 > best {
                        furthest = Some((next, tried));
                    }
                }
            }
        }
        let Some((next, tried)) = furthest else { break };
        (error, settled) = (next, tried);
    }
    Ok(Vec::new())
}

/// Where in the text, in bytes, and what the server said.
type Place = (usize, ServerError);

/// The OIDs of the parameters' types, some of them given.
async fn attempt(
    session: &mut Session,
    text: &str,
    given: &BTreeMap<usize, &'static str>,
) -> Result<Result<Vec<u32>, Place>> {
    let (typed, added) = typed(text, given);
    let numbers: Vec<usize> = parameters(text).into_iter().map(|(_, number)| number).collect();
    // The server asks for the type of a number that is left out as well.
    let most = numbers.iter().copied().max().unwrap_or(0).min(PARAMETERS_MAX);
    let kinds: Vec<u32> = (1..=most)
        .map(|number| if numbers.contains(&number) { 0 } else { TEXT })
        .collect();
    let steps = [
        Step::silent("BEGIN READ ONLY"),
        Step::new(&typed).param_types(&kinds).parse_only(),
        Step::silent("ROLLBACK"),
    ];
    let outcome = session.run(&steps, &mut Nothing).await;
    if session.transaction() != Transaction::Idle && !session.is_closed() {
        session.batch("ROLLBACK").await?;
    }
    match outcome {
        Ok(end) => Ok(Ok(end
            .steps
            .get(1)
            .map(|step| step.parameter_types.clone())
            .unwrap_or_default())),
        Err(PgError::Server(error)) if !error.is_fatal() => {
            let characters = error.position.unwrap_or(1).saturating_sub(1);
            let at = typed
                .char_indices()
                .nth(characters)
                .map_or(typed.len(), |(at, _)| at);
            let before: usize = added
                .iter()
                .filter(|(from, _)| *from < at)
                .map(|(_, by)| by)
                .sum();
            Ok(Err((at - before.min(at), *error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The text with types behind parameters, and where what was added begins and how long it is.
fn typed(text: &str, given: &BTreeMap<usize, &'static str>) -> (String, Vec<(usize, usize)>) {
    let mut typed = String::with_capacity(text.len());
    let (mut copied, mut added) = (0, Vec::new());
    for (range, number) in parameters(text) {
        let Some(kind) = given.get(&number) else { continue };
        typed.push_str(&text[copied..range.end]);
        copied = range.end;
        let cast = format!("::{kind}");
        added.push((typed.len(), cast.len()));
        typed.push_str(&cast);
    }
    typed.push_str(&text[copied..]);
    (typed, added)
}

/// The parameters that have no type yet and are nearest to a place.
fn beside(text: &str, place: usize, settled: &BTreeMap<usize, &'static str>) -> Vec<usize> {
    let mut found: Vec<(usize, usize)> = parameters(text)
        .into_iter()
        .filter(|(_, number)| !settled.contains_key(number))
        .map(|(range, number)| (range.start.abs_diff(place), number))
        .collect();
    found.sort_unstable();
    let mut numbers: Vec<usize> = Vec::new();
    for (_, number) in found {
        if !numbers.contains(&number) && numbers.len() < BESIDE {
            numbers.push(number);
        }
    }
    numbers
}

/// Where the parameters of a text stand, and their numbers.
pub(crate) fn parameters(text: &str) -> Vec<(Range<usize>, usize)> {
    let Ok(scanned) = howdah_sql::pg_query::scan(text) else {
        return Vec::new();
    };
    let place = |at: i32| usize::try_from(at).unwrap_or(0);
    let found = scanned
        .tokens
        .iter()
        .map(|token| place(token.start)..place(token.end));
    found
        .filter_map(|range| {
            let number = text.get(range.clone())?.strip_prefix('$')?.parse().ok()?;
            Some((range, number))
        })
        .filter(|(_, number)| *number > 0)
        .collect()
}

async fn described(session: &mut Session, oids: &[u32]) -> Result<Vec<ParameterType>> {
    let list: Vec<String> = oids.iter().map(u32::to_string).collect();
    let list = crate::array(list.iter().map(String::as_str));
    let params = [Some(list.as_str())];
    let query = Query::new(include_str!("../../queries/types.sql"), &params);
    let rows = Reading::of(session).one(&query).await?;
    let types = rows.iter().map(|row| ParameterType {
        name: row.get(0).unwrap_or("text").to_owned(),
        category: row.get(1).and_then(|one| one.chars().next()).unwrap_or('S'),
        label: row.get(2).map(str::to_owned),
    });
    Ok(types.collect())
}

/// Takes nothing.
struct Nothing;

impl Sink for Nothing {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, _: &RowView<'_>) -> Flow {
        Flow::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_put_behind_what_has_none() {
        let text = "SELECT '$1', $2 + $1 -- $3\n, $2";
        let given = BTreeMap::from([(2, "date")]);
        let (typed, added) = typed(text, &given);
        assert_eq!(typed, "SELECT '$1', $2::date + $1 -- $3\n, $2::date");
        assert_eq!(added, [(15, 6), (37, 6)]);
        assert_eq!(beside(text, 20, &BTreeMap::new()), [1, 2]);
        assert_eq!(beside(text, 20, &given), [1]);
    }
}
