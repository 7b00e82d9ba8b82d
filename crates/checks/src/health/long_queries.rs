use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{duration, query};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "long-queries",
        title: "Statements that run for long",
        guide: "Query Optimization",
        sql: include_str!("long_queries.sql"),
        thresholds: &[
            Threshold::new("warn_s", 60.0),
            Threshold::new("critical_s", 300.0),
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
            format!("Process {pid} of {} has been running a statement for {}.", line.text("role"), duration(age)),
        );
        problem
            .object(format!("pid {pid}"))
            .figure("seconds", age.round())
            .figure("application", line.text("application"))
            .figure("database", line.text("database"))
            .figure("query", query(line.text("query")));
        if !line.text("wait").is_empty() {
            problem.figure("waits_for", line.text("wait"));
        }
        problem.unsafe_fix(format!("SELECT pg_cancel_backend({pid});"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No statement has been running for long.");
}
