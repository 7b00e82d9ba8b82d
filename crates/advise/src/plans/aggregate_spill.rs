use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, memory};

/// In memory groups take more room than on the disk.
const MEMORY_FACTOR: f64 = 4.0;

inventory::submit! {
    PlanRule { code: "aggregate-spill", title: "The groups of an aggregate did not fit into memory", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        if node.kind != "Aggregate" {
            continue;
        }
        let kilobytes = node.number("Disk Usage") + node.worker_disk_kb;
        if kilobytes <= 0.0 && node.number("HashAgg Batches") <= 1.0 {
            continue;
        }
        let message = format!(
            "{} wrote {} kB of its groups to the disk, in {} batches.",
            node.name(),
            count(kilobytes),
            count(node.number("HashAgg Batches"))
        );
        let kept = node.number("Peak Memory Usage");
        let wanted = memory((kept + kilobytes * MEMORY_FACTOR) / reading.figures.processes[at]);
        let advice = format!("With work_mem = {wanted} (or hash_mem_multiplier raised as much) it stays in memory; grouping by fewer or narrower columns helps as well.");
        found.push(
            reading
                .finding("aggregate-spill", at, reading.own(at) / 2.0, message, advice)
                .about(node.text("Group Key"))
                .mended_by(format!("SET work_mem = '{wanted}';"), Applicability::Unsafe),
        );
    }
}
