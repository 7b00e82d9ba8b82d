use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Column, ConstraintKind, Found, Index, Review, Table, TableKind, beside};

crate::schema_rule!(
    "schema/soft-delete-unique",
    "Common Patterns: Well-Designed Table"
);

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let Some(mark) = table.columns.iter().find(|column| is_mark(column)) else {
            continue;
        };
        for index in table.indexes.iter().filter(|index| is_plain_unique(index, table)) {
            let with_mark = index.keys.contains(&mark.number);
            let mark_name = quote_ident(&mark.name);
            let alive = if mark.is_a(&["bool"]) {
                format!("NOT {mark_name}")
            } else {
                format!("{mark_name} IS NULL")
            };
            // With NULLs that equal each other, or a flag, the pair is unique while the row is alive.
            if with_mark && (index.nulls_not_distinct || mark.is_not_null) {
                continue;
            }
            let kept: Vec<i16> = index
                .keys
                .iter()
                .copied()
                .filter(|&key| key != mark.number)
                .collect();
            let columns = table.column_list(&kept);
            let message = if with_mark {
                format!(
                    "{} is unique over {columns} and {mark_name}, which is NULL in every row that is not deleted: no two NULLs are equal, so that duplicates get in.",
                    beside(table, &index.name)
                )
            } else {
                format!(
                    "{} counts rows that are marked as deleted: a value of {columns} cannot be used again after its row was deleted by {mark_name}.",
                    beside(table, &index.name)
                )
            };
            let name = quote_ident(
                &review
                    .model
                    .free_name(table, &[&table.name.name, &first_name(table, &kept), "alive_key"]),
            );
            let concurrently = if table.kind == TableKind::Partitioned {
                ""
            } else {
                " CONCURRENTLY"
            };
            let constraint = table
                .constraints
                .iter()
                .find(|c| c.index == index.oid && c.kind == ConstraintKind::Unique);
            let drop = match constraint {
                Some(constraint) => format!(
                    "ALTER TABLE {} DROP CONSTRAINT {};",
                    table.name,
                    quote_ident(&constraint.name)
                ),
                None => format!("DROP INDEX{concurrently} {};", beside(table, &index.name)),
            };
            found
                .add(Severity::Warning, message)
                .beside(table, &index.name)
                .unsafe_fix(format!(
                    "CREATE UNIQUE INDEX{concurrently} {name} ON {} ({columns}) WHERE {alive};\n{drop}",
                    table.name
                ));
        }
    }
}

/// Whether a column says that its row counts as deleted.
fn is_mark(column: &Column) -> bool {
    let moment = [
        "deleted_at",
        "deleted_on",
        "deletedat",
        "removed_at",
        "archived_at",
        "deleted_date",
    ];
    let flag = ["is_deleted", "deleted", "isdeleted"];
    let name = column.name.to_lowercase();
    (column.is_a(&["timestamptz", "timestamp", "date"])
        && !column.is_not_null
        && moment.contains(&name.as_str()))
        || (column.is_a(&["bool"]) && flag.contains(&name.as_str()))
}

fn is_plain_unique(index: &Index, table: &Table) -> bool {
    let is_made = |key: &i16| table.column(*key).is_some_and(Column::is_surrogate);
    index.is_unique
        && !index.is_primary
        && index.predicate.is_none()
        && !index.is_referenced
        && !index.keys.contains(&0)
        && !index.keys.iter().any(is_made)
}

fn first_name(table: &Table, columns: &[i16]) -> String {
    let first = columns.first().and_then(|&number| table.column(number));
    first.map(|column| column.name.clone()).unwrap_or_default()
}
