use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{duration, query};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "long-transactions",
        title: "Transactions that stay open for long",
        guide: "Query Development: Write Operations",
        sql: include_str!("long_transactions.sql"),
        thresholds: &[
            Threshold::new("warn_s", 600.0),
            Threshold::new("critical_s", 3600.0),
        ],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (pid, age) = (line.integer("pid"), line.number("age_s"));
        let problem = verdict.weigh(
            age,
            seen.limit("critical_s"),
            format!(
                "Process {pid} of {} has had a transaction open for {}: VACUUM cannot take away what it might still see.",
                line.text("role"),
                duration(age)
            ),
        );
        problem
            .object(format!("pid {pid}"))
            .figure("seconds", age.round())
            .figure("state", line.text("state"))
            .figure("application", line.text("application"))
            .figure("database", line.text("database"))
            .figure("has_written", line.is_true("has_written"))
            .figure("query", query(line.text("query")));
        problem.unsafe_fix(format!("SELECT pg_terminate_backend({pid});"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No transaction has been open for long.");
}
