use std::collections::{HashMap, HashSet};

use howdah_sql::quote_ident;

use crate::verdict::{Problem, Verdict};
use crate::words::{count, duration, tenth};
use crate::{Check, Further, Line, Seen, Threshold};

inventory::submit! {
    Check {
        code: "sequence-exhaustion",
        title: "Sequences and the integer keys that they feed",
        guide: "Schema Design: Keys",
        sql: include_str!("sequence_exhaustion.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 75.0),
            Threshold::new("critical_percent", 90.0),
        ],
        further,
        judge,
        ..Check::NEW
    }
}

/// Sequences that are asked for their last value at once: each is locked until then, and the
/// server's table of locks holds some thousands.
const AT_ONCE: usize = 500;

/// An hour: over less, a rate is chance.
const RATE_FROM_S: i64 = 3600;

fn further(seen: &Seen<'_>) -> Vec<Further> {
    let readable: Vec<&str> = seen
        .lines()
        .filter(|line| line.is_true("is_readable"))
        .map(|line| line.text("oid"))
        .collect();
    readable
        .chunks(AT_ONCE)
        .map(|oids| Further {
            sql: include_str!("sequence_exhaustion.values.sql").into(),
            params: vec![format!("{{{}}}", oids.join(","))],
        })
        .collect()
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let values: HashMap<&str, f64> = seen
        .further_lines()
        .filter_map(|line| Some((line.text("oid"), line.maybe("last")?)))
        .collect();
    let locked: HashSet<&str> = seen
        .further_lines()
        .filter(|line| line.is_true("is_locked"))
        .map(|line| line.text("oid"))
        .collect();
    let unreadable = seen.lines().filter(|line| !line.is_true("is_readable")).count();
    let mut found: Vec<(f64, Line<'_>, f64)> = Vec::new();
    let mut highest: f64 = 0.0;
    for line in seen.lines() {
        let Some(&last) = values.get(line.text("oid")) else {
            continue;
        };
        let used = used_percent(&line, last);
        highest = highest.max(used);
        if used >= seen.limit("warn_percent") {
            found.push((used, line, last));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.text("name").cmp(b.1.text("name"))));
    for (used, line, last) in found {
        let name = line.text("name");
        let what = match line.text("column") {
            "" => format!("The sequence {name}"),
            column => format!(
                "The sequence {name}, which feeds {}.{column} ({}),",
                line.text("table"),
                line.text("column_type")
            ),
        };
        let problem = verdict.weigh(
            used,
            seen.limit("critical_percent"),
            format!("{what} has used {used:.1} % of its values; at the end every INSERT fails."),
        );
        problem.object(name).figure("used_percent", tenth(used)).figure("last_value", last);
        problem.figure("last_possible", line.number("last_possible"));
        forecast(seen, &line, last, problem);
        mend(&line, problem);
    }
    let errors = seen.further_errors().count();
    if let Some(error) = seen.further_errors().next() {
        let skip = crate::pass::refused(seen.place, error);
        verdict.skip(skip.reason, skip.who);
    } else if !locked.is_empty() {
        let names = seen.lines().filter(|line| locked.contains(line.text("oid")));
        let names: Vec<&str> = names.map(|line| line.text("name")).take(5).collect();
        verdict.skip(
            format!("Another session locks {} wholly: {}.", sequences(locked.len()), names.join(", ")),
            "you: try again; `howdah activity` says who holds it",
        );
    } else if unreadable > 0 {
        let role = quote_ident(&seen.place.role);
        verdict.skip(
            format!("The role {role} may not read {}.", sequences(unreadable)),
            format!("their owners: GRANT SELECT ON ALL SEQUENCES IN SCHEMA … TO {role};"),
        );
    }
    verdict.figure("sequences", seen.len()).figure("unreadable", unreadable + errors);
    verdict.figure("highest_used_percent", tenth(highest));
    verdict.say(match seen.len() {
        0 => "There are no sequences that end.".to_owned(),
        _ => format!("Of {} the most used has used {highest:.1} % of its values.", sequences(seen.len())),
    });
}

fn sequences(number: usize) -> String {
    howdah_core::counted(count(number as f64), "sequence")
}

fn used_percent(line: &Line<'_>, last: f64) -> f64 {
    let (start, end) = (line.number("start"), line.number("last_possible"));
    let span = (end - start).abs();
    let done = if end >= start { last - start } else { start - last };
    match span > 0.0 {
        true => (100.0 * done / span).clamp(0.0, 100.0),
        false => 100.0,
    }
}

fn forecast(seen: &Seen<'_>, line: &Line<'_>, last: f64, problem: &mut Problem) {
    let (inserted, over) = (line.number("inserted"), seen.place.counted_s);
    if inserted < 1.0 || over < RATE_FROM_S {
        return;
    }
    let left = ((line.number("last_possible") - last) / line.number("increment")).max(0.0);
    let seconds = left * over as f64 / inserted;
    problem
        .figure("left", left)
        .figure("days_left_at_this_rate", tenth(seconds / 86_400.0));
    problem.next(format!("At the rate of the last {} it ends in {}.", duration(over as f64), duration(seconds)));
}

/// Where the column is what ends, the column has to change; else the sequence.
fn mend(line: &Line<'_>, problem: &mut Problem) {
    let name = line.text("name");
    if line.maybe::<f64>("column_max").is_some() && line.number("last_possible") >= line.number("column_max") {
        let mut sql = format!(
            "-- howdah change run does this without blocking writes:\nALTER TABLE {} ALTER COLUMN {} TYPE bigint;",
            line.text("table"),
            line.text("column")
        );
        let others: Vec<(String, String)> = serde_json::from_str(line.text("others")).unwrap_or_default();
        for (table, column) in others {
            sql.push_str(&format!("\nALTER TABLE {table} ALTER COLUMN {column} TYPE bigint;"));
        }
        if line.text("type") != "bigint" {
            sql.push_str(&format!("\nALTER SEQUENCE {name} AS bigint;"));
        }
        problem.unsafe_fix(sql);
        return;
    }
    let wider = if line.text("type") == "bigint" { "" } else { " AS bigint" };
    let bound = if line.number("increment") > 0.0 { "NO MAXVALUE" } else { "NO MINVALUE" };
    problem.unsafe_fix(format!("ALTER SEQUENCE {name}{wider} {bound};"));
}
