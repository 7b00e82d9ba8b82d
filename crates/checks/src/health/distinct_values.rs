use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "distinct-values",
        title: "Numbers of distinct values that were set and are not used",
        guide: "Statistics",
        sql: include_str!("distinct_values.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (table, column, wanted) = (line.text("table"), line.text("column"), line.text("wanted"));
        let now = match line.maybe::<f64>("now") {
            Some(now) => format!("the planner still reckons with {now}"),
            None => "there are no statistics of it".to_owned(),
        };
        verdict
            .warn(format!("n_distinct of {table}.{column} was set to {wanted}, and {now}: ANALYZE has not run since."))
            .object(format!("{table}.{column}"))
            .figure("wanted", line.number("wanted"))
            .safe_fix(format!("ANALYZE {table} ({column});"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Where a number of distinct values was set, the planner uses it.");
}
