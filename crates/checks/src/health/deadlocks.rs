use crate::verdict::Verdict;
use crate::words::{duration, tenth};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "deadlocks",
        title: "Deadlocks",
        guide: "Query Development: Write Operations",
        sql: include_str!("deadlocks.sql"),
        thresholds: &[
            Threshold::new("warn_per_day", 1.0),
            Threshold::new("critical_per_day", 100.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    let days = (seen.place.counted_s as f64 / 86_400.0).max(1.0);
    let deadlocks = line.number("deadlocks");
    let per_day = deadlocks / days;
    verdict.figure("deadlocks", deadlocks).figure("per_day", tenth(per_day));
    if deadlocks == 0.0 || per_day < seen.limit("warn_per_day") {
        verdict.say(format!("{deadlocks:.0} deadlocks since the counters began."));
        return;
    }
    verdict
        .weigh(
            per_day,
            seen.limit("critical_per_day"),
            format!("{deadlocks:.0} deadlocks in {}: each ended a transaction with an error.", duration(seen.place.counted_s as f64)),
        )
        .figure("per_day", tenth(per_day))
        .next("The server's log names both sides of each. Let all transactions touch rows in the same order (ORDER BY in SELECT … FOR UPDATE), and keep them short.");
}
