use crate::verdict::Verdict;
use crate::words::bytes;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "logging-settings",
        title: "What the log tells afterwards",
        guide: "Monitoring",
        sql: include_str!("logging_settings.sql"),
        thresholds: &[Threshold::new("min_database_mib", 1024.0)],
        judge,
        ..Check::NEW
    }
}

/// Setting, value that says nothing, value that does, and what is missed.
const SILENT: [(&str, &str, &str, &str); 3] = [
    ("log_min_duration_statement", "-1", "1s", "slow statements leave no trace"),
    ("log_lock_waits", "off", "on", "waits for locks leave no trace"),
    ("log_temp_files", "-1", "10MB", "sorts that spill leave no trace"),
];

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let database = seen.place.database_bytes as f64;
    let value = |name: &str| {
        let line = seen.lines().find(|line| line.text("name") == name);
        line.map_or("", |line| line.text("value"))
    };
    for line in seen.lines() {
        verdict.figure(line.text("name"), line.text("value"));
    }
    if database < seen.limit("min_database_mib") * 1_048_576.0 {
        verdict.say(format!("The database is small ({}): no log is asked for.", bytes(database)));
        return;
    }
    for (name, silent, right, missed) in SILENT {
        // A sample of slow statements does as well.
        if value(name) != silent || (name == "log_min_duration_statement" && !matches!(value("log_min_duration_sample"), "-1" | "")) {
            continue;
        }
        verdict
            .warn(format!("{name} is {silent}: {missed}."))
            .object(name)
            .setting(seen.place, name, right);
    }
    verdict.say("Slow statements, lock waits and temporary files are logged.");
}
