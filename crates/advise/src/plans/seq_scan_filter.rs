use std::collections::BTreeMap;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, is_of_subqueries};

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
    let scans: Vec<(usize, Scan<'_>)> = reading.nodes().filter_map(|(at, _)| Some((at, scan(reading, at)?))).collect();
    // Of a partitioned table all partitions count together.
    let mut together: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (at, scan) in &scans {
        if let Some(append) = reading.plan.append_of(*at) {
            let sum = together.entry(append).or_default();
            *sum = (sum.0 + scan.read, sum.1 + scan.kept);
        }
    }
    for (at, Scan { filter, read, kept, about }) in scans {
        let node = &reading.plan.nodes[at];
        let append = reading.plan.append_of(at).and_then(|append| together.get(&append));
        let (all_read, all_kept) = append.copied().unwrap_or((read, kept));
        if all_read <= LARGE_ROWS || all_read - all_kept < WASTE * all_kept || read - kept < WASTE * kept {
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
        let saves = reading.own(at) * (read - kept) / read.max(1.0);
        let advice = "An index on what the filter asks for lets it read those rows alone.".to_owned();
        found.push(
            reading
                .finding("seq-scan-filter", at, saves, message, advice)
                .about(Some(filter))
                .by_an_index(),
        );
    }
}

/// What a scan of a whole table read and kept.
struct Scan<'a> {
    filter: &'a str,
    read: f64,
    kept: f64,
    /// That it is an estimate.
    about: &'static str,
}

fn scan<'a>(reading: &Reading<'a>, at: usize) -> Option<Scan<'a>> {
    let node = &reading.plan.nodes[at];
    // No index tells what a subquery will say.
    let filter = node.text("Filter").filter(|filter| node.kind == "Seq Scan" && !is_of_subqueries(filter))?;
    let (read, kept, about) = match node.actual {
        Some(actual) if actual.loops > 0.0 => {
            let kept = node.rows();
            (kept + node.removed("Rows Removed by Filter"), kept, "")
        }
        Some(_) => return None,
        None => {
            let known = reading.relation(node).map(|facts| facts.rows).filter(|rows| *rows > 0.0);
            let by_cost = node.cost.map_or(0.0, |(start, end)| (end - start) / ROW_COST);
            (known.unwrap_or(by_cost), node.plan_rows, "about ")
        }
    };
    Some(Scan { filter, read, kept, about })
}
