use std::collections::HashMap;

use crate::exact;
use crate::verdict::Verdict;
use crate::words::{bytes, tenth};
use crate::{Check, Further, Line, Seen, Threshold};

inventory::submit! {
    Check {
        code: "table-bloat",
        title: "Bloat of tables",
        guide: "Bloat Detection",
        sql: include_str!("table_bloat.sql"),
        thresholds: &[
            Threshold::new("min_mib", 1.0),
            Threshold::new("warn_percent", 40.0),
            Threshold::new("critical_percent", 90.0),
            // Nothing is critical about a small table.
            Threshold::new("critical_min_mib", 100.0),
            // Pages that pgstattuple may read at most, all tables together.
            Threshold::new("exact_mib", 256.0),
        ],
        further,
        judge,
        ..Check::NEW
    }
}

fn further(seen: &Seen<'_>) -> Vec<Further> {
    exact::suspects(seen, include_str!("table_bloat.exact.sql"))
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let exact: HashMap<&str, Line<'_>> = seen.further_lines().map(|line| (line.text("oid"), line)).collect();
    let mut unknown = 0;
    for line in seen.lines() {
        let measured = exact.get(line.text("oid"));
        let percent = measured.map_or_else(|| line.maybe("percent"), |exact| exact.maybe("percent"));
        let Some(percent): Option<f64> = percent else {
            unknown += 1;
            continue;
        };
        if percent < seen.limit("warn_percent") {
            continue;
        }
        let size = measured.map_or(line.number("bytes"), |exact| exact.number("bytes"));
        let (name, wasted) = (line.text("name"), size * percent / 100.0);
        let basis = if measured.is_some() { "pgstattuple" } else { "an estimate" };
        let what = if line.is_true("is_toast") { "What is stored out of line (TOAST) of " } else { "" };
        let is_large = size >= seen.limit("critical_min_mib") * 1_048_576.0;
        let weight = if is_large { percent } else { 0.0 };
        let problem = verdict.weigh(
            weight,
            seen.limit("critical_percent"),
            format!(
                "{what}{name} is {} of which {percent:.0} % ({}) hold no row, by {basis}.",
                bytes(size),
                bytes(wasted)
            ),
        );
        problem
            .object(name)
            .figure("bloat_percent", tenth(percent))
            .figure("wasted_bytes", wasted as u64)
            .figure("bytes", size as u64)
            .figure("is_estimate", measured.is_none())
            .unsafe_fix(format!("VACUUM (FULL, ANALYZE) {name};"))
            .next("VACUUM FULL blocks readers and writers while it copies the table; howdah change run --sql 'VACUUM FULL …' gives the room back beside them. Plain VACUUM makes it usable again and gives none back.");
    }
    let tables = seen.first().map_or(0, |line| line.integer("tables"));
    let basis = if exact.is_empty() { "estimated" } else { "pgstattuple where it is suspect, else estimated" };
    verdict
        .figure("tables", tables)
        .figure("unknown", unknown)
        .figure("measured_exactly", exact.len())
        .figure("basis", basis);
    if unknown > 0 && unknown == seen.len() {
        verdict.skip(
            "There are no statistics of the tables that the role may read.",
            "you: ANALYZE; for an exact answer, a superuser: CREATE EXTENSION pgstattuple;",
        );
    }
    verdict.say(format!("None of {tables} tables of some size is bloated ({basis})."));
}
