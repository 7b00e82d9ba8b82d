use crate::verdict::Verdict;
use crate::words::{bytes, duration};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "replication-slots",
        title: "Replication slots that retain WAL",
        guide: "Monitoring",
        sql: include_str!("replication_slots.sql"),
        thresholds: &[
            Threshold::new("warn_mib", 1024.0),
            Threshold::new("critical_mib", 10_240.0),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, retained) = (line.text("name"), line.number("retained"));
        let mib = retained / 1_048_576.0;
        let status = line.text("wal_status");
        let is_active = line.is_true("active");
        let idle = line.maybe::<f64>("inactive_s").map(|seconds| format!(" for {}", duration(seconds)));
        let idle = idle.unwrap_or_default();
        let problem = if status == "lost" {
            verdict.critical(format!("The slot {name} is lost: the WAL that it needs is gone, and its reader must begin anew."))
        } else if status == "unreserved" {
            verdict.critical(format!("The slot {name} is about to be lost: the next checkpoint may remove WAL that it needs."))
        } else if mib >= seen.limit("warn_mib") {
            verdict.weigh(
                mib,
                seen.limit("critical_mib"),
                format!(
                    "The {} slot {name} retains {} of WAL{}.",
                    if is_active { "active" } else { "inactive" },
                    bytes(retained),
                    if is_active { String::new() } else { format!(", with nobody reading{idle}") }
                ),
            )
        } else if !is_active && !line.is_true("temporary") && line.maybe::<f64>("retained").is_some() {
            verdict.warn(format!(
                "Nobody reads from the slot {name}{idle}: it retains {} of WAL so far, and ever more.",
                bytes(retained)
            ))
        } else {
            continue;
        };
        problem
            .object(name)
            .figure("type", line.text("type"))
            .figure("active", is_active)
            .figure("retained_bytes", retained)
            .figure("wal_status", status)
            .figure("max_slot_wal_keep_size", line.text("keep_size"));
        if !line.text("invalidation_reason").is_empty() {
            problem.figure("invalidation_reason", line.text("invalidation_reason"));
        }
        if is_active {
            problem.next("Its reader is slow: look at it, and at the network. max_slot_wal_keep_size bounds what a slot may retain.");
        } else {
            problem
                .unsafe_fix(format!("SELECT pg_drop_replication_slot({name});"))
                .next("First find out whether its reader will come back: it cannot go on without the slot.");
        }
    }
    verdict.figure("slots", seen.len());
    verdict.say(match seen.len() {
        0 => "There are no replication slots.".to_owned(),
        number => format!("{number} in use, none of which retains much."),
    });
}
