use crate::verdict::Verdict;
use crate::words::{count, duration, tenth};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "statistics-stale",
        title: "Statistics of tables that have changed since",
        guide: "Statistics Maintenance",
        sql: include_str!("statistics_stale.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 20.0),
            Threshold::new("min_rows", 10_000.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, percent) = (line.text("name"), line.number("percent"));
        verdict
            .warn(format!(
                "{} rows of {name} have changed since it was analysed {} ago: {percent:.0} % of what it holds.",
                count(line.number("changed")),
                duration(line.number("analyzed_s"))
            ))
            .object(name)
            .figure("changed", line.number("changed"))
            .figure("changed_percent", tenth(percent))
            .figure("analyzed_s_ago", line.integer("analyzed_s"))
            .safe_fix(format!("ANALYZE {name};"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("The statistics of every table are fresh.");
}
