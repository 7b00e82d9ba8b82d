use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{duration, query};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "idle-in-transaction",
        title: "Sessions idle in a transaction",
        guide: "Query Development: Write Operations",
        sql: include_str!("idle_in_transaction.sql"),
        thresholds: &[
            Threshold::new("warn_s", 300.0),
            Threshold::new("critical_s", 1800.0),
        ],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (pid, idle) = (line.integer("pid"), line.number("idle_s"));
        let problem = verdict.weigh(
            idle,
            seen.limit("critical_s"),
            format!(
                "Process {pid} of {} has been idle in a transaction for {}, with locks on {}.",
                line.text("role"),
                duration(idle),
                howdah_core::counted(line.integer("locks"), "relation")
            ),
        );
        problem
            .object(format!("pid {pid}"))
            .figure("idle_seconds", idle.round())
            .figure("open_seconds", line.number("open_s").round())
            .figure("application", line.text("application"))
            .figure("database", line.text("database"))
            .figure("last_query", query(line.text("query")));
        problem
            .unsafe_fix(format!("SELECT pg_terminate_backend({pid});"))
            .next("Commit as soon as the work is done; idle_in_transaction_session_timeout ends such sessions by itself.");
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No session is idle in a transaction for long.");
}
