use crate::check::Family;
use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{duration, query};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "schema-changes-waiting",
        title: "Schema changes that wait",
        guide: "Safe Schema Changes",
        family: Family::Evidence,
        sql: include_str!("schema_changes_waiting.sql"),
        thresholds: &[
            // While it waits, everyone who comes after waits behind it.
            Threshold::new("warn_wait_s", 1.0),
            Threshold::new("warn_run_s", 60.0),
        ],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (pid, age) = (line.integer("pid"), line.number("age_s"));
        let is_waiting = line.is_true("is_waiting");
        let message = if is_waiting && age >= seen.limit("warn_wait_s") {
            format!(
                "Process {pid} of {} waits for its lock since {}, behind process {}: everyone who comes to the table now waits behind it.",
                line.text("role"),
                duration(age),
                line.text("blockers").trim_matches(['{', '}'])
            )
        } else if !is_waiting && age >= seen.limit("warn_run_s") {
            let phase = match line.text("phase") {
                "" => String::new(),
                phase => format!(" ({phase})"),
            };
            format!("Process {pid} of {} has been changing the schema for {}{phase}.", line.text("role"), duration(age))
        } else {
            continue;
        };
        verdict
            .warn(message)
            .object(format!("pid {pid}"))
            .figure("query", query(line.text("query")))
            .figure("seconds", age.round())
            .figure("is_waiting", is_waiting)
            .unsafe_fix(format!("SELECT pg_cancel_backend({pid});"));
    }
    verdict.figure("under_way", seen.len());
    verdict.say("No schema change waits.");
}
