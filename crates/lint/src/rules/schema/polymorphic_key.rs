use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review, reference};

crate::schema_rule!("schema/polymorphic-key", "Schema Design: Keys");

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns() {
        let Some(subject) = reference::subject(&column.name) else {
            continue;
        };
        let Some(kind) = reference::type_of(table, &subject.join("_")) else {
            continue;
        };
        if table.foreign_keys_of(column.number).next().is_some() {
            continue;
        }
        let (id, kind) = (quote_ident(&column.name), quote_ident(&kind.name));
        found
            .add(
                Severity::Warning,
                format!(
                    "{}.{id} refers to one table or another, as {kind} says: no foreign key can watch over it, and nothing stops it from referring to what is gone.",
                    table.name
                ),
            )
            .column(table, column)
            .shown_fix(format!(
                "-- a column with a foreign key for each table, and\nALTER TABLE {} ADD CHECK (num_nonnulls(a_id, b_id) = 1);",
                table.name
            ));
    }
}
