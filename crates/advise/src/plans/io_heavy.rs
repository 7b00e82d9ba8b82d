use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, milliseconds};

/// The part of a node's time that is spent waiting for the storage.
const PART: f64 = 0.5;
/// Of the whole.
const SHARE: f64 = 0.1;
/// Less is an accident.
const LEAST_MS: f64 = 1.0;

inventory::submit! {
    PlanRule { code: "io-heavy", title: "A node waits for the storage", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    if reading.plan.total_ms().is_none() {
        return;
    }
    for (at, node) in reading.nodes() {
        let waited = reading.own_detail(at, "Shared I/O Read Time") / reading.figures.processes[at];
        let own = reading.own(at);
        if waited < LEAST_MS || waited < PART * own || reading.share(waited) < SHARE {
            continue;
        }
        let message = format!(
            "{} waits {} of {} for {} blocks from the storage.",
            node.name(),
            milliseconds(waited),
            milliseconds(own),
            count(reading.own_detail(at, "Shared Read Blocks"))
        );
        let advice = "Run it again: if it is quick then, the cache was cold or is too small for what is in use. Else read less: an index that holds the columns needed, fewer rows, a table without bloat.";
        found.push(reading.finding("io-heavy", at, waited, message, advice.to_owned()));
    }
}
