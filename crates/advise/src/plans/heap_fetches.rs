use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// The first of the shares that PEV2 marks.
const SHARE: f64 = 0.1;
/// Fewer are quickly done.
const LEAST: f64 = 100.0;

inventory::submit! {
    PlanRule { code: "heap-fetches", title: "An index-only scan looks into the table all the same", guide: "Autovacuum Monitoring", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let fetches = node.number("Heap Fetches");
        let rows = node.rows() + node.removed("Rows Removed by Filter");
        // Rows that nobody sees any more are fetched as well.
        let share = fetches / rows.max(fetches).max(1.0);
        if fetches < LEAST || share < SHARE {
            continue;
        }
        let message = format!(
            "{} had to look up {} of {} rows in the table, as it is not known whether they can be seen by all.",
            node.name(),
            count(fetches),
            count(rows.max(fetches))
        );
        let advice = "VACUUM notes which pages hold only rows that all can see. Where that does not last, let autovacuum come more often (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor).";
        let mut finding = reading.finding("heap-fetches", at, reading.own(at) * share, message, advice.to_owned());
        if let Some(relation) = node.relation_in_sql() {
            finding = finding.mended_by(format!("VACUUM {relation};"), Applicability::Safe);
        }
        found.push(finding);
    }
}
