use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/no-comment", "Pre-Production Checklist: Schema", false);

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables().filter(|table| !table.has_comment) {
        let without = table.columns.iter().filter(|column| !column.has_comment).count();
        found
            .add(
                Severity::Note,
                format!("Nothing in the database says what {} holds.", table.name),
            )
            .table(table)
            .evidence(format!(
                "{without} of its {} columns have no comment either",
                table.columns.len()
            ))
            .shown_fix(format!("COMMENT ON TABLE {} IS '…';", table.name));
    }
}
