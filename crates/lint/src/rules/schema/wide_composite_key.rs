use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/wide-composite-key", "Schema Design: Keys");

/// Columns from which on a key is wide.
const WIDE: usize = 4;

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let Some(key) = table.primary_key().filter(|key| key.columns.len() >= WIDE) else {
            continue;
        };
        let referencing = review.model.referencing(table.oid).count();
        // Everything that refers to it carries all of its columns, and their index.
        let severity = if referencing > 0 {
            Severity::Warning
        } else {
            Severity::Note
        };
        found
            .add(
                severity,
                format!(
                    "The primary key of {} has {} columns: each foreign key to it, and each index of one, repeats them all.",
                    table.name,
                    key.columns.len()
                ),
            )
            .table(table)
            .evidence(format!("({})", table.column_list(&key.columns)))
            .evidence(format!("{referencing} foreign keys refer to it"))
            .shown_fix(format!(
                "ALTER TABLE {0} ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE;\n-- then let foreign keys refer to {0} (id), and keep UNIQUE ({1})",
                table.name,
                table.column_list(&key.columns)
            ));
    }
}
