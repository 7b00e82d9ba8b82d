use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// Eight megabytes.
const BLOCKS: f64 = 1_000.0;
/// The part of the blocks that was not in the cache.
const PART: f64 = 0.5;

inventory::submit! {
    PlanRule { code: "cache-misses", title: "Most of what a node reads was not in the cache", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    // Where the waiting was measured, that says more.
    if reading.nodes().any(|(_, node)| node.number("Shared I/O Read Time") > 0.0) {
        return;
    }
    for (at, node) in reading.nodes() {
        let (hit, read) = (
            reading.own_detail(at, "Shared Hit Blocks"),
            reading.own_detail(at, "Shared Read Blocks"),
        );
        if read < BLOCKS || read < PART * (hit + read) {
            continue;
        }
        let message = format!(
            "{} read {} of {} blocks from outside of the server's cache.",
            node.name(),
            count(read),
            count(hit + read)
        );
        let advice = "Run it again: if the blocks are in the cache then, it was cold. Else what is in use is larger than shared_buffers; track_io_timing = on tells what the waiting costs. Reading less is the best cure.";
        found.push(reading.finding("cache-misses", at, reading.own(at) / 2.0, message, advice.to_owned()));
    }
}
