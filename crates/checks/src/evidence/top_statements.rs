use crate::check::Family;
use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{count, query, tenth};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "top-statements",
        title: "The statements that take the time",
        guide: "Query Optimization",
        family: Family::Evidence,
        sql: include_str!("top_statements.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 20.0),
            Threshold::new("min_total_ms", 1000.0),
        ],
        needs: &[Need::Extension("pg_stat_statements")],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (percent, total) = (line.number("percent"), line.number("total_ms"));
        if percent < seen.limit("warn_percent") || total < seen.limit("min_total_ms") {
            continue;
        }
        let statement = query(line.text("query"));
        verdict
            .warn(format!(
                "{percent:.0} % of the time went to one statement, {} {} of {:.1} ms:",
                count(line.number("calls")),
                if line.number("calls") == 1.0 { "call" } else { "calls" },
                line.number("mean_ms")
            ))
            .figure("query", statement.clone())
            .figure("percent", tenth(percent))
            .figure("calls", line.number("calls"))
            .figure("mean_ms", tenth(line.number("mean_ms")))
            .figure("rows", line.number("rows"))
            .figure("blocks_read", line.number("blocks_read"))
            .figure("temp_blocks_written", line.number("temp_blocks"))
            .next("howdah explain, with values for the parameters of that statement");
    }
    verdict.say("No statement takes a large part of the time.");
}
