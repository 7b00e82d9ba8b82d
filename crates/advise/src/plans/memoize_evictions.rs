use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, memory};

/// The part of the look-ups after which an entry was thrown out.
const PART: f64 = 0.1;
/// Fewer are an accident.
const LEAST: f64 = 100.0;

inventory::submit! {
    PlanRule { code: "memoize-evictions", title: "A cache of look-ups is too small", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let (hits, misses) = (node.number("Cache Hits"), node.number("Cache Misses"));
        let lost = node.number("Cache Evictions") + node.number("Cache Overflows");
        if lost < LEAST || lost < PART * (hits + misses) {
            continue;
        }
        let message = format!(
            "{} threw out {} of its entries for others: {} of {} look-ups were found.",
            node.name(),
            count(lost),
            count(hits),
            count(hits + misses)
        );
        let kept = misses - lost;
        let wanted = memory(node.number("Peak Memory Usage") * misses / kept.max(1.0));
        let advice = format!("With work_mem = {wanted} (or hash_mem_multiplier raised as much) it keeps them all; where few are asked for twice, enable_memoize = off for this statement, or a hash join.");
        found.push(
            reading
                .finding("memoize-evictions", at, reading.with_below(at) / 2.0, message, advice)
                .about(node.text("Cache Key"))
                .mended_by(format!("SET work_mem = '{wanted}';"), Applicability::Unsafe),
        );
    }
}
