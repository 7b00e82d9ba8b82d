use crate::check::Family;
use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{count, query, tenth};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "unsteady-statements",
        title: "Statements that are fast most often and slow at times",
        guide: "Operational Triggers",
        family: Family::Evidence,
        sql: include_str!("unsteady_statements.sql"),
        thresholds: &[
            Threshold::new("min_calls", 20.0),
            Threshold::new("min_max_ms", 500.0),
            Threshold::new("times_mean", 10.0),
        ],
        needs: &[Need::Extension("pg_stat_statements")],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let statement = query(line.text("query"));
        verdict
            .warn(format!(
                "A statement took up to {:.0} ms, {:.1} ms on average of {} calls:",
                line.number("max_ms"),
                line.number("mean_ms"),
                count(line.number("calls"))
            ))
            .figure("query", statement)
            .figure("max_ms", tenth(line.number("max_ms")))
            .figure("mean_ms", tenth(line.number("mean_ms")))
            .figure("deviation_ms", tenth(line.number("deviation_ms")))
            .next("howdah explain with values for which it is slow, beside values for which it is fast: another plan, other rows, or a wait");
    }
    verdict.say("No statement is far slower at times than it is on average.");
}
