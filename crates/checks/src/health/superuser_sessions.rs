use crate::need::Need;
use crate::verdict::Verdict;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "superuser-sessions",
        title: "Applications that work as a superuser",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("superuser_sessions.sql"),
        thresholds: &[Threshold::new("warn_sessions", 1.0)],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines().filter(|line| line.number("sessions") >= seen.limit("warn_sessions")) {
        let (role, application) = (line.text("role"), line.text("application"));
        verdict
            .warn(format!(
                "{} of {application} work as {role}, which may do anything: one injected statement is the end of the server.",
                match line.integer("sessions") {
                    1 => "1 session".to_owned(),
                    number => format!("{number} sessions"),
                }
            ))
            .object(role)
            .figure("sessions", line.integer("sessions"))
            .figure("application", application)
            .next("Give the application a role of its own with the privileges that it needs: CREATE ROLE app LOGIN; GRANT … TO app;");
    }
    verdict.say("No application works as a superuser.");
}
