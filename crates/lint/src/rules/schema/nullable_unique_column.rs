use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review, beside};

crate::schema_rule!("schema/nullable-unique-column", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let several = |index: &&crate::schema::Index| {
            index.is_unique
                && !index.is_primary
                && index.keys.len() > 1
                && index.predicate.is_none()
                && !index.nulls_not_distinct
        };
        for index in table.indexes.iter().filter(several) {
            let nullable = index
                .keys
                .iter()
                .filter_map(|&key| table.column(key))
                .find(|column| !column.is_not_null && !column.name.contains("delete"));
            let Some(column) = nullable else { continue };
            found
                .add(
                    Severity::Note,
                    format!(
                        "{} does not keep duplicates out where {} is null: no two NULLs are equal to it.",
                        beside(table, &index.name),
                        quote_ident(&column.name)
                    ),
                )
                .beside(table, &index.name)
                .evidence(format!("unique over ({})", table.column_list(&index.keys)))
                .shown_fix(format!(
                    "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL;\n-- or, from 15 on, UNIQUE NULLS NOT DISTINCT",
                    table.name,
                    quote_ident(&column.name)
                ));
        }
    }
}
