//! Indexes that another does the work of: the same in every respect, or the beginning of it.

use std::collections::BTreeSet;

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
            // That of a partition may be the same as its part of the index of the whole table.
            before.chain(after).filter(|other| other.is_valid)
        };
        if let Some(other) = others().find(|other| is_same(index, other) && gives_way(index, other)) {
            let message = format!("The index {} is the same as {}.", index.name, other.name);
            found.push(problem(index, other, "duplicate", message));
        } else if let Some(other) = others().find(|other| is_beginning(index, other)) {
            let message = format!(
                "The index {} is {} of {}, which serves the same queries.",
                index.name,
                if other.key_count > index.key_count {
                    "the beginning"
                } else {
                    "a part"
                },
                other.name
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
    let set = |index: &Index| index.included().iter().cloned().collect::<BTreeSet<String>>();
    a.method == b.method
        && a.keys() == b.keys()
        && set(a) == set(b)
        && a.classes == b.classes
        && a.collations == b.collations
        && a.options == b.options
        && a.predicate == b.predicate
        // How full the pages of a B-tree are changes nothing of what it serves.
        && (a.storage == b.storage || a.method == "btree")
        && (!a.is_unique || (b.is_unique && a.nulls_not_distinct == b.nulls_not_distinct))
}

/// Of two that are the same, which one goes: never one that a constraint, replication or the whole table needs.
fn gives_way(index: &Index, other: &Index) -> bool {
    let is_bound = |one: &Index| one.has_constraint || one.is_replica_identity || one.is_partition;
    let rank = |one: &Index| (is_bound(one), one.is_unique, one.is_clustered);
    !is_bound(index) && (rank(index), &other.name) < (rank(other), &index.name)
}

/// Whether the keys of a B-tree are the first of another's, in the same order, which holds whatever it carries along; of
/// those that have the same keys one has to carry more.
fn is_beginning(index: &Index, other: &Index) -> bool {
    let keys = index.key_count;
    let starts = |a: &[String], b: &[String]| b.len() >= keys && a.len() >= keys && a[..keys] == b[..keys];
    let is_more = other.key_count > keys || other.included().len() > index.included().len();
    !index.is_needed()
        && index.method == "btree"
        && other.method == "btree"
        && other.key_count >= keys
        && is_more
        && index.predicate == other.predicate
        && starts(&index.parts, &other.parts)
        && starts(&index.classes, &other.classes)
        && starts(&index.collations, &other.collations)
        && starts(&index.options, &other.options)
        && index.included().iter().all(|part| other.parts.contains(part))
}
