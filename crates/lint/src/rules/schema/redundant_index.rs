use howdah_core::{Severity, human_bytes};

use crate::schema::{Found, Index, Review, TableKind, beside};

crate::schema_rule!("schema/redundant-index", "Index Strategy: Never Index");

/// How many times as large the wider index may be before the narrower is worth its own pages.
const MUCH_LARGER: u64 = 3;

fn check(review: &Review<'_>, found: &mut Found) {
    for table in &review.model.tables {
        for index in table.indexes.iter().filter(|index| may_go(index)) {
            let mut wider: Vec<&Index> = table
                .indexes
                .iter()
                .filter(|other| covers(other, index))
                .collect();
            wider.sort_by_key(|other| (other.keys.len(), other.bytes));
            let Some(wider) = wider.first() else { continue };
            let is_small = index.bytes > 0 && wider.bytes > index.bytes * MUCH_LARGER;
            let (name, other) = (beside(table, &index.name), beside(table, &wider.name));
            let concurrently = if table.kind == TableKind::Partitioned {
                ""
            } else {
                " CONCURRENTLY"
            };
            found
                .add(
                    if is_small {
                        Severity::Note
                    } else {
                        Severity::Warning
                    },
                    format!("{name} is the beginning of {other}, which serves the same lookups."),
                )
                .beside(table, &index.name)
                .evidence(format!(
                    "({}) beside ({})",
                    table.column_list(&index.keys),
                    table.column_list(&wider.keys)
                ))
                .evidence(format!(
                    "{} and {}; scanned {} and {} times in {:.1} days",
                    human_bytes(index.bytes),
                    human_bytes(wider.bytes),
                    index.scans,
                    wider.scans,
                    review.model.counted_days()
                ))
                .unsafe_fix(format!("DROP INDEX{concurrently} {name};"));
        }
    }
}

fn may_go(index: &Index) -> bool {
    index.method == "btree"
        && index.is_valid
        && !index.is_unique
        && !index.has_constraint
        && !index.is_replica_identity
        && !index.is_partition
        && index.expressions.is_none()
}

fn covers(wider: &Index, index: &Index) -> bool {
    let length = index.keys.len();
    // What is only included is found in the wider one if that holds it anywhere.
    let includes = index
        .included
        .iter()
        .all(|column| wider.included.contains(column) || wider.keys.contains(column));
    wider.oid != index.oid
        && wider.method == "btree"
        && wider.is_valid
        && wider.keys.len() > length
        && wider.keys[..length] == index.keys
        && wider.operator_classes.get(..length) == index.operator_classes.get(..length)
        && wider.collations.get(..length) == index.collations.get(..length)
        && wider.options.get(..length) == index.options.get(..length)
        && wider.predicate == index.predicate
        && includes
}
