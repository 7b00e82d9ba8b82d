use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/object-identifier-column", "Schema Design: Design Rules");

/// Types that pg_upgrade refuses in tables: the numbers behind them change.
const REFUSED: [&str; 9] = [
    "regproc",
    "regprocedure",
    "regoper",
    "regoperator",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regcollation",
    "oid",
];

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns().filter(|(_, column)| column.is_a(&REFUSED)) {
        let is_oid = column.is_a(&["oid"]);
        let name = quote_ident(&column.name);
        let message = if is_oid {
            format!(
                "{}.{name} holds object numbers, which mean something else, or nothing, after a dump and restore.",
                table.name
            )
        } else {
            format!(
                "{}.{name} is {}: pg_upgrade, and so a major version upgrade on Aurora, refuses databases with such a column.",
                table.name, column.type_name
            )
        };
        found
            .add(if is_oid { Severity::Note } else { Severity::Warning }, message)
            .column(table, column)
            .unsafe_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE text USING {name}::text;",
                table.name
            ));
    }
}
