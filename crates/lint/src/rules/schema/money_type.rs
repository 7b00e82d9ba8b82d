use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/money-type", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns().filter(|(_, column)| column.is_a(&["money"])) {
        let name = quote_ident(&column.name);
        found
            .add(
                Severity::Warning,
                format!(
                    "{}.{name} is of type money, whose currency and decimals follow a setting of the session: use numeric, and a column for the currency.",
                    table.name
                ),
            )
            .column(table, column)
            .unsafe_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE numeric(19, 4) USING {name}::numeric;",
                table.name
            ));
    }
}
