use crate::need::Need;
use crate::verdict::Verdict;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "unencrypted-connections",
        title: "Connections without encryption",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("unencrypted_connections.sql"),
        thresholds: &[
            // 1: connections within the server's own machine count too.
            Threshold::new("count_loopback", 0.0),
        ],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let counts_loopback = seen.limit("count_loopback") > 0.0;
    for line in seen.lines().filter(|line| counts_loopback || !line.is_true("is_local")) {
        let problem = verdict.warn(format!(
            "{} of {} from {} are not encrypted: passwords and data go over the network in the clear.",
            match line.integer("sessions") {
                1 => "1 session".to_owned(),
                number => format!("{number} sessions"),
            },
            line.text("role"),
            line.text("address")
        ));
        problem.object(line.text("role")).figure("address", line.text("address"));
        problem.figure("application", line.text("application"));
        if seen.place.is_rds {
            problem.setting(seen.place, "rds.force_ssl", "1");
        } else {
            problem.next("Give clients sslmode=verify-full, and let pg_hba.conf take hostssl only.");
        }
    }
    verdict.say("Every connection over a network is encrypted.");
}
