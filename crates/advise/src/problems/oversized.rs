//! Indexes that are larger than the table that they are of.

use howdah_core::{Applicability, Fix, Severity, human_bytes};

use super::model::Model;
use super::{IndexProblem, of_index};

/// Bytes from which on it is worth a look.
const LEAST_BYTES: u64 = 100 * 1024 * 1024;

pub(super) fn find(model: &Model) -> Vec<IndexProblem> {
    let large = model.indexes.iter().filter(|index| {
        index.is_valid
            && index.bytes >= LEAST_BYTES
            && index.bytes > index.table_bytes
            && index.table_bytes > 0
    });
    large
        .map(|index| {
            let message = format!(
                "The index {} is larger than its table {}: it holds most of each row, or is bloated.",
                index.name, index.table
            );
            let evidence = vec![
                format!(
                    "{} beside a table of {} with {} rows",
                    human_bytes(index.bytes),
                    human_bytes(index.table_bytes),
                    index.table_rows
                ),
                format!("read {} times: {}", index.scans, index.definition),
            ];
            let fix = Fix {
                sql: format!("REINDEX INDEX CONCURRENTLY {};", index.name),
                applicability: Applicability::Display,
            };
            of_index(index, "oversized", Severity::Note, message, evidence, fix)
        })
        .collect()
}
