use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// Rows from which on a table is large (the field's threshold).
const LARGE_ROWS: f64 = 10_000.0;
/// Rows thrown away for each that is kept.
const WASTE: f64 = 10.0;
/// What reading a row costs at least, page and condition included, in the planner's unit: a scan of 300 rows a page.
const ROW_COST: f64 = 0.03;

inventory::submit! {
    PlanRule { code: "seq-scan-filter", title: "A large table is read for a few of its rows", guide: "Finding Missing Indexes", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let Some(filter) = node.text("Filter").filter(|_| node.kind == "Seq Scan") else {
            continue;
        };
        let (read, kept, about) = match node.actual {
            Some(actual) if actual.loops > 0.0 => {
                let kept = node.rows();
                (kept + node.removed("Rows Removed by Filter"), kept, "")
            }
            Some(_) => continue,
            None => {
                let known = reading.relation(node).map(|facts| facts.rows).filter(|rows| *rows > 0.0);
                let by_cost = node.cost.map_or(0.0, |(start, end)| (end - start) / ROW_COST);
                (known.unwrap_or(by_cost), node.plan_rows, "about ")
            }
        };
        if read <= LARGE_ROWS || read - kept < WASTE * kept {
            continue;
        }
        let times = if node.loops() > 1.0 && reading.figures.processes[at] < node.loops() {
            format!(" in {} runs", count(node.loops() / reading.figures.processes[at]))
        } else {
            String::new()
        };
        let message = format!(
            "{} reads {about}{} rows{times} and keeps {about}{}.",
            node.name(),
            count(read),
            count(kept)
        );
        let saves = reading.own(at) * (read - kept) / read;
        let advice = "An index on what the filter asks for lets it read those rows alone.".to_owned();
        found.push(
            reading
                .finding("seq-scan-filter", at, saves, message, advice)
                .about(Some(filter))
                .by_an_index(),
        );
    }
}
