use super::{PlanFinding, PlanRule, Reading, order_by_index::is_read_in_order};
use crate::plan::{count, rows};

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
    for (at, node) in reading.nodes() {
        let reads_index = matches!(node.kind.as_str(), "Index Scan" | "Index Only Scan" | "Bitmap Heap Scan");
        let Some(filter) = node.text("Filter").filter(|_| reads_index) else {
            continue;
        };
        let (removed, kept) = (node.removed("Rows Removed by Filter"), node.rows());
        if node.number("Rows Removed by Filter") < LEAST_IN_A_RUN {
            continue;
        }
        if removed < LEAST_REMOVED || removed < WASTE * kept || is_read_in_order(reading, at) {
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
