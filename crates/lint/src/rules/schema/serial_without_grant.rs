use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/serial-without-grant", "Schema Design: Keys");

fn check(review: &Review<'_>, found: &mut Found) {
    for sequence in review
        .model
        .sequences
        .iter()
        .filter(|sequence| !sequence.roles_without_grant.is_empty())
    {
        let owner = sequence.owned_by.and_then(|(table, column)| {
            let table = review.model.table(table)?;
            Some((table, table.column(column)?))
        });
        let Some((table, column)) = owner else { continue };
        let roles: Vec<String> = sequence
            .roles_without_grant
            .iter()
            .map(|role| {
                if role == "PUBLIC" {
                    role.clone()
                } else {
                    quote_ident(role)
                }
            })
            .collect();
        let roles = roles.join(", ");
        found
            .add(
                Severity::Warning,
                format!(
                    "{roles} may insert into {} and not draw from {}: inserts that leave {} to its default fail.",
                    table.name,
                    sequence.name,
                    quote_ident(&column.name)
                ),
            )
            .column(table, column)
            .safe_fix(format!("GRANT USAGE ON SEQUENCE {} TO {roles};", sequence.name));
    }
}
