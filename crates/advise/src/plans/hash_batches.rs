use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, memory};

inventory::submit! {
    PlanRule { code: "hash-batches", title: "A hash table did not fit into memory", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let batches = node.number("Hash Batches");
        if batches <= 1.0 {
            continue;
        }
        let planned = node.number("Original Hash Batches");
        let more = if planned > 0.0 && batches > planned {
            format!(", where {} were planned: the planner expected fewer rows", count(planned))
        } else {
            String::new()
        };
        let message = format!("{} works in {} batches by way of the disk{more}.", node.name(), count(batches));
        // Both sides of the join go to the disk and come back.
        let join = node.parent.map_or(0.0, |parent| reading.own(parent));
        let saves = (reading.own(at) + join) / 2.0;
        let wanted = memory(node.number("Peak Memory Usage") * batches * 1.25);
        let advice = format!("With work_mem = {wanted} (or hash_mem_multiplier raised as much) it fits. Set it for this statement or role; each of its nodes may take as much.");
        found.push(
            reading
                .finding("hash-batches", at, saves, message, advice)
                .about(node.parent.and_then(|parent| reading.plan.nodes[parent].text("Hash Cond")))
                .mended_by(format!("SET work_mem = '{wanted}';"), Applicability::Unsafe),
        );
    }
}
