use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, memory};

/// In memory rows take more room than on the disk.
const MEMORY_FACTOR: f64 = 4.0;

inventory::submit! {
    PlanRule { code: "sort-spill", title: "A sort went to the disk", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        if node.kind != "Sort" && node.kind != "Incremental Sort" {
            continue;
        }
        let own = match node.text("Sort Space Type") {
            Some("Disk") => node.number("Sort Space Used"),
            _ => 0.0,
        };
        let kilobytes = own + node.worker_disk_kb;
        if kilobytes <= 0.0 {
            continue;
        }
        let message = format!("{} sorted {} kB on the disk.", node.name(), count(kilobytes));
        // Each process has a work_mem of its own.
        let wanted = memory(kilobytes * MEMORY_FACTOR / reading.figures.processes[at]);
        let advice = format!("With work_mem = {wanted} it sorts in memory; an index in this order needs no sort. Sorting fewer or narrower rows helps as well.");
        found.push(
            reading
                .finding("sort-spill", at, reading.own(at) / 2.0, message, advice)
                .about(node.text("Sort Key"))
                .mended_by(format!("SET work_mem = '{wanted}';"), Applicability::Unsafe),
        );
    }
}
