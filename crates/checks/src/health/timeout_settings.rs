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
    let unset = |name: &str| seen.lines().any(|line| line.text("name") == name && line.number("ms") == 0.0);
    if database < seen.limit("min_database_mib") * 1_048_576.0 {
        verdict.say(format!("The database is small ({}): timeouts are not asked for.", bytes(database)));
        return;
    }
    if unset("idle_in_transaction_session_timeout") {
        verdict
            .warn("idle_in_transaction_session_timeout is not set: a client that goes away in a transaction keeps its locks for ever.")
            .object("idle_in_transaction_session_timeout")
            .setting(seen.place, "idle_in_transaction_session_timeout", "5min");
    }
    if unset("statement_timeout") {
        verdict
            .warn("statement_timeout is not set for this role: a query that goes wrong runs until somebody sees it.")
            .object("statement_timeout")
            .unsafe_fix(format!(
                "ALTER ROLE {} SET statement_timeout = '60s';",
                howdah_sql::quote_ident(&seen.place.role)
            ));
    }
    verdict.say("The timeouts are set.");
}
