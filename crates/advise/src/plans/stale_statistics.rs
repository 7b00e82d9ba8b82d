use std::collections::BTreeSet;

use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading, row_misestimate::wrong_by};
use crate::plan::{count, rows};

/// By default autovacuum analyses a table when a tenth of its rows changed.
const CHANGED_SHARE: f64 = 0.1;
/// And its least number of rows.
const CHANGED_ROWS: f64 = 50.0;

inventory::submit! {
    PlanRule { code: "stale-statistics", title: "The statistics of a table are out of date", guide: "Autovacuum Monitoring", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    let mut told: BTreeSet<Option<String>> = BTreeSet::new();
    for (at, node) in reading.nodes() {
        let Some(factor) = wrong_by(reading, at) else { continue };
        if !is_stale(reading, at) || told.contains(&node.relation_in_sql()) {
            continue;
        }
        told.insert(node.relation_in_sql());
        let why = match reading.relation(node) {
            Some(facts) if !facts.analyzed => " It was never analysed.".to_owned(),
            Some(facts) if facts.changed > 0.0 => {
                format!(" Since it was analysed {} rows changed.", count(facts.changed))
            }
            _ => String::new(),
        };
        let seen = node.actual.map_or(0.0, |actual| actual.rows);
        let message = format!(
            "{} gave {} where the statistics let expect {}, {}× {}.{why}",
            node.name(),
            rows(seen),
            count(node.plan_rows),
            count(factor),
            if seen > node.plan_rows { "more" } else { "fewer" }
        );
        let above = reading.above(at);
        let advice = "Analyse the table; where that happens again, let autovacuum analyse it more often (autovacuum_analyze_scale_factor), and analyse after bulk loads.";
        let mut finding = reading.finding("stale-statistics", at, above, message, advice.to_owned());
        if let Some(relation) = node.relation_in_sql() {
            finding = finding.mended_by(format!("ANALYZE {relation};"), Applicability::Safe);
        }
        found.push(finding);
    }
}

/// Whether a node that was misestimated was so because its table has changed: without a condition only the size of
/// the table can be wrong, and of a table the server tells what changed.
pub(super) fn is_stale(reading: &Reading<'_>, at: usize) -> bool {
    let node = &reading.plan.nodes[at];
    let is_table = matches!(
        node.kind.as_str(),
        "Seq Scan" | "Index Scan" | "Index Only Scan" | "Bitmap Heap Scan"
    );
    if !is_table {
        return false;
    }
    if let Some(facts) = reading.relation(node) {
        return !facts.analyzed || facts.changed >= CHANGED_ROWS + CHANGED_SHARE * facts.rows;
    }
    ["Filter", "Index Cond", "Recheck Cond"].iter().all(|name| node.text(name).is_none())
}
