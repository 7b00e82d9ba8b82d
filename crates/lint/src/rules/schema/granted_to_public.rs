use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!(
    "schema/granted-to-public",
    "Pre-Production Checklist: Infrastructure"
);

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let Some(privileges) = &table.public_privileges else {
            continue;
        };
        let severity = if privileges == "SELECT" {
            Severity::Note
        } else {
            Severity::Warning
        };
        found
            .add(
                severity,
                format!(
                    "Every role has {privileges} on {}, those that are still to come too.",
                    table.name
                ),
            )
            .table(table)
            .unsafe_fix(format!("REVOKE ALL ON {} FROM PUBLIC;", table.name));
    }
}
