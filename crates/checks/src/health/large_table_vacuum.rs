use crate::verdict::Verdict;
use crate::words::{bytes, count};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "large-table-vacuum",
        title: "Large tables with the scale factor of small ones",
        guide: "Autovacuum Monitoring",
        sql: include_str!("large_table_vacuum.sql"),
        thresholds: &[
            Threshold::new("min_mib", 10_240.0),
            Threshold::new("max_scale_factor", 0.1),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, scale) = (line.text("name"), line.number("scale"));
        verdict
            .warn(format!(
                "{name} is {}, and autovacuum waits for {} dead tuples there (a scale factor of {scale}).",
                bytes(line.number("bytes")),
                count(scale * line.number("rows"))
            ))
            .object(name)
            .figure("bytes", line.bytes("bytes"))
            .figure("scale_factor", scale)
            .safe_fix(format!(
                "ALTER TABLE {name} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);"
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Autovacuum comes to large tables in time.");
}
