use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{count, duration, query};
use crate::{Check, Line, Seen, Threshold};

inventory::submit! {
    Check {
        code: "vacuum-horizon",
        title: "What keeps VACUUM from its work",
        guide: "Autovacuum Monitoring",
        sql: include_str!("vacuum_horizon.sql"),
        thresholds: &[
            Threshold::new("warn_s", 600.0),
            Threshold::new("critical_s", 7200.0),
            Threshold::new("warn_xids", 1_000_000.0),
            // Half way to where autovacuum has to act against wraparound.
            Threshold::new("critical_xids", 100_000_000.0),
            // Dead tuples that a VACUUM had to leave, which is proof.
            Threshold::new("warn_dead", 1000.0),
        ],
        needs: &[Need::AllSessions, Need::Primary],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (xids, age, dead) = (line.number("xids"), line.number("age_s"), line.number("left_dead"));
        let is_wedged = dead >= seen.limit("warn_dead") && dead > 0.0;
        if !is_wedged && age < seen.limit("warn_s") && xids < seen.limit("warn_xids") {
            continue;
        }
        let mut message = format!("{} holds back VACUUM: it sees what was {} transactions ago", who(&line), count(xids));
        if line.maybe::<f64>("age_s").is_some() {
            message.push_str(&format!(", since {}", duration(age)));
        }
        if is_wedged {
            message.push_str(&format!("; a VACUUM since then had to leave {} dead tuples", count(dead)));
        }
        message.push('.');
        let is_critical = age >= seen.limit("critical_s") || xids >= seen.limit("critical_xids");
        let problem = if is_critical { verdict.critical(message) } else { verdict.warn(message) };
        problem
            .object(match line.text("kind") {
                "session" | "standby" => format!("pid {}", line.text("name")),
                kind => format!("{kind} {}", line.text("name")),
            })
            .figure("kind", line.text("kind"))
            .figure("transactions", xids)
            .figure("dead_tuples_left", dead);
        if line.maybe::<f64>("age_s").is_some() {
            problem.figure("seconds", age.round());
        }
        if !line.text("query").is_empty() {
            problem.figure("query", query(line.text("query")));
        }
        let name = line.text("name");
        match line.text("kind") {
            "session" => problem.unsafe_fix(format!("SELECT pg_terminate_backend({name});")),
            "prepared" => problem.unsafe_fix(format!("ROLLBACK PREPARED {name};")),
            "slot" => problem
                .unsafe_fix(format!("SELECT pg_drop_replication_slot({name});"))
                .next("First find out who reads from the slot: it cannot go on without it."),
            _ => problem.next("Look for long queries on the standby (its hot_standby_feedback passes them on), and end them there."),
        };
    }
    let oldest = seen.lines().map(|line| line.number("xids")).fold(0.0, f64::max);
    verdict.figure("holders", seen.len()).figure("oldest_transactions", oldest);
    verdict.say("Nothing holds back VACUUM for long.");
}

fn who(line: &Line<'_>) -> String {
    let name = line.text("name");
    match line.text("kind") {
        "session" => format!("Process {name} of {} ({})", line.text("role"), line.text("state")),
        "standby" => format!("The standby {} (process {name})", line.text("application")),
        "prepared" => format!("The prepared transaction {name}"),
        _ => format!("The {} {} slot {name}", line.text("state"), line.text("application")),
    }
}
