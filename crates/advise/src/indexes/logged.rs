//! The workload as a server's log tells it: statements that were logged, and those that auto_explain planned.

use std::collections::HashMap;

use howdah_core::{Error, Result};
use howdah_pg::Session;
use howdah_pg::catalog::{Query, Reading};
use howdah_sql::log::{self, Execution};

use super::statistics::is_of_an_application;
use super::workload::Workload;

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
        let Some(run) = Execution::of(&entry) else {
            continue;
        };
        if entry.database.as_deref().is_some_and(|name| name != database) {
            elsewhere += 1;
            continue;
        }
        let times = &mut told.entry(run.text).or_default()[run.source as usize];
        let once = times.entry(run.values).or_insert((entry.line, 0.0, None));
        once.1 += 1.0;
        if let Some(ms) = run.ms {
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

struct Run {
    text: String,
    values: Vec<Option<String>>,
}

/// The line, executions and milliseconds, where these are told, for each set of values of a statement's parameters.
type Times = HashMap<Vec<Option<String>>, (usize, f64, Option<f64>)>;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
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
