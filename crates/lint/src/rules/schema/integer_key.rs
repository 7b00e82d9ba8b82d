use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review, grouped};

crate::schema_rule!("schema/integer-key", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    if !review.is_modern() {
        return;
    }
    for table in review.tables() {
        let key = table.primary_key().filter(|key| key.columns.len() == 1);
        let Some(column) = key.and_then(|key| table.column(key.columns[0])) else {
            continue;
        };
        if !column.is_a(&["int2", "int4"]) || !column.is_surrogate() {
            continue;
        }
        let is_small = review.model.context.is_populated
            && table.rows.is_some_and(|rows| rows < review.options.evidence_rows);
        let name = quote_ident(&column.name);
        let mut fix = format!("ALTER TABLE {} ALTER COLUMN {name} TYPE bigint;", table.name);
        for (other, key) in review.model.referencing(table.oid) {
            if key.referenced_columns == [column.number] {
                let columns = other.column_list(&key.columns);
                fix.push_str(&format!(
                    "\nALTER TABLE {} ALTER COLUMN {columns} TYPE bigint;",
                    other.name
                ));
            }
        }
        let max = column
            .integer_max()
            .and_then(|max| u64::try_from(max).ok())
            .unwrap_or(0);
        found
            .add(
                if is_small { Severity::Note } else { Severity::Warning },
                format!(
                    "The key {}.{name} is {} and ends at {}: making it bigint later rewrites the table and all that refer to it.",
                    table.name,
                    column.type_name,
                    grouped(max)
                ),
            )
            .column(table, column)
            .rows(table)
            .evidence(format!("{} foreign keys refer to it", review.model.referencing(table.oid).count()))
            .unsafe_fix(fix);
    }
}
