//! The workload as a server's log tells it: statements that were logged, and those that auto_explain planned.

use std::collections::{BTreeMap, HashMap};

use howdah_core::{Error, Result};
use howdah_pg::Session;
use howdah_pg::catalog::{Query, Reading};
use serde_json::Value;

use super::statistics::is_of_an_application;
use super::workload::Workload;
use crate::log::{self, Entry};

/// Different texts that are read, those that took longest first: each is parsed.
const TEXTS_MAX: usize = 20_000;

/// Reads the statements of a log with how often each is there and how long that took; of a log that names databases,
/// those of the session's alone. Says what was left out.
///
/// # Errors
/// Where the log tells of no statement, with the settings that make a server log them; or as the server fails.
pub async fn logged(session: &mut Session, text: &str) -> Result<(Workload, Vec<String>)> {
    let query = Query::new("SELECT current_database()", &[]);
    let rows = Reading::of(session).one(&query).await?;
    let database = rows.first().and_then(|row| row.get(0)).unwrap_or_default();
    of_database(text, database)
}

fn of_database(text: &str, database: &str) -> Result<(Workload, Vec<String>)> {
    let mut told: HashMap<String, [Times; 2]> = HashMap::new();
    let mut elsewhere = 0;
    for entry in log::entries(text) {
        let Some((run, source, ms)) = run(&entry) else {
            continue;
        };
        if entry.database.as_deref().is_some_and(|name| name != database) {
            elsewhere += 1;
            continue;
        }
        let times = &mut told.entry(run.text).or_default()[source as usize];
        let once = times.entry(run.values).or_insert((entry.line, 0.0, None));
        once.1 += 1.0;
        if let Some(ms) = ms {
            once.2 = Some(once.2.unwrap_or(0.0) + ms);
        }
    }
    let mut runs: Vec<(Run, f64, Option<f64>, usize)> = Vec::new();
    for (text, [statements, plans]) in told {
        // Both may tell of the same executions.
        let count = |times: &Times| times.values().map(|once| once.1).sum::<f64>();
        let times = if count(&plans) > count(&statements) {
            plans
        } else {
            statements
        };
        runs.extend(times.into_iter().map(|(values, (line, times, ms))| {
            let text = text.clone();
            (Run { text, values }, times, ms, line)
        }));
    }
    if runs.is_empty() && elsewhere == 0 {
        return Err(Error::invalid("The log tells of no statement.").hint(
            "A server logs statements with log_min_duration_statement = '100ms', say, and their plans with auto_explain; \
             its log as text (with any prefix), CSV or JSON is read.",
        ));
    }
    let mut notes = Vec::new();
    if elsewhere > 0 {
        notes.push(format!(
            "{elsewhere} statements of the log are of other databases than {database}."
        ));
    }
    runs.sort_by(|a, b| {
        let took = |one: &(Run, f64, Option<f64>, usize)| one.2.unwrap_or(one.1);
        took(b).total_cmp(&took(a)).then(a.3.cmp(&b.3))
    });
    if runs.len() > TEXTS_MAX {
        notes.push(format!(
            "Of {} different texts the {TEXTS_MAX} that took longest were read.",
            runs.len()
        ));
        runs.truncate(TEXTS_MAX);
    }
    runs.sort_by_key(|(.., line)| *line);
    let mut workload = Workload::default();
    let (mut timed, mut all) = (0.0, 0.0);
    for (run, times, ms, line) in runs {
        if !is_of_an_application(&run.text) {
            continue;
        }
        all += times;
        timed += if ms.is_some() { times } else { 0.0 };
        workload.add_run(&run.text, run.values, times, ms, line);
    }
    if all > timed {
        notes.push(format!(
            "The log tells of {} statements but not how long they took: each counts as often as it is there.",
            all - timed
        ));
    }
    Ok((workload, notes))
}

/// The line, executions and milliseconds, where these are told, for each set of values of a statement's parameters.
type Times = HashMap<Vec<Option<String>>, (usize, f64, Option<f64>)>;

struct Run {
    text: String,
    /// The values of its parameters, as far as they are known.
    values: Vec<Option<String>>,
}

/// What the log told of an execution by.
#[derive(Clone, Copy)]
enum Source {
    Statement,
    Plan,
}

/// The statement that an entry tells of, and the milliseconds that it took.
fn run(entry: &Entry) -> Option<(Run, Source, Option<f64>)> {
    if entry.severity != "LOG" {
        return None;
    }
    let (ms, what, text) = match log::duration(&entry.message) {
        Some((ms, what, text)) => (Some(ms), what, text),
        None => {
            let (what, text) = entry.message.split_once(": ")?;
            (None, what, text)
        }
    };
    if what == "plan" {
        let (text, values) = explained(text)?;
        return Some((Run { text, values }, Source::Plan, ms));
    }
    // Of a cursor each FETCH is logged; parsing and binding come before the execution.
    let executes =
        what == "statement" || (what.starts_with("execute ") && !what.starts_with("execute fetch"));
    if !executes {
        return None;
    }
    let detail = entry.detail.as_deref().unwrap_or_default();
    // EXECUTE of SQL: what was prepared is told beside it.
    let prepared = detail.strip_prefix("prepare: ").and_then(|rest| {
        let upper = rest.to_ascii_uppercase();
        let at = upper.find(" AS ").filter(|_| upper.len() == rest.len())?;
        rest.get(at + 4..)
    });
    let run = Run {
        text: prepared.unwrap_or(text).trim().trim_end_matches(';').to_owned(),
        values: values(detail),
    };
    Some((run, Source::Statement, ms))
}

