//! Indexes that another does the work of: the same in every respect, or the beginning of it.

use howdah_core::{Applicability, Severity, human_bytes};

use super::model::{Index, Model};
use super::{IndexProblem, dropping, of_index};

pub(super) fn find(model: &Model) -> Vec<IndexProblem> {
    let mut found = Vec::new();
    for (at, index) in model.indexes.iter().enumerate() {
        if index.is_partition || !index.is_valid {
            continue;
        }
        // Sorted by table: the others of the same are around it.
        let others = || {
            let before = model.indexes[..at]
                .iter()
                .rev()
                .take_while(|other| other.table == index.table);
            let after = model.indexes[at + 1..]
                .iter()
                .take_while(|other| other.table == index.table);
            before
                .chain(after)
                .filter(|other| other.is_valid && !other.is_partition)
        };
        if let Some(other) = others().find(|other| is_same(index, other) && gives_way(index, other)) {
            let message = format!("The index {} is the same as {}.", index.name, other.name);
            found.push(problem(index, other, "duplicate", message));
        } else if let Some(other) = others().find(|other| is_beginning(index, other)) {
            let message = format!(
                "The index {} is the beginning of {}, which serves the same queries.",
                index.name, other.name
            );
            found.push(problem(index, other, "redundant", message));
        }
    }
    found
}

fn problem(index: &Index, other: &Index, code: &str, message: String) -> IndexProblem {
    let evidence = vec![
        format!(
            "{}, read {} times: {}",
            human_bytes(index.bytes),
            index.scans,
            index.definition
        ),
        format!(
            "{}, read {} times: {}",
            human_bytes(other.bytes),
            other.scans,
            other.definition
        ),
    ];
    of_index(
        index,
        code,
        Severity::Warning,
        message,
        evidence,
        dropping(index, Applicability::Unsafe),
    )
}

fn is_same(a: &Index, b: &Index) -> bool {
    a.method == b.method
        && a.key_count == b.key_count
        && a.parts == b.parts
        && a.classes == b.classes
        && a.collations == b.collations
        && a.options == b.options
        && a.predicate == b.predicate
        && a.storage == b.storage
        && (!a.is_unique || (b.is_unique && a.nulls_not_distinct == b.nulls_not_distinct))
}

/// Of two that are the same, which one goes: never one that a constraint or replication needs.
fn gives_way(index: &Index, other: &Index) -> bool {
    let rank = |one: &Index| {
        (
            one.has_constraint || one.is_replica_identity,
            one.is_unique,
            one.is_clustered,
        )
    };
    let is_free = !index.has_constraint && !index.is_replica_identity;
    is_free && (rank(index), &other.name) < (rank(other), &index.name)
}

/// Whether the keys of a B-tree are the first of another's, in the same order.
fn is_beginning(index: &Index, other: &Index) -> bool {
    let keys = index.key_count;
    let starts = |a: &[String], b: &[String]| b.len() >= keys && a.len() >= keys && a[..keys] == b[..keys];
    !index.is_needed()
        && index.method == "btree"
        && other.method == "btree"
        && other.key_count > keys
        && index.predicate == other.predicate
        && starts(&index.parts, &other.parts)
        && starts(&index.classes, &other.classes)
        && starts(&index.collations, &other.collations)
        && starts(&index.options, &other.options)
        && index.parts[keys..].iter().all(|part| other.parts.contains(part))
}
