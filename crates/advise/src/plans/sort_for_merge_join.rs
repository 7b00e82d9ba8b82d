use super::{PlanFinding, PlanRule, Reading, top_n_sort::comes_from_relations};
use crate::plan::count;

/// Fewer rows are sorted in no time.
const LEAST_ROWS: f64 = 100.0;

inventory::submit! {
    PlanRule { code: "sort-for-merge-join", title: "Rows are sorted for a merge join", guide: "Index Strategy", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        if node.kind != "Merge Join" {
            continue;
        }
        for input in reading.plan.inputs(at) {
            // A side that is gone through again may be kept above its sort.
            let sorted = match reading.plan.nodes[input].kind.as_str() {
                "Materialize" | "Gather Merge" => reading.input(input).map(|(below, _)| below),
                _ => Some(input),
            };
            let Some(sorted) = sorted.filter(|at| matches!(reading.plan.nodes[*at].kind.as_str(), "Sort" | "Incremental Sort")) else {
                continue;
            };
            let below = &reading.plan.nodes[sorted];
            let rows = match below.actual {
                Some(_) => reading.input(sorted).map_or(0.0, |(_, input)| input.rows()),
                None => below.plan_rows,
            };
            if rows < LEAST_ROWS {
                continue;
            }
            let message = format!("{} rows are sorted for {}.", count(rows), node.name());
            let is_of_table = reading.input(sorted).is_some_and(|(from, _)| comes_from_relations(reading, from));
            let advice = match is_of_table {
                true => "An index on the join's columns gives the rows in this order; with enough work_mem a hash join needs no order.",
                false => "What is sorted is computed, so that no index gives its order: with enough work_mem, and right estimates, a hash join needs none.",
            };
            let mut finding = reading
                .finding("sort-for-merge-join", sorted, reading.own(sorted), message, advice.to_owned())
                .about(below.text("Sort Key"));
            finding.wants_index = is_of_table;
            found.push(finding);
        }
    }
}
