use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, rows};

/// Rows thrown away for each that is kept.
const WASTE: f64 = 10.0;
/// Fewer are quickly looked at.
const LEAST_REMOVED: f64 = 1_000.0;

inventory::submit! {
    PlanRule { code: "order-by-index", title: "The index was chosen for ORDER BY … LIMIT and finds the rows late", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let Some(filter) = node.text("Filter").filter(|_| is_read_in_order(reading, at)) else {
            continue;
        };
        let (removed, kept) = (node.removed("Rows Removed by Filter"), node.rows());
        if removed < LEAST_REMOVED || removed < WASTE * kept {
            continue;
        }
        let message = format!(
            "{} goes through the index in the order that LIMIT wants and passes {} until it has {}.",
            node.name(),
            rows(removed),
            count(kept)
        );
        let saves = reading.own(at) * removed / (removed + kept);
        let advice = "The planner hoped to meet the rows soon. An index with the filter's columns first and then those of ORDER BY gives them at once.";
        found.push(
            reading
                .finding("order-by-index", at, saves, message, advice.to_owned())
                .about(Some(filter))
                .by_an_index(),
        );
    }
}

/// Whether a scan goes through a whole index in its order, for a LIMIT above that takes the first rows.
pub(super) fn is_read_in_order(reading: &Reading<'_>, at: usize) -> bool {
    let node = &reading.plan.nodes[at];
    // A min() or max() only asks for rows that have a value.
    let is_whole = node
        .text("Index Cond")
        .is_none_or(|condition| condition.ends_with(" IS NOT NULL)") && !condition.contains(" AND "));
    if !matches!(node.kind.as_str(), "Index Scan" | "Index Only Scan") || !is_whole {
        return false;
    }
    for above in reading.plan.above(at) {
        let node = &reading.plan.nodes[above];
        match node.kind.as_str() {
            "Limit" => return true,
            "Sort" | "Hash" | "Hash Join" | "ModifyTable" => return false,
            // It takes in everything before it gives the first row.
            "Aggregate" if node.text("Strategy") != Some("Sorted") => return false,
            _ => {}
        }
    }
    false
}
