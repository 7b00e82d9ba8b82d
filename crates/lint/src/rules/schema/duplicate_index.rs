use std::collections::BTreeMap;

use howdah_core::{Severity, human_bytes};

use crate::schema::{Found, Index, Review, Table, TableKind, beside};

crate::schema_rule!("schema/duplicate-index", "Unused Indexes: Duplicate indexes");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in &review.model.tables {
        let mut alike: BTreeMap<String, Vec<&Index>> = BTreeMap::new();
        for index in table
            .indexes
            .iter()
            .filter(|index| index.is_valid && !index.is_partition)
        {
            alike.entry(what_it_holds(index)).or_default().push(index);
        }
        for mut indexes in alike.into_values().filter(|indexes| indexes.len() > 1) {
            // The one that does the most stays.
            indexes.sort_by_key(|index| std::cmp::Reverse(worth(index)));
            let kept = indexes[0];
            for index in &indexes[1..] {
                let enforces_other = index.is_unique
                    && (!kept.is_unique || kept.nulls_not_distinct != index.nulls_not_distinct);
                if enforces_other || index.is_primary || index.is_replica_identity || index.is_referenced {
                    continue;
                }
                report(review, table, kept, index, found);
            }
        }
    }
}

fn report(review: &Review<'_>, table: &Table, kept: &Index, index: &Index, found: &mut Found) {
    let (name, other) = (beside(table, &index.name), beside(table, &kept.name));
    let constraint = table
        .constraints
        .iter()
        .find(|constraint| constraint.index == index.oid && index.has_constraint);
    let sql = match (constraint, table.kind) {
        (Some(constraint), _) => format!(
            "ALTER TABLE {} DROP CONSTRAINT {};",
            table.name,
            howdah_sql::quote_ident(&constraint.name)
        ),
        (None, TableKind::Partitioned) => format!("DROP INDEX {name};"),
        (None, _) => format!("DROP INDEX CONCURRENTLY {name};"),
    };
    found
        .add(
            Severity::Warning,
            format!(
                "{name} holds the same as {other}: each write to {} keeps both.",
                table.name
            ),
        )
        .beside(table, &index.name)
        .evidence(format!("{} over ({})", index.method, key_text(table, index)))
        .evidence(format!(
            "{}, scanned {} times in {:.1} days; {other} {} times",
            human_bytes(index.bytes),
            index.scans,
            review.model.counted_days(),
            kept.scans
        ))
        .unsafe_fix(sql);
}

/// Everything that decides which lookups an index serves, but for what it enforces.
fn what_it_holds(index: &Index) -> String {
    let mut included = index.included.clone();
    included.sort_unstable();
    format!(
        "{:?}",
        (
            &index.method,
            &index.keys,
            &index.operator_classes,
            &index.collations,
            &index.options,
            &index.expressions,
            &index.predicate,
            included
        )
    )
}

fn worth(index: &Index) -> (bool, bool, bool, bool, bool, u64, std::cmp::Reverse<u32>) {
    (
        index.is_primary,
        index.is_replica_identity || index.is_referenced,
        index.has_constraint,
        index.is_unique,
        index.is_clustered,
        index.scans,
        std::cmp::Reverse(index.oid),
    )
}

fn key_text(table: &Table, index: &Index) -> String {
    match &index.expressions {
        Some(expressions) => expressions.clone(),
        None => table.column_list(&index.keys),
    }
}
