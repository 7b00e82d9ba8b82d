use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/char-type", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review
        .columns()
        .filter(|(_, column)| column.is_a(&["bpchar"]) && column.typmod > 4)
    {
        let name = quote_ident(&column.name);
        let length = column.typmod - 4;
        let constraint = quote_ident(
            &review
                .model
                .free_name(table, &[&table.name.name, &column.name, "length"]),
        );
        found
            .add(
                Severity::Warning,
                format!(
                    "{}.{name} is {}: shorter values are padded with blanks that some comparisons see and others do not. It saves nothing.",
                    table.name, column.type_name
                ),
            )
            .column(table, column)
            .unsafe_fix(format!(
                "ALTER TABLE {0} ALTER COLUMN {name} TYPE text USING rtrim({name});\n\
                 ALTER TABLE {0} ADD CONSTRAINT {constraint} CHECK (length({name}) <= {length}) NOT VALID;\n\
                 ALTER TABLE {0} VALIDATE CONSTRAINT {constraint};",
                table.name
            ));
    }
}
