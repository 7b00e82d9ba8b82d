use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{bytes, duration, tenth};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "replication-lag",
        title: "Lag of standbys",
        guide: "Monitoring",
        sql: include_str!("replication_lag.sql"),
        thresholds: &[
            Threshold::new("warn_s", 30.0),
            Threshold::new("critical_s", 300.0),
            Threshold::new("warn_mib", 100.0),
            Threshold::new("critical_mib", 1024.0),
        ],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    if seen.place.is_aurora() {
        verdict.skip(
            "The readers of Aurora share its storage and do not stream: see aurora-replica-lag.",
            "nobody: there is nothing to look at",
        );
        return;
    }
    for line in seen.lines() {
        let (name, lag_bytes, seconds) = (line.text("name"), line.number("bytes"), line.number("seconds"));
        let mib = lag_bytes / 1_048_576.0;
        let is_late = seconds >= seen.limit("warn_s") || mib >= seen.limit("warn_mib");
        let is_critical = seconds >= seen.limit("critical_s") || mib >= seen.limit("critical_mib");
        let lag = format!("{} and {} behind", bytes(lag_bytes), duration(seconds));
        let problem = if line.is_true("is_paused") {
            let message = format!("Replay is paused on {name}, which is {lag}.");
            if is_critical { verdict.critical(message) } else { verdict.warn(message) }
        } else if line.text("kind") == "self" && !line.is_true("is_receiving") {
            verdict.critical("This standby receives nothing: there is no connection to its primary.")
        } else if is_late {
            let message = format!("{name} is {lag}.");
            if is_critical { verdict.critical(message) } else { verdict.warn(message) }
        } else {
            continue;
        };
        problem
            .object(name)
            .figure("lag_bytes", lag_bytes)
            .figure("lag_s", tenth(seconds))
            .figure("state", line.text("state"));
        if line.is_true("is_paused") {
            problem.unsafe_fix("SELECT pg_wal_replay_resume();");
        } else if line.text("kind") == "self" {
            problem.next("Look at primary_conninfo, at the primary's pg_hba.conf and at the server's log.");
        } else {
            problem.next("Ask the standby: `howdah health` there says whether replay is paused or waits for a query.");
        }
    }
    verdict.figure("standbys", seen.lines().filter(|line| line.text("kind") == "standby").count());
    verdict.say(match (seen.place.is_standby, seen.len()) {
        (true, _) => "This standby keeps up.".to_owned(),
        (false, 0) => "There are no standbys.".to_owned(),
        (false, number) => format!("{number} of {number} standbys keep up."),
    });
}
