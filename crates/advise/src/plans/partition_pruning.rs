use std::collections::BTreeSet;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// Partitions from which on it matters.
const LEAST_PARTITIONS: usize = 4;
/// The part of them that gave nothing.
const PART: f64 = 0.5;

inventory::submit! {
    PlanRule { code: "partition-pruning", title: "Partitions are searched that hold nothing of what is asked for", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        if !matches!(node.kind.as_str(), "Append" | "Merge Append") || node.loops() == 0.0 {
            continue;
        }
        let scans: Vec<usize> = reading
            .plan
            .inputs(at)
            .filter_map(|input| scanned(reading, input))
            .filter(|scan| reading.plan.nodes[*scan].loops() > 0.0)
            // What UNION ALL joins are no partitions.
            .filter(|scan| reading.plan.append_of(*scan) == Some(at))
            .collect();
        let relations: BTreeSet<_> = scans.iter().map(|scan| reading.plan.nodes[*scan].relation.as_deref()).collect();
        let empty: Vec<usize> = scans
            .iter()
            .copied()
            // Of several runs the average is printed, which is 0 where few of them gave a row.
            .filter(|scan| {
                let node = &reading.plan.nodes[*scan];
                node.rows() == 0.0 && node.loops() <= reading.figures.processes[*scan]
            })
            .collect();
        let is_much = relations.len() >= LEAST_PARTITIONS && empty.len() as f64 >= PART * scans.len() as f64;
        // All empty: nothing was there at all, and none could have been left out for the others.
        let conditions: Vec<&str> = scans.iter().filter_map(|scan| condition(reading, *scan)).collect();
        if !is_much || empty.len() == scans.len() || conditions.len() < scans.len() || relations.len() < scans.len() {
            continue;
        }
        let message = format!(
            "{} searches {} partitions, of which {} have nothing of what is asked for.",
            node.name(),
            scans.len(),
            empty.len()
        );
        let saves: f64 = empty.iter().map(|scan| reading.with_below(*scan)).sum();
        let advice = format!(
            "Ask by the partition key too, compared to a constant or parameter of its own type, so that the other {} are left out.",
            count(empty.len() as f64)
        );
        found.push(
            reading
                .finding("partition-pruning", at, saves, message, advice)
                .about(conditions.first().copied()),
        );
    }
}

/// The scan that an input of an Append is, below a sort or the like.
fn scanned(reading: &Reading<'_>, input: usize) -> Option<usize> {
    let mut at = input;
    loop {
        let node = &reading.plan.nodes[at];
        if node.is_scan() {
            return (node.relation.is_some() && node.kind != "Function Scan" && node.kind != "CTE Scan").then_some(at);
        }
        at = match node.kind.as_str() {
            "Sort" | "Incremental Sort" | "Result" => reading.input(at)?.0,
            _ => return None,
        };
    }
}

fn condition<'a>(reading: &Reading<'a>, scan: usize) -> Option<&'a str> {
    let node = &reading.plan.nodes[scan];
    ["Filter", "Index Cond", "Recheck Cond"].iter().find_map(|name| node.text(name))
}
