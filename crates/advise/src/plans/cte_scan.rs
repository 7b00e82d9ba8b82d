use super::{PlanFinding, PlanRule, Reading, row_misestimate::is_recursive};
use crate::plan::count;

/// Rows thrown away for each that is kept.
const WASTE: f64 = 10.0;
/// Rows from which on it matters.
const LARGE_ROWS: f64 = 10_000.0;
/// Runs from which on a CTE is gone through too often.
const LOOPS: f64 = 100.0;
/// Of the whole.
const SHARE: f64 = 0.1;

inventory::submit! {
    PlanRule { code: "cte-scan", title: "A CTE is computed whole and then searched", guide: "Query Development", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        if node.kind != "CTE Scan" {
            continue;
        }
        let (removed, kept) = (node.removed("Rows Removed by Filter"), node.rows());
        let is_searched = removed + kept >= LARGE_ROWS && removed >= WASTE * kept;
        let is_repeated = node.loops() >= LOOPS && removed + kept >= LARGE_ROWS && reading.share(reading.own(at)) >= SHARE;
        if !is_searched && !is_repeated {
            continue;
        }
        let message = match node.loops() > 1.0 {
            true => format!(
                "{} goes {} times through the rows of the CTE, {} together, and keeps {}.",
                node.name(),
                count(node.loops()),
                count(removed + kept),
                count(kept)
            ),
            false => format!("{} keeps {} of {} rows of the CTE.", node.name(), count(kept), count(removed + kept)),
        };
        let saves = reading.with_below(at) * removed.max(1.0) / (removed + kept).max(1.0);
        let advice = match is_recursive(reading, node) {
            true => "All rows of the recursion are computed before this condition is asked: put it into the first part, or into the join of the second, or keep the rows in an indexed temporary table.",
            false => "Rows of a CTE have no index, and conditions do not reach into it: write NOT MATERIALIZED or a subquery, put the condition into the CTE, or keep the rows in an indexed temporary table.",
        };
        found.push(
            reading
                .finding("cte-scan", at, saves, message, advice.to_owned())
                .about(node.text("Filter")),
        );
    }
}
