use std::borrow::Cow;

use crate::verdict::Verdict;
use crate::words::tenth;
use crate::{Check, Further, Line, Seen, Threshold};

inventory::submit! {
    Check {
        code: "correlated-columns",
        title: "Columns that depend on one another, unknown to the planner",
        guide: "Statistics",
        sql: include_str!("correlated_columns.sql"),
        thresholds: &[
            Threshold::new("min_rows", 10_000.0),
            // The planner multiplies: so many times too few rows are expected of both conditions.
            Threshold::new("warn_factor", 10.0),
        ],
        further,
        judge,
        ..Check::NEW
    }
}

/// One sample for each pair, of tables that the role may read.
fn further(seen: &Seen<'_>) -> Vec<Further> {
    let sample = |line: Line<'_>| Further {
        // Names are quoted by the server.
        sql: Cow::Owned(
            include_str!("correlated_columns.sample.sql")
                .replace("<table>", line.text("table"))
                .replace("<first>", line.text("first"))
                .replace("<second>", line.text("second"))
                .replace("<share>", line.text("share")),
        ),
        params: vec![line.text("id").to_owned()],
    };
    seen.lines().map(sample).collect()
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let mut looked_at = 0;
    for sample in seen.further_lines() {
        let Some(line) = seen.lines().find(|line| line.text("id") == sample.text("id")) else {
            continue;
        };
        looked_at += 1;
        let (rows, first, second, both) =
            (sample.number("rows"), sample.number("first"), sample.number("second"), sample.number("both"));
        // Nearly every row its own: the sample shows no dependency, only that it is small.
        let is_telling = rows >= 1_000.0 && both * 4.0 <= rows && first >= 2.0 && second >= 2.0;
        let factor = first * second / both.max(1.0);
        if !is_telling || factor < seen.limit("warn_factor") {
            continue;
        }
        let (table, a, b) = (line.text("table"), line.text("first"), line.text("second"));
        verdict
            .warn(format!(
                "{a} and {b} of {table} depend on one another: of conditions on both the planner expects {factor:.0} times too few rows."
            ))
            .object(table)
            .figure("factor", tenth(factor))
            .figure("sampled_rows", rows)
            .figure("distinct_first", first)
            .figure("distinct_second", second)
            .figure("distinct_both", both)
            .safe_fix(format!("CREATE STATISTICS {} ON {a}, {b} FROM {table};", line.text("statistics")))
            .next(format!("Then ANALYZE {table}."));
    }
    verdict.figure("pairs", seen.len()).figure("sampled", looked_at);
    let errors = seen.further_errors().count();
    if let (Some(error), 0) = (seen.further_errors().next(), looked_at) {
        let skip = crate::pass::refused(seen.place, error);
        verdict.skip(skip.reason, skip.who);
    }
    verdict.figure("not_sampled", errors);
    verdict.say(match seen.len() {
        0 => "No table of some size has an index or a foreign key over several columns without statistics of them.".to_owned(),
        _ => format!("Of {looked_at} pairs of columns that are looked up together none depend on one another unknown to the planner."),
    });
}
