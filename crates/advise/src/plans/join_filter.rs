use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// Pairs thrown away for each that is kept.
const WASTE: f64 = 10.0;
/// Fewer are quickly looked at.
const LEAST_REMOVED: f64 = 10_000.0;

inventory::submit! {
    PlanRule { code: "join-filter", title: "A join tries many pairs of rows that do not fit", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let Some(filter) = node.text("Join Filter") else { continue };
        let (removed, kept) = (node.removed("Rows Removed by Join Filter"), node.rows());
        if removed < LEAST_REMOVED || removed < WASTE * kept {
            continue;
        }
        let message = format!(
            "{} tries {} pairs of rows and keeps {}.",
            node.name(),
            count(removed + kept),
            count(kept)
        );
        let advice = "The condition is no equality that a hash or merge join could use, or no index serves the inner side: join by equality too, or index the inner relation's columns.";
        let saves = reading.with_below(at) * removed / (removed + kept);
        found.push(
            reading
                .finding("join-filter", at, saves, message, advice.to_owned())
                .about(Some(filter))
                .by_an_index(),
        );
    }
}
