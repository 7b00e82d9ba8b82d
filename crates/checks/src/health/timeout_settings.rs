use howdah_sql::quote_ident;

use crate::verdict::Verdict;
use crate::words::bytes;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "timeout-settings",
        title: "Timeouts that bound an accident",
        guide: "Connection Management",
        sql: include_str!("timeout_settings.sql"),
        thresholds: &[
            // Where little is at stake, nothing has to be bounded.
            Threshold::new("min_database_mib", 1024.0),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let database = seen.place.database_bytes as f64;
    for line in seen.lines() {
        verdict.figure(line.text("name"), line.number("ms"));
    }
    // What was set for the role or the database prevails over the server's own.
    let unset = |name: &str| {
        let line = seen.lines().find(|line| line.text("name") == name && line.number("ms") == 0.0)?;
        Some(line.text("set_for"))
    };
    if database < seen.limit("min_database_mib") * 1_048_576.0 {
        verdict.say(format!("The database is small ({}): timeouts are not asked for.", bytes(database)));
        return;
    }
    if let Some(set_for) = unset("idle_in_transaction_session_timeout") {
        let problem = verdict
            .warn("idle_in_transaction_session_timeout is not set: a client that goes away in a transaction keeps its locks for ever.")
            .object("idle_in_transaction_session_timeout");
        match set_for {
            "" => problem.setting(seen.place, "idle_in_transaction_session_timeout", "5min"),
            _ => problem.unsafe_fix(set(seen, set_for, "idle_in_transaction_session_timeout", "5min")),
        };
    }
    if let Some(set_for) = unset("statement_timeout") {
        verdict
            .warn("statement_timeout is not set for this role: a query that goes wrong runs until somebody sees it.")
            .object("statement_timeout")
            .unsafe_fix(set(seen, set_for, "statement_timeout", "60s"));
    }
    verdict.say("The timeouts are set.");
}

/// Where the value is set that counts; for the role where it is set nowhere.
fn set(seen: &Seen<'_>, set_for: &str, name: &str, value: &str) -> String {
    let (role, database) = (quote_ident(&seen.place.role), quote_ident(&seen.place.database));
    match set_for {
        "database" => format!("ALTER DATABASE {database} SET {name} = '{value}';"),
        "both" => format!("ALTER ROLE {role} IN DATABASE {database} SET {name} = '{value}';"),
        _ => format!("ALTER ROLE {role} SET {name} = '{value}';"),
    }
}
