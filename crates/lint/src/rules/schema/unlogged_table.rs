use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!(
    "schema/unlogged-table",
    "Pre-Production Checklist: Infrastructure"
);

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables().filter(|table| table.is_unlogged) {
        found
            .add(
                Severity::Warning,
                format!(
                    "{} is unlogged: it is empty after a crash or a failover, and on no replica.",
                    table.name
                ),
            )
            .table(table)
            .rows(table)
            .unsafe_fix(format!("ALTER TABLE {} SET LOGGED;", table.name));
    }
}
