use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/json-not-jsonb", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns().filter(|(_, column)| column.is_a(&["json"])) {
        let name = quote_ident(&column.name);
        found
            .add(
                Severity::Warning,
                format!(
                    "{}.{name} is json, which is parsed at each use, cannot be indexed and has no equality: DISTINCT and GROUP BY fail on it. Use jsonb.",
                    table.name
                ),
            )
            .column(table, column)
            .unsafe_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE jsonb USING {name}::jsonb;",
                table.name
            ));
    }
}
