use crate::verdict::Verdict;
use crate::words::count;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "autovacuum-disabled",
        title: "Tables without autovacuum",
        guide: "Autovacuum Monitoring",
        sql: include_str!("autovacuum_disabled.sql"),
        thresholds: &[Threshold::new("min_rows", 10_000.0)],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let name = line.text("name");
        verdict
            .warn(format!(
                "Autovacuum is switched off for {name}, which holds about {} rows: neither dead tuples nor statistics are looked after.",
                count(line.number("rows"))
            ))
            .object(name)
            .figure("rows", line.number("rows"))
            .safe_fix(format!("ALTER TABLE {name} RESET (autovacuum_enabled);"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Autovacuum is on for every table of some size.");
}
