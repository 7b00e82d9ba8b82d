use howdah_core::Severity;

use crate::schema::{Found, Review, TableKind};

crate::schema_rule!("schema/no-timestamps", "Common Patterns: Well-Designed Table");

const CREATED: [&str; 8] = [
    "created_at",
    "created",
    "created_on",
    "inserted_at",
    "createdat",
    "creation_date",
    "created_date",
    "date_created",
];

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables().filter(|table| table.kind != TableKind::Foreign) {
        // Where a row is about a moment of its own, or only joins two others, the columns would say nothing new.
        let has_moment = table.columns.iter().any(|column| {
            column.is_a(&["timestamptz", "timestamp"])
                || CREATED.contains(&column.name.to_lowercase().as_str())
        });
        let own = table
            .columns
            .iter()
            .filter(|column| table.foreign_keys_of(column.number).next().is_none())
            .count();
        let is_lookup = review.model.context.is_populated
            && table.rows.is_some_and(|rows| rows < review.options.evidence_rows);
        if has_moment || own < 3 || is_lookup {
            continue;
        }
        found
            .add(
                Severity::Note,
                format!("{} says nowhere when its rows were made or changed.", table.name),
            )
            .table(table)
            .unsafe_fix(format!(
                "ALTER TABLE {0} ADD COLUMN created_at timestamp with time zone NOT NULL DEFAULT now();\n\
                 ALTER TABLE {0} ADD COLUMN updated_at timestamp with time zone NOT NULL DEFAULT now();",
                table.name
            ));
    }
}
