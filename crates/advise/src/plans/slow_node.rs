use super::{PlanFinding, PlanRule, Reading};
use crate::plan::milliseconds;

/// What other findings take the place of, where they say why.
pub(super) const CODE: &str = "slow-node";
/// The second of the shares that PEV2 marks slow nodes by.
const SHARE: f64 = 0.4;
/// Quicker nodes are nobody's trouble, whatever their share.
const LEAST_MS: f64 = 100.0;

inventory::submit! {
    PlanRule { code: CODE, title: "A node takes most of the time", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    if reading.plan.total_ms().is_none() {
        return;
    }
    for (at, node) in reading.nodes() {
        let own = reading.own(at);
        if own < LEAST_MS || reading.share(own) < SHARE {
            continue;
        }
        let message = format!(
            "{} takes {} by itself, {:.0} % of the whole.",
            node.name(),
            milliseconds(own),
            100.0 * reading.share(own)
        );
        let advice = match node.kind.as_str() {
            "Seq Scan" => "It reads the whole table, as the statement asks for most of it: read fewer rows or columns, or keep the result.",
            "Aggregate" | "WindowAgg" | "Sort" => "What it works on is much: filter before, or keep the result where it is asked for again and again.",
            "Function Scan" | "Result" | "ProjectSet" => "The time is spent in a function: look into that.",
            _ => "Nothing in the plan says how it could be quicker: read fewer rows, or keep the result.",
        };
        found.push(reading.finding(CODE, at, own, message, advice.to_owned()));
    }
}
