use crate::verdict::Verdict;
use crate::words::{count, duration};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "autovacuum-overdue",
        title: "Tables that autovacuum should have come to",
        guide: "Autovacuum Monitoring",
        sql: include_str!("autovacuum_overdue.sql"),
        thresholds: &[
            Threshold::new("warn_times", 2.0),
            Threshold::new("min_rows", 10_000.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, dead, due) = (line.text("name"), line.number("dead"), line.number("due"));
        let problem = verdict.warn(format!(
            "{name} holds {} dead tuples; autovacuum should have come at {}.",
            count(dead),
            count(due)
        ));
        problem.object(name).figure("dead", dead).figure("due_at", due);
        problem
            .figure("workers_running", line.integer("running"))
            .figure("workers", line.text("workers"));
        if let Some(age) = line.maybe::<f64>("vacuumed_s") {
            problem.figure("last_autovacuum", format!("{} ago", duration(age)));
        }
        if line.text("autovacuum") == "off" {
            problem.next("autovacuum is off: see vacuum-settings.");
        }
        problem.safe_fix(format!("VACUUM (ANALYZE) {name};"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Autovacuum keeps up with every table.");
}
