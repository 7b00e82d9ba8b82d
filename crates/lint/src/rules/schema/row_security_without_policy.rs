use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!(
    "schema/row-security-without-policy",
    "Pre-Production Checklist: Infrastructure"
);

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review
        .tables()
        .filter(|table| table.has_row_security && table.policies == 0)
    {
        found
            .add(
                Severity::Warning,
                format!(
                    "{} has row-level security and no policy: it is empty to every role but its owner.",
                    table.name
                ),
            )
            .table(table)
            .evidence(format!("owner {}", table.owner))
            .shown_fix(format!("CREATE POLICY … ON {} TO … USING (…);", table.name));
    }
}
