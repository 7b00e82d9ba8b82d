use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "durability-settings",
        title: "Settings that risk the data",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("durability_settings.sql"),
        judge,
        ..Check::NEW
    }
}

/// Setting, value that is wrong, value that is right, whether data can be lost for good, and how.
const WRONG: [(&str, &str, &str, bool, &str); 6] = [
    ("fsync", "off", "on", true, "a crash of the machine can destroy the whole cluster"),
    ("full_page_writes", "off", "on", true, "a crash of the machine can leave pages half written"),
    ("zero_damaged_pages", "on", "off", true, "damaged pages are emptied without an error"),
    ("ignore_checksum_failure", "on", "off", true, "damage that checksums find is read over"),
    ("ignore_system_indexes", "on", "off", false, "catalogs are read without their indexes, for repairs only"),
    ("synchronous_commit", "off", "on", false, "transactions that were acknowledged just before a crash are lost"),
];

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, value) = (line.text("name"), line.text("value"));
        let who = line.text("who");
        if who.is_empty() {
            verdict.figure(name, value);
        }
        for (_, _, right, is_critical, harm) in WRONG.iter().filter(|wrong| wrong.0 == name && wrong.1 == value) {
            // Aurora writes no pages: its storage does, and settles this by itself.
            if seen.place.is_aurora() && matches!(name, "full_page_writes" | "fsync") {
                continue;
            }
            let message = match who {
                "" => format!("{name} is {value}: {harm}."),
                _ => format!("{name} is {value} for {who}: {harm}."),
            };
            let problem = if *is_critical { verdict.critical(message) } else { verdict.warn(message) };
            problem.object(name).figure("value", value);
            match line.text("undo") {
                "" => problem.setting(seen.place, name, right),
                undo => problem.figure("set_for", who).unsafe_fix(undo),
            };
        }
    }
    verdict.say("What was committed survives a crash.");
}
