use crate::check::Family;
use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::duration;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "vacuum-workers",
        title: "VACUUMs that are under way",
        guide: "Autovacuum Monitoring",
        family: Family::Evidence,
        sql: include_str!("vacuum_workers.sql"),
        thresholds: &[Threshold::new("warn_s", 3600.0)],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let (running, workers) = seen
        .first()
        .map_or((0.0, 1.0), |line| (line.number("running"), line.number("workers")));
    verdict.figure("under_way", seen.len()).figure("workers_running", running);
    for line in seen.lines().filter(|line| line.number("age_s") >= seen.limit("warn_s")) {
        verdict
            .warn(format!(
                "VACUUM of {} has been at work for {} ({}, {:.0} % of the table).",
                line.text("name"),
                duration(line.number("age_s")),
                line.text("phase"),
                line.number("percent")
            ))
            .object(line.text("name"))
            .figure("phase", line.text("phase"))
            .figure("seconds", line.number("age_s").round());
    }
    if running >= workers {
        verdict
            .warn(format!("All {workers:.0} workers of autovacuum are busy: other tables wait."))
            .setting(seen.place, "autovacuum_vacuum_cost_limit", "2000")
            .next("Let them work faster first (a higher cost limit), then allow more of them: they share the limit.");
    }
    verdict.say(match seen.len() {
        0 => "No VACUUM is under way.".to_owned(),
        number => format!("{number} under way."),
    });
}