/// The statement of a plan that auto_explain logged, and its parameters (PostgreSQL 16 on).
fn explained(plan: &str) -> Option<(String, Vec<Option<String>>)> {
    let plan = plan.trim_start();
    if plan.starts_with('{') {
        let plan: Value = serde_json::from_str(plan).ok()?;
        let parameters = plan["Query Parameters"].as_str().unwrap_or_default();
        return Some((plan["Query Text"].as_str()?.trim().to_owned(), values(parameters)));
    }
    let rest = plan.strip_prefix("Query Text: ")?;
    let mut text = Vec::new();
    let mut parameters = String::new();
    for line in rest.lines() {
        if let Some(rest) = line.strip_prefix("Query Parameters: ") {
            parameters = rest.to_owned();
        } else if line.contains("  (cost=") {
            break;
        } else if parameters.is_empty() {
            text.push(line);
        } else {
            parameters.push('\n');
            parameters.push_str(line);
        }
    }
    let text = text.join("\n");
    Some((text.trim().trim_end_matches(';').to_owned(), values(&parameters)))
}

/// The values of `$1 = 'a', $2 = NULL, …`; what was cut by the server is not known.
fn values(detail: &str) -> Vec<Option<String>> {
    let rest = detail.trim_start();
    let head = rest.get(..11).unwrap_or_default();
    let mut rest = match head.eq_ignore_ascii_case("parameters:") {
        true => &rest[11..],
        false => rest,
    };
    let mut found: BTreeMap<usize, Option<String>> = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\n']);
        let Some((number, after)) = rest.strip_prefix('$').and_then(|rest| rest.split_once(" = ")) else {
            break;
        };
        let Ok(number) = number.parse::<usize>() else {
            break;
        };
        if let Some(quoted) = after.strip_prefix('\'') {
            let (value, behind) = unquoted(quoted);
            found.insert(number, (!value.ends_with("...")).then_some(value));
            rest = behind;
        } else {
            let end = after.find(',').unwrap_or(after.len());
            found.insert(number, None);
            rest = &after[end..];
        }
    }
    // The protocol has room for no more.
    let count = found.keys().next_back().copied().unwrap_or(0).min(65_535);
    (1..=count)
        .map(|number| found.remove(&number).flatten())
        .collect()
}

/// What stands before the closing quote, and what behind.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        if c != '\'' {
            value.push(c);
        } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return (value, &text[at + 1..]);
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn parameters_are_read() {
        assert_eq!(
            values("Parameters: $1 = 'a''b, $2 = ', $2 = NULL, $4 = '7', $5 = 'cut...'"),
            [some("a'b, $2 = "), None, None, some("7"), None]
        );
        assert!(values("prepare: PREPARE x AS SELECT 1").is_empty());
    }

    #[test]
    fn executions_are_counted_and_timed() {
        let prefix = "2026-01-31 10:00:02 UTC:10.0.0.1(5432):app@shop:[79]:";
        let text = format!(
            "{prefix}LOG:  duration: 30.0 ms  statement: SELECT a FROM t WHERE b = 1;\n\
             {prefix}LOG:  duration: 10.0 ms  statement: SELECT a FROM t WHERE b = 1;\n\
             {prefix}LOG:  duration: 10.1 ms  plan:\n\tQuery Text: SELECT a FROM t WHERE b = 1;\n\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n\
             {prefix}LOG:  duration: 5.0 ms  parse <unnamed>: SELECT c FROM t WHERE d = $1\n\
             {prefix}LOG:  duration: 5.0 ms  execute <unnamed>: SELECT c FROM t WHERE d = $1\n\
             {prefix}DETAIL:  parameters: $1 = 'x'\n\
             {prefix}LOG:  duration: 7.0 ms  statement: EXECUTE p(1);\n\
             {prefix}DETAIL:  prepare: PREPARE p AS SELECT e FROM t WHERE f = $1;\n\
             {prefix}LOG:  statement: SET x = 1\n\
             {prefix}LOG:  duration: 9.0 ms  plan:\n\tQuery Text: SELECT g\n\tFROM t WHERE h = $1\n\tQuery Parameters: $1 = '3'\n\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n\
             {other}LOG:  duration: 8.0 ms  statement: SELECT a FROM u\n\
             {prefix}ERROR:  x\n",
            other = prefix.replace("shop", "other"),
        );
        let (workload, notes) = of_database(&text, "shop").unwrap();
        let found: Vec<_> = workload
            .statements
            .iter()
            .map(|one| (one.text.as_str(), one.values.clone(), one.weight, one.ms))
            .collect();
        assert_eq!(
            found,
            [
                ("SELECT a FROM t WHERE b = 1", vec![], 2.0, Some(40.0)),
                ("SELECT c FROM t WHERE d = $1", vec![some("x")], 1.0, Some(5.0)),
                ("SELECT e FROM t WHERE f = $1", vec![], 1.0, Some(7.0)),
                ("SELECT g\nFROM t WHERE h = $1", vec![some("3")], 1.0, Some(9.0)),
            ]
        );
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(of_database("nothing\n", "shop").is_err());
    }
}
