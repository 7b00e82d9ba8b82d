use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/foreign-key-no-action", "Schema Design: Keys");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        for key in table
            .foreign_keys()
            .filter(|key| key.is_delete_unchosen && !key.is_deferrable)
        {
            let Some(referenced) = key.references.and_then(|oid| review.model.table(oid)) else {
                continue;
            };
            let name = quote_ident(&key.name);
            found
                .add(
                    Severity::Note,
                    format!(
                        "The foreign key {name} of {} does not choose what happens when a row of {} is deleted: by default the delete fails.",
                        table.name, referenced.name
                    ),
                )
                .part(table, &key.name)
                .shown_fix(format!(
                    "ALTER TABLE {0} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} FOREIGN KEY ({1}) REFERENCES {2} ({3}) ON DELETE RESTRICT NOT VALID;\n\
                     ALTER TABLE {0} VALIDATE CONSTRAINT {name};\n-- or ON DELETE CASCADE, or ON DELETE SET NULL",
                    table.name,
                    table.column_list(&key.columns),
                    referenced.name,
                    referenced.column_list(&key.referenced_columns)
                ));
        }
    }
}
