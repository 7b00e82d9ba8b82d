use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/foreign-key-type-mismatch", "Schema Design: Keys");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        for key in table.foreign_keys() {
            let Some(referenced) = key.references.and_then(|oid| review.model.table(oid)) else {
                continue;
            };
            for (&own, &other) in key.columns.iter().zip(&key.referenced_columns) {
                let Some((own, other)) = table.column(own).zip(referenced.column(other)) else {
                    continue;
                };
                if own.base_oid == other.base_oid || (own.is_text() && other.is_text()) {
                    continue;
                }
                let column = quote_ident(&own.name);
                found
                    .add(
                        Severity::Warning,
                        format!(
                            "{}.{column} is {} and refers to {}.{}, which is {}: it cannot hold all of its values, or joins convert them row by row.",
                            table.name,
                            own.type_name,
                            referenced.name,
                            quote_ident(&other.name),
                            other.type_name
                        ),
                    )
                    .column(table, own)
                    .evidence(format!("foreign key {}", quote_ident(&key.name)))
                    .unsafe_fix(format!(
                        "ALTER TABLE {} ALTER COLUMN {column} TYPE {};",
                        table.name, other.type_name
                    ));
            }
        }
    }
}
