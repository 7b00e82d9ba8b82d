use crate::verdict::Verdict;
use crate::words::count;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "statistics-missing",
        title: "Tables that were never analysed",
        guide: "Statistics Maintenance",
        sql: include_str!("statistics_missing.sql"),
        thresholds: &[Threshold::new("min_rows", 1000.0)],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, rows) = (line.text("name"), line.number("rows"));
        let why = if line.is_true("is_partitioned") {
            "autovacuum analyses its partitions and never the whole"
        } else {
            "the planner guesses"
        };
        verdict
            .warn(format!("{name} holds about {} rows and was never analysed: {why}.", count(rows)))
            .object(name)
            .figure("rows", rows)
            .safe_fix(format!("ANALYZE {name};"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every table of some size has statistics.");
}
