use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/time-with-zone", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns().filter(|(_, column)| column.is_a(&["timetz"])) {
        let name = quote_ident(&column.name);
        found
            .add(
                Severity::Warning,
                format!(
                    "{}.{name} is a time with time zone: without a date an offset says nothing about summer time. Use time, or timestamptz for a moment.",
                    table.name
                ),
            )
            .column(table, column)
            .unsafe_fix(format!("ALTER TABLE {} ALTER COLUMN {name} TYPE time;", table.name));
    }
}
