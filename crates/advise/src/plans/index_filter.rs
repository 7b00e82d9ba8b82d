use std::collections::BTreeMap;

use super::{PlanFinding, PlanRule, Reading, order_by_index::is_read_in_order};
use crate::plan::{Node, count, rows};

/// Rows thrown away for each that is kept.
const WASTE: f64 = 10.0;
/// Fewer are quickly looked at.
const LEAST_REMOVED: f64 = 1_000.0;
/// In each run: of a look-up by a key no other index would throw away less.
const LEAST_IN_A_RUN: f64 = 10.0;

inventory::submit! {
    PlanRule { code: "index-filter", title: "An index finds many rows that a filter then throws away", guide: "Index Strategy", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    // Of a partitioned table all partitions count together.
    let mut together: BTreeMap<usize, f64> = BTreeMap::new();
    for (at, node) in reading.nodes().filter(|(_, node)| reads_index(node)) {
        if let Some(append) = reading.plan.append_of(at) {
            *together.entry(append).or_default() += node.removed("Rows Removed by Filter");
        }
    }
    for (at, node) in reading.nodes() {
        let Some(filter) = node.text("Filter").filter(|_| reads_index(node)) else {
            continue;
        };
        let (removed, kept) = (node.removed("Rows Removed by Filter"), node.rows());
        if node.number("Rows Removed by Filter") < LEAST_IN_A_RUN {
            continue;
        }
        let append = reading.plan.append_of(at).and_then(|append| together.get(&append));
        let all_removed = append.copied().unwrap_or(removed);
        if all_removed < LEAST_REMOVED || removed < WASTE * kept || is_read_in_order(reading, at) {
            continue;
        }
        let message = format!(
            "{} finds {}, of which the filter keeps {}.",
            node.name(),
            rows(removed + kept),
            count(kept)
        );
        let saves = reading.with_below(at) * removed / (removed + kept);
        let advice = "An index that has the filter's columns too, or holds these rows alone (WHERE …), finds what is wanted at once.";
        found.push(
            reading
                .finding("index-filter", at, saves, message, advice.to_owned())
                .about(Some(filter))
                .by_an_index(),
        );
    }
}

fn reads_index(node: &Node) -> bool {
    matches!(node.kind.as_str(), "Index Scan" | "Index Only Scan" | "Bitmap Heap Scan")
}
