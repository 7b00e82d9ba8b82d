use crate::need::Need;
use crate::verdict::Verdict;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "aurora-replica-lag",
        title: "Lag of Aurora's readers",
        guide: "Monitoring",
        sql: include_str!("aurora_replica_lag.sql"),
        thresholds: &[
            // Usually it is below 100 ms.
            Threshold::new("warn_ms", 1000.0),
            Threshold::new("critical_ms", 10_000.0),
        ],
        needs: &[Need::AuroraFunction("aurora_replica_status")],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let readers = seen.lines().filter(|line| !line.is_true("is_writer"));
    let mut number = 0;
    let mut highest: f64 = 0.0;
    for line in readers {
        number += 1;
        let (name, lag) = (line.text("name"), line.number("lag_ms"));
        highest = highest.max(lag);
        if lag >= seen.limit("warn_ms") {
            verdict
                .weigh(lag, seen.limit("critical_ms"), format!("The reader {name} is {lag:.0} ms behind the writer."))
                .object(name)
                .figure("lag_ms", lag)
                .next("Look for long queries and a full CPU on the reader; a reader far behind restarts by itself.");
        }
    }
    verdict.figure("readers", number).figure("highest_lag_ms", highest);
    verdict.say(match number {
        0 => "The cluster has no reader.".to_owned(),
        _ => format!("The slowest of {number} readers is {highest:.0} ms behind."),
    });
}
