use crate::check::Family;
use crate::verdict::Verdict;
use crate::words::{bytes, count};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "sequential-scans",
        title: "Large tables that are read from end to end",
        guide: "Finding Missing Indexes",
        family: Family::Evidence,
        sql: include_str!("sequential_scans.sql"),
        thresholds: &[
            Threshold::new("min_rows_per_scan", 10_000.0),
            Threshold::new("min_rows", 1_000_000.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let name = line.text("name");
        verdict
            .warn(format!(
                "{name} ({}) was read from end to end {} times, {} rows each time.",
                bytes(line.number("bytes")),
                count(line.number("scans")),
                count(line.number("per_scan"))
            ))
            .object(name)
            .figure("scans", line.number("scans"))
            .figure("rows_per_scan", line.number("per_scan").round());
    }
    verdict.say("No large table is read from end to end often.");
}
