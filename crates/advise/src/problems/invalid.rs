//! Indexes that a build or a reindex left half done: they are written to and never read.

use howdah_core::{Applicability, Fix, Severity, human_bytes};

use super::model::{Index, Model};
use super::{IndexProblem, dropping, of_index};

pub(super) fn find(model: &Model) -> Vec<IndexProblem> {
    let left = model
        .indexes
        .iter()
        .filter(|index| !index.is_valid && !index.is_in_progress);
    left.map(|index| match index.is_partitioned {
        true => incomplete(index),
        false => problem(index),
    })
    .collect()
}

/// That of a partitioned table is invalid as long as a partition has no part of it; each new partition gets one.
fn incomplete(index: &Index) -> IndexProblem {
    let message = format!(
        "The index {} of a partitioned table is invalid: a partition has no part of it, or an invalid one.",
        index.name
    );
    let evidence = vec![
        "Partitions that have their part are read by it all the same".to_owned(),
        index.definition.clone(),
    ];
    let fix = Fix {
        sql: format!(
            "CREATE INDEX CONCURRENTLY part ON partition …; ALTER INDEX {} ATTACH PARTITION part;",
            index.name
        ),
        applicability: Applicability::Display,
    };
    of_index(index, "invalid", Severity::Note, message, evidence, fix)
}

fn problem(index: &Index) -> IndexProblem {
    // What REINDEX CONCURRENTLY leaves behind is a copy beside the index itself.
    let is_copy = index
        .name
        .name
        .rsplit_once("_cc")
        .is_some_and(|(_, rest)| rest.starts_with("new") || rest.starts_with("old"));
    let fix = match is_copy || !index.is_needed() && !index.is_ready {
        true => dropping(index, Applicability::Unsafe),
        false => Fix {
            sql: format!("REINDEX INDEX CONCURRENTLY {};", index.name),
            applicability: Applicability::Unsafe,
        },
    };
    let written = if index.is_ready {
        "every write to the table keeps it up"
    } else {
        "nothing is written to it"
    };
    let evidence = vec![
        format!("{} on {}; {written}", human_bytes(index.bytes), index.table),
        index.definition.clone(),
    ];
    let message = format!(
        "The index {} is invalid: a concurrent build or reindex failed, and no query reads it.",
        index.name
    );
    of_index(index, "invalid", Severity::Warning, message, evidence, fix)
}
