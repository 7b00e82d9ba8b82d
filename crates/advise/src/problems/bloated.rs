//! B-trees that take far more room than their entries need.

use howdah_core::{Applicability, Fix, Severity, human_bytes};
use howdah_pg::Session;
use howdah_pg::catalog::{Query, Reading};

use super::model::{Index, Model};
use super::{IndexProblem, of_index};

/// Bytes from which on it is worth a look.
const LEAST_BYTES: u64 = 16 * 1024 * 1024;
/// The share that is empty from which on rebuilding pays: a B-tree in use is about a third empty.
const LEAST_SHARE: f64 = 0.5;
/// What is measured is read from end to end: the few largest suspects, none larger than this.
const MEASURED_MAX: usize = 5;
const MEASURED_MAX_BYTES: u64 = 1024 * 1024 * 1024;

pub(super) async fn find(
    session: &mut Session,
    model: &Model,
    notes: &mut Vec<String>,
) -> howdah_core::Result<Vec<IndexProblem>> {
    let mut suspects: Vec<(&Index, f64)> = model
        .indexes
        .iter()
        .filter_map(|index| Some((index, estimated(index)?)))
        .collect();
    suspects.retain(|(_, share)| *share >= LEAST_SHARE);
    suspects.sort_by_key(|(index, _)| std::cmp::Reverse(index.bytes));
    if !suspects.is_empty() && model.pgstattuple.is_none() {
        notes.push(
            "Bloat is estimated from the statistics: with the extension pgstattuple it is measured."
                .to_owned(),
        );
    }
    let mut found = Vec::new();
    for (place, (index, estimate)) in suspects.into_iter().enumerate() {
        let mut share = estimate;
        let mut how = "estimated from the statistics";
        if let Some(schema) = &model.pgstattuple
            && place < MEASURED_MAX
            && index.bytes <= MEASURED_MAX_BYTES
            && let Some(measured) = measured(session, schema, index).await?
        {
            share = measured;
            how = "measured by pgstattuple";
        }
        if share < LEAST_SHARE {
            continue;
        }
        let wasted = (index.bytes as f64 * share) as u64;
        let message = format!(
            "The index {} is mostly empty: rebuilding it gives back {}.",
            index.name,
            human_bytes(wasted)
        );
        let evidence = vec![format!(
            "{} with {} entries, {:.0} % of it empty, {how}",
            human_bytes(index.bytes),
            index.tuples,
            share * 100.0
        )];
        let fix = Fix {
            sql: format!("REINDEX INDEX CONCURRENTLY {};", index.name),
            applicability: Applicability::Unsafe,
        };
        let mut problem = of_index(index, "bloated", Severity::Note, message, evidence, fix);
        problem.bytes = wasted;
        found.push(problem);
    }
    Ok(found)
}

/// The share that is empty, from the widths that ANALYZE found. Duplicates are stored in less, never in more.
fn estimated(index: &Index) -> Option<f64> {
    if index.method != "btree" || index.bytes < LEAST_BYTES || index.is_partitioned || index.tuples == 0 {
        return None;
    }
    let width = (index.width? / 8.0).ceil() * 8.0;
    let full = index.tuples as f64 * (12.0 + width) / 0.9 * 1.02 + 16_384.0;
    Some((1.0 - full / index.bytes as f64).max(0.0))
}

/// None where this role may not, or it takes too long.
async fn measured(session: &mut Session, schema: &str, index: &Index) -> howdah_core::Result<Option<f64>> {
    let sql = include_str!("../../queries/problems/density.sql").replace("{schema}", schema);
    let name = index.name.to_string();
    let params = [Some(name.as_str())];
    let read = Reading::of(session)
        .statement_timeout_ms(5_000)
        .lock_timeout_ms(200)
        .as_far_as_possible(&[Query::new(&sql, &params)])
        .await?;
    let row = read.rows.first().and_then(|rows| rows.first());
    // What a freshly built one has free is no waste.
    Ok(row
        .and_then(|row| row.parse::<f64>(0))
        .map(|density| (1.0 - density / 90.0).max(0.0)))
}
