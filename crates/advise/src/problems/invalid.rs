//! Indexes that a build or a reindex left half done: they are written to and never read.

use howdah_core::{Applicability, Fix, Severity, human_bytes};

use super::model::{Index, Model};
use super::{IndexProblem, dropping, of_index};

pub(super) fn find(model: &Model) -> Vec<IndexProblem> {
    let left = model
        .indexes
        .iter()
        .filter(|index| !index.is_valid && !index.is_in_progress && !index.is_partitioned);
    left.map(problem).collect()
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
