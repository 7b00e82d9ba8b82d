use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// Rows thrown away for each that is kept.
const WASTE: f64 = 10.0;
/// Fewer are quickly looked at.
const LEAST_REMOVED: f64 = 1_000.0;

inventory::submit! {
    PlanRule { code: "index-recheck", title: "An index gives many rows that do not fit", guide: "Index Strategy", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let (removed, kept) = (node.removed("Rows Removed by Index Recheck"), node.rows());
        // Of a bitmap that became coarse another finding tells.
        let is_coarse = node.number("Lossy Heap Blocks") > 0.0 && node.number("Exact Heap Blocks") > 0.0;
        if removed < LEAST_REMOVED || removed < WASTE * kept || is_coarse {
            continue;
        }
        let message = format!(
            "The index gives {} {} rows, of which {} fit.",
            node.name(),
            count(removed + kept),
            count(kept + node.removed("Rows Removed by Filter"))
        );
        let saves = reading.with_below(at) * removed / (removed + kept);
        let advice = "The index only tells what may fit: a longer pattern or a more selective condition, jsonb_ops or jsonb_path_ops as the question is, a B-tree on what is compared, or narrower ranges of a BRIN index (pages_per_range) make it tell more.";
        found.push(
            reading
                .finding("index-recheck", at, saves, message, advice.to_owned())
                .about(node.text("Recheck Cond").or(node.text("Index Cond"))),
        );
    }
}
