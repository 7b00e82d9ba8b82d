use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/varchar-length", "Schema Design: Design Rules");

/// The length that is written where nobody thought of one.
const UNCONSIDERED: i32 = 255;

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review
        .columns()
        .filter(|(_, column)| column.is_a(&["varchar"]) && column.typmod > 4)
    {
        let length = column.typmod - 4;
        let name = quote_ident(&column.name);
        if review.is_modern() {
            let constraint = quote_ident(
                &review
                    .model
                    .free_name(table, &[&table.name.name, &column.name, "length"]),
            );
            found
                .add(
                    Severity::Note,
                    format!(
                        "{}.{name} is {}: the length changes nothing in storage, and the type cannot be narrowed later without reading the table. Use text, and a CHECK where the limit is real.",
                        table.name, column.type_name
                    ),
                )
                .column(table, column)
                .unsafe_fix(format!(
                    "ALTER TABLE {0} ALTER COLUMN {name} TYPE text, ADD CONSTRAINT {constraint} CHECK (length({name}) <= {length}) NOT VALID;\n\
                     ALTER TABLE {0} VALIDATE CONSTRAINT {constraint};",
                    table.name
                ));
        } else if length >= UNCONSIDERED {
            let width = column
                .statistics
                .as_ref()
                .map(|statistics| statistics.average_width);
            let draft = found.add(
                Severity::Note,
                format!(
                    "{}.{name} is {}: choose the length that the values have.",
                    table.name, column.type_name
                ),
            );
            draft.column(table, column);
            if let Some(width) = width {
                draft.evidence(format!("{width} bytes on average"));
            }
        }
    }
}
