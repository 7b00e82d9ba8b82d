use crate::need::Need;
use crate::verdict::Verdict;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "aurora-global-lag",
        title: "Lag of the regions of a Global Database",
        guide: "Monitoring",
        sql: include_str!("aurora_global_lag.sql"),
        thresholds: &[
            Threshold::new("warn_ms", 5000.0),
            Threshold::new("critical_ms", 60_000.0),
        ],
        needs: &[Need::AuroraFunction("aurora_global_db_status")],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, lag) = (line.text("name"), line.number("durability_ms"));
        // The primary region has no lag: -1.
        if lag >= seen.limit("warn_ms") {
            verdict
                .weigh(lag, seen.limit("critical_ms"), format!("The region {name} is {lag:.0} ms behind the primary region."))
                .object(name)
                .figure("durability_lag_ms", lag)
                .figure("rpo_lag_ms", line.number("rpo_ms"))
                .next("So much would be lost if the primary region were. Look at the write load and at the network between the regions.");
        }
    }
    verdict.figure("regions", seen.len());
    verdict.say(match seen.len() {
        0 => "The cluster belongs to no Global Database.".to_owned(),
        number => format!("All {number} regions keep up."),
    });
}
