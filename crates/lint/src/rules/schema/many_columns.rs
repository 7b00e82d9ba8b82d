use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/many-columns", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review
        .tables()
        .filter(|table| table.columns.len() > review.options.many_columns)
    {
        let nullable = table.columns.iter().filter(|column| !column.is_not_null).count();
        found
            .add(
                Severity::Note,
                format!(
                    "{} has {} columns: each update writes all of them again, and rows may be more than one thing.",
                    table.name,
                    table.columns.len()
                ),
            )
            .table(table)
            .evidence(format!("{nullable} of them may be null; more than {} are many", review.options.many_columns));
    }
}
