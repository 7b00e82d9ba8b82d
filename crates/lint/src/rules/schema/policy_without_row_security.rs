use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!(
    "schema/policy-without-row-security",
    "Pre-Production Checklist: Infrastructure"
);

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review
        .tables()
        .filter(|table| !table.has_row_security && table.policies > 0)
    {
        found
            .add(
                Severity::Danger,
                format!("{} has policies, and row-level security is off: everybody who may read it sees all rows.", table.name),
            )
            .table(table)
            .evidence(format!("{} policies", table.policies))
            .unsafe_fix(format!("ALTER TABLE {} ENABLE ROW LEVEL SECURITY;", table.name));
    }
}
