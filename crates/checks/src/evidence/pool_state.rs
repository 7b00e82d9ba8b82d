use howdah_core::counted;

use crate::check::Family;
use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::duration;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "pool-state",
        title: "The pools of the clients",
        guide: "Connection Management",
        family: Family::Evidence,
        sql: include_str!("pool_state.sql"),
        thresholds: &[
            // The share of all connections that one client may hold.
            Threshold::new("warn_share_percent", 50.0),
            // Idle sessions of one client that are more than a reserve.
            Threshold::new("min_idle", 10.0),
            Threshold::new("idle_percent", 80.0),
        ],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let mut all = 0.0;
    for line in seen.lines() {
        let (sessions, idle) = (line.number("sessions"), line.number("idle"));
        all += sessions;
        let share = 100.0 * sessions / line.number("max").max(1.0);
        let is_oversized = idle >= seen.limit("min_idle") && 100.0 * idle >= seen.limit("idle_percent") * sessions;
        let client = format!("{} as {} from {}", line.text("application"), line.text("role"), line.text("address"));
        let message = if share >= seen.limit("warn_share_percent") {
            format!("{client} holds {sessions:.0} connections, {share:.0} % of all that there may be; {idle:.0} are idle.")
        } else if is_oversized {
            format!(
                "{client} holds {sessions:.0} connections of which {idle:.0} are idle, one for {}.",
                duration(line.number("longest_idle_s"))
            )
        } else {
            continue;
        };
        verdict
            .warn(message)
            .object(line.text("application"))
            .figure("sessions", sessions)
            .figure("idle", idle)
            .figure("active", line.number("active"))
            .next("Make the pool smaller (its size times the number of processes is what counts), or put pgbouncer or RDS Proxy in front.");
    }
    verdict.figure("clients", seen.len()).figure("sessions", all);
    verdict.say(format!(
        "{} of {}, no pool far larger than its work.",
        counted(all, "session"),
        counted(seen.len(), "client")
    ));
}
