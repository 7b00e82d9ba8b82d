use std::collections::HashMap;

use crate::exact;
use crate::verdict::Verdict;
use crate::words::{bytes, tenth};
use crate::{Check, Further, Line, Seen, Threshold};

inventory::submit! {
    Check {
        code: "index-bloat",
        title: "Bloat of indexes",
        guide: "Bloat Detection",
        sql: include_str!("index_bloat.sql"),
        thresholds: &[
            Threshold::new("min_mib", 1.0),
            Threshold::new("warn_percent", 30.0),
            Threshold::new("critical_percent", 90.0),
            Threshold::new("critical_min_mib", 100.0),
            Threshold::new("exact_mib", 256.0),
            // An index that is filled in no order is two thirds full, and the estimate is coarse.
            Threshold::new("estimate_warn_percent", 50.0),
        ],
        further,
        judge,
        ..Check::NEW
    }
}

fn further(seen: &Seen<'_>) -> Vec<Further> {
    exact::suspects(seen, include_str!("index_bloat.exact.sql"))
}

/// The share of an index that a rebuild would give back. The density of the leaves is compared with
/// what the fill factor leaves on purpose; pages without entries count in full.
fn exact_percent(exact: &Line<'_>, fillfactor: f64) -> f64 {
    let pages = exact.number("bytes") / exact.number("page");
    let density = exact.maybe("density").filter(|density: &f64| density.is_finite()).unwrap_or(0.0);
    let needed = exact.number("leaf_pages") * (density / fillfactor).min(1.0) + exact.number("internal_pages") + 1.0;
    (100.0 * (1.0 - needed / pages.max(1.0))).max(0.0)
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let exact: HashMap<&str, Line<'_>> = seen.further_lines().map(|line| (line.text("oid"), line)).collect();
    let mut unknown = 0;
    for line in seen.lines() {
        let measured = exact.get(line.text("oid"));
        let (percent, warn) = match measured {
            Some(exact) => (Some(exact_percent(exact, line.number("fillfactor"))), "warn_percent"),
            None => (line.maybe("percent"), "estimate_warn_percent"),
        };
        let Some(percent) = percent else {
            unknown += 1;
            continue;
        };
        if percent < seen.limit(warn) {
            continue;
        }
        let size = measured.map_or(line.number("bytes"), |exact| exact.number("bytes"));
        let (name, wasted) = (line.text("name"), size * percent / 100.0);
        let basis = if measured.is_some() { "pgstattuple" } else { "an estimate" };
        let is_large = size >= seen.limit("critical_min_mib") * 1_048_576.0;
        let weight = if is_large { percent } else { 0.0 };
        verdict
            .weigh(
                weight,
                seen.limit("critical_percent"),
                format!(
                    "The index {name} is {} of which a rebuild would give back {percent:.0} % ({}), by {basis}.",
                    bytes(size),
                    bytes(wasted)
                ),
            )
            .object(name)
            .figure("bloat_percent", tenth(percent))
            .figure("wasted_bytes", wasted as u64)
            .figure("bytes", size as u64)
            .figure("is_estimate", measured.is_none())
            .unsafe_fix(format!("REINDEX INDEX CONCURRENTLY {name};"));
    }
    let indexes = seen.first().map_or(0, |line| line.integer("indexes"));
    let basis = if exact.is_empty() { "estimated" } else { "pgstattuple where it is suspect, else estimated" };
    verdict
        .figure("indexes", indexes)
        .figure("unknown", unknown)
        .figure("measured_exactly", exact.len())
        .figure("basis", basis);
    if unknown > 0 && unknown == seen.len() {
        verdict.skip(
            "There are no statistics of the tables that the role may read.",
            "you: ANALYZE; for an exact answer, a superuser: CREATE EXTENSION pgstattuple;",
        );
    }
    verdict.say(format!("None of {indexes} B-tree indexes of some size is bloated ({basis})."));
}
