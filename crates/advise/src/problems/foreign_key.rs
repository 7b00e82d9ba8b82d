//! Foreign keys without an index: each row that is deleted, or whose key changes, scans the whole table.

use howdah_core::{Applicability, Finding, Fix, Severity, human_bytes};
use howdah_sql::quote_ident;

use super::IndexProblem;
use super::model::{ForeignKey, Model};

/// Rows from which on a scan of the table is felt.
const LEAST_ROWS: u64 = 1_000;

pub(super) fn find(model: &Model) -> Vec<IndexProblem> {
    model
        .foreign_keys
        .iter()
        .filter(|key| key.rows >= LEAST_ROWS)
        .map(problem)
        .collect()
}

fn problem(key: &ForeignKey) -> IndexProblem {
    let columns: Vec<String> = key.columns.iter().map(|column| quote_ident(column)).collect();
    let columns = columns.join(", ");
    let how = if key.is_partitioned {
        "CREATE INDEX"
    } else {
        "CREATE INDEX CONCURRENTLY"
    };
    let is_felt = key.deleted > 0;
    IndexProblem {
        finding: Finding {
            code: "index/foreign-key".to_owned(),
            severity: if is_felt {
                Severity::Warning
            } else {
                Severity::Note
            },
            object: Some(key.table.to_string()),
            span: None,
            message: format!(
                "No index of {} begins with the columns of the foreign key {}: a DELETE in {} scans it once for each row.",
                key.table,
                quote_ident(&key.name),
                key.referenced
            ),
            evidence: vec![
                format!("{} rows, {}", key.rows, human_bytes(key.bytes)),
                format!(
                    "{} rows of {} were deleted and {} updated",
                    key.deleted, key.referenced, key.updated
                ),
            ],
            fix: Some(Fix {
                sql: format!("{how} ON {} ({columns});", key.table),
                applicability: Applicability::Unsafe,
            }),
            guide: None,
        },
        table: key.table.to_string(),
        bytes: key.bytes,
        undo: None,
    }
}
