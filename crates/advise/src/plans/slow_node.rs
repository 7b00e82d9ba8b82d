use std::collections::BTreeMap;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::milliseconds;

const CODE: &str = "slow-node";
/// A finding that would save less of a node's time than this does not say why the node is slow.
const EXPLAINS: f64 = 0.25;
/// The second of the shares that PEV2 marks slow nodes by.
const SHARE: f64 = 0.4;
/// Quicker nodes are nobody's trouble, whatever their share.
const LEAST_MS: f64 = 100.0;

inventory::submit! {
    PlanRule { code: CODE, title: "A node takes most of the time", guide: "Query Optimization", find }
}

/// Takes out the slow nodes of which another finding says why they are slow: one at the node, one above it (as a loop
/// that runs it too often), at the hash table of a join, or of the triggers that a change calls.
pub(super) fn drop_explained(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    let (slow, others): (Vec<PlanFinding>, Vec<PlanFinding>) =
        std::mem::take(found).into_iter().partition(|one| one.code == CODE);
    *found = others;
    let mut at_node: BTreeMap<Option<usize>, Vec<&PlanFinding>> = BTreeMap::new();
    for one in found.iter() {
        at_node.entry(one.node).or_default().push(one);
    }
    let is_explained = |number: usize| {
        let at = number - 1;
        let node = &reading.plan.nodes[at];
        let has = |there: Option<usize>, is_reason: &dyn Fn(&PlanFinding) -> bool| {
            let is_enough = |one: &PlanFinding| one.saves_ms.unwrap_or(0.0) >= EXPLAINS * reading.own(at);
            let there = at_node.get(&there).into_iter().flatten();
            there.into_iter().any(|one| is_enough(one) && is_reason(one))
        };
        // Of what a setting forbids there is no measure.
        let is_forbidden = at_node.get(&Some(number)).is_some_and(|there| there.iter().any(|one| one.code == "disabled-node"));
        is_forbidden
            || has(Some(number), &|_| true)
            || (node.kind == "ModifyTable" && has(None, &|one| one.code == "trigger-time"))
            || node.children.iter().any(|child| has(Some(child + 1), &|one| one.code == "hash-batches"))
            || reading.plan.above(at).any(|above| has(Some(above + 1), &|one| one.code != "row-misestimate"))
    };
    let unexplained: Vec<PlanFinding> =
        slow.into_iter().filter(|one| !one.node.is_some_and(is_explained)).collect();
    found.extend(unexplained);
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
            "Gather" | "Gather Merge" => "All rows of the workers go through one process: a parallel plan pays where few rows come out of it. Filter or group before, or plan without workers (max_parallel_workers_per_gather = 0).",
            _ => "Nothing in the plan says how it could be quicker: read fewer rows, or keep the result.",
        };
        found.push(reading.finding(CODE, at, own, message, advice.to_owned()));
    }
}
