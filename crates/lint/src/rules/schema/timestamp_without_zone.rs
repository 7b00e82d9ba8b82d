use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/timestamp-without-zone", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns().filter(|(_, column)| column.is_a(&["timestamp"])) {
        let name = quote_ident(&column.name);
        found
            .add(
                Severity::Warning,
                format!(
                    "{}.{name} is a timestamp without time zone: which moment it means depends on who reads it.",
                    table.name
                ),
            )
            .column(table, column)
            .unsafe_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE timestamp with time zone USING {name} AT TIME ZONE 'UTC';",
                table.name
            ));
    }
}
