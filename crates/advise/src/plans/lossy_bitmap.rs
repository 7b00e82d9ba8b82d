use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, memory};

/// Kilobytes that a page of a bitmap takes, with what keeps it.
const PAGE_KB: f64 = 0.1;

inventory::submit! {
    PlanRule { code: "lossy-bitmap", title: "A bitmap did not fit into memory and became coarse", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let (exact, lossy) = (node.number("Exact Heap Blocks"), node.number("Lossy Heap Blocks"));
        // A block range index knows no rows; all that it gives are pages as a whole.
        if lossy <= 0.0 || exact <= 0.0 {
            continue;
        }
        let message = format!(
            "{} remembered {} of {} pages as a whole and tested every row of them again, {} for nothing.",
            node.name(),
            count(lossy),
            count(exact + lossy),
            count(node.removed("Rows Removed by Index Recheck"))
        );
        let wanted = memory((exact + lossy) * PAGE_KB);
        let advice = format!("With work_mem = {wanted} the bitmap tells each row.");
        let saves = reading.own(at) * lossy / (exact + lossy) / 2.0;
        found.push(
            reading
                .finding("lossy-bitmap", at, saves, message, advice)
                .about(node.text("Recheck Cond"))
                .mended_by(format!("SET work_mem = '{wanted}';"), Applicability::Unsafe),
        );
    }
}
