use crate::check::Family;
use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::tenth;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "active-sessions",
        title: "What active sessions do",
        guide: "Monitoring",
        family: Family::Evidence,
        sql: include_str!("active_sessions.sql"),
        thresholds: &[
            // Fewer say nothing about the server.
            Threshold::new("min_active", 4.0),
            Threshold::new("dominant_percent", 50.0),
        ],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let active = seen.first().map_or(0.0, |line| line.number("active"));
    verdict.figure("active", active);
    for kind in ["CPU", "Lock", "LWLock", "IO", "Client", "IPC"] {
        let sessions: f64 = seen
            .lines()
            .filter(|line| line.text("kind") == kind)
            .map(|line| line.number("sessions"))
            .sum();
        verdict.figure(kind, sessions);
    }
    verdict.say(format!("{active:.0} sessions are at work."));
    if active < seen.limit("min_active") {
        return;
    }
    for line in seen.lines() {
        let percent = 100.0 * line.number("sessions") / active;
        if percent < seen.limit("dominant_percent") {
            continue;
        }
        let what = match line.text("kind") {
            "CPU" => "compute".to_owned(),
            kind => format!("wait for {kind}: {}", line.text("event")),
        };
        verdict
            .warn(format!("{:.0} of {active:.0} active sessions {what}.", line.number("sessions")))
            .figure("percent", tenth(percent))
            .figure("kind", line.text("kind"))
            .figure("event", line.text("event"));
    }
}
