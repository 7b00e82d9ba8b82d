use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// Rows that are looked at for the first few (the field's threshold).
const LARGE_ROWS: f64 = 1_000.0;

inventory::submit! {
    PlanRule { code: "top-n-sort", title: "Many rows are read for the first few of their order", guide: "Index Strategy", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        // Workers sort each their part.
        let above = reading.plan.above(at).map(|above| &reading.plan.nodes[above]).find(|above| above.kind != "Gather Merge");
        let limit = above.filter(|above| above.kind == "Limit");
        let is_first_few = match node.actual {
            // WITH TIES, and where the first few are many, all are sorted.
            Some(_) => {
                let read = reading.input(at).map_or(0.0, |(_, input)| input.rows());
                node.text("Sort Method") == Some("top-N heapsort") || limit.is_some_and(|limit| limit.rows() > 0.0 && limit.rows() * 10.0 <= read)
            }
            None => limit.is_some_and(|limit| limit.plan_rows * 10.0 <= node.plan_rows),
        };
        let Some((below, input)) = reading.input(at).filter(|_| node.kind == "Sort" && is_first_few) else {
            continue;
        };
        // For each row of a loop the few that belong to it are sorted: those of one run count.
        let runs = (node.loops() / reading.figures.processes[at]).max(1.0);
        let rows = if node.actual.is_some() { input.rows() / runs } else { input.plan_rows };
        if rows < LARGE_ROWS || !comes_from_relations(reading, below) {
            continue;
        }
        let message = format!(
            "{} rows are read and compared for the first {} of their order.",
            count(rows),
            count(match node.actual {
                Some(actual) => actual.rows,
                None => limit.map_or(0.0, |limit| limit.plan_rows),
            })
        );
        let saves = reading.own(at) + reading.own(below);
        let advice = "An index in this order, behind the columns that are filtered by equality, gives the first rows at once.";
        found.push(
            reading
                .finding("top-n-sort", at, saves, message, advice.to_owned())
                .about(node.text("Sort Key"))
                .by_an_index(),
        );
    }
}

/// Whether rows reach a sort as they are in tables: of groups and of what is computed there is no index.
pub(super) fn comes_from_relations(reading: &Reading<'_>, at: usize) -> bool {
    let mut at = at;
    loop {
        let node = &reading.plan.nodes[at];
        let is_table = node.is_scan() && !matches!(node.kind.as_str(), "Function Scan" | "Values Scan" | "CTE Scan" | "WorkTable Scan");
        if is_table {
            return true;
        }
        match (node.kind.as_str(), reading.input(at)) {
            (
                "Nested Loop" | "Hash Join" | "Merge Join" | "Gather" | "Append" | "Merge Append" | "Materialize" | "Incremental Sort" | "Result" | "Subquery Scan" | "Memoize",
                Some((below, _)),
            ) => at = below,
            _ => return false,
        }
    }
}
