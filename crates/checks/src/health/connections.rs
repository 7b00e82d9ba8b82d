use crate::verdict::Verdict;
use crate::words::tenth;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "connections",
        title: "Connections near the limit",
        guide: "Connection Management",
        sql: include_str!("connections.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 80.0),
            Threshold::new("critical_percent", 90.0),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    let (max, reserved) = (line.number("max"), line.number("reserved"));
    let used = line.number(if seen.place.sees_all_sessions { "clients" } else { "backends" });
    let free_to_all = (max - reserved).max(1.0);
    let percent = 100.0 * used / free_to_all;
    verdict
        .figure("used", used)
        .figure("max_connections", max)
        .figure("reserved", reserved)
        .figure("used_percent", tenth(percent));
    if seen.place.sees_all_sessions {
        let by_client: serde_json::Value = serde_json::from_str(line.text("by_client")).unwrap_or_default();
        verdict
            .figure("idle", line.integer("idle"))
            .figure("active", line.integer("active"))
            .figure("idle_in_transaction", line.integer("idle_in_transaction"))
            .figure("by_client", by_client);
    }
    own_limits(seen, line.text("limits"), verdict);
    let message = format!("{used:.0} of {free_to_all:.0} connections that ordinary roles may have are in use.");
    if percent < seen.limit("warn_percent") {
        verdict.say(message);
        return;
    }
    let idle = line.number("idle");
    let advice = if seen.place.sees_all_sessions && idle > used / 2.0 {
        format!("{idle:.0} of them are idle: make the pools of the applications smaller, or put a pooler (pgbouncer, RDS Proxy) in front.")
    } else {
        "Put a pooler (pgbouncer, RDS Proxy) in front, or raise max_connections and the memory for it.".to_owned()
    };
    let problem = verdict.weigh(percent, seen.limit("critical_percent"), message);
    problem.figure("used_percent", tenth(percent)).next(advice);
}

/// Roles and databases whose own limit is near, whatever the server has left.
fn own_limits(seen: &Seen<'_>, limits: &str, verdict: &mut Verdict) {
    let limits: Vec<(String, String, f64, f64)> = serde_json::from_str(limits).unwrap_or_default();
    for (kind, name, used, max) in limits {
        let percent = 100.0 * used / max;
        if percent < seen.limit("warn_percent") {
            continue;
        }
        verdict
            .weigh(
                percent,
                seen.limit("critical_percent"),
                format!("{used:.0} of {max:.0} connections that the {kind} {name} may have are in use."),
            )
            .object(format!("{kind} {name}"))
            .figure("used", used)
            .figure("limit", max)
            .figure("used_percent", tenth(percent))
            .next(format!(
                "Make the pools of its clients smaller, or its limit larger: ALTER {} {name} CONNECTION LIMIT …;",
                kind.to_uppercase()
            ));
    }
}
