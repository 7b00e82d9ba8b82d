use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, memory};

/// Two megabytes (the field's threshold).
const BLOCKS: f64 = 256.0;
/// Kilobytes of a block.
const BLOCK_KB: f64 = 8.0;
/// In memory rows take more room than on the disk.
const MEMORY_FACTOR: f64 = 6.0;

inventory::submit! {
    PlanRule { code: "temp-blocks", title: "Rows that are kept for later went to the disk", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        // Of these other findings tell.
        let is_told = matches!(
            node.kind.as_str(),
            "Sort" | "Incremental Sort" | "Hash" | "Hash Join" | "Aggregate" | "Gather" | "Gather Merge"
        );
        let written = reading.own_detail(at, "Temp Written Blocks");
        if is_told || written < BLOCKS {
            continue;
        }
        let message = format!(
            "{} wrote {} kB of rows to the disk, to read them again.",
            node.name(),
            count(written * BLOCK_KB)
        );
        let wanted = memory(written * BLOCK_KB * MEMORY_FACTOR);
        let advice = match node.kind.as_str() {
            "CTE Scan" => format!("Let the planner see through the CTE (NOT MATERIALIZED), select fewer columns in it, or set work_mem = {wanted}."),
            "Function Scan" => format!("The function gives all its rows before the first is used: ask it for fewer, call it in the select list, or set work_mem = {wanted}."),
            _ => format!("Keep fewer or narrower rows, or set work_mem = {wanted}."),
        };
        found.push(
            reading
                .finding("temp-blocks", at, reading.own(at) / 2.0, message, advice)
                .mended_by(format!("SET work_mem = '{wanted}';"), Applicability::Unsafe),
        );
    }
}
