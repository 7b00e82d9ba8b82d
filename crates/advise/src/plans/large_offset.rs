use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// Rows that are passed over.
const LARGE: f64 = 1_000.0;

inventory::submit! {
    PlanRule { code: "large-offset", title: "OFFSET passes over many rows", guide: "Query Development", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let Some((_, input)) = reading.input(at).filter(|_| node.kind == "Limit" && node.loops() > 0.0) else {
            continue;
        };
        // A LIMIT asks for no more rows than those that it passes over and those that it gives.
        let passed = (input.rows() - node.rows()) / node.loops();
        if passed < LARGE {
            continue;
        }
        let message = format!(
            "{} rows are computed and passed over by OFFSET for {} that are given.",
            count(passed),
            count(node.rows() / node.loops())
        );
        let saves = reading.with_below(at) * passed * node.loops() / input.rows().max(1.0);
        let advice = "Remember the last row of the page before and ask for what follows it: WHERE (sorted columns) > (its values) ORDER BY … LIMIT n, with an index in this order.";
        found.push(reading.finding("large-offset", at, saves, message, advice.to_owned()));
    }
}
