use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!(
    "schema/constraint-not-validated",
    "Safe Schema Changes: Non-Blocking Patterns"
);

fn check(review: &Review<'_>, found: &mut Found) {
    for table in &review.model.tables {
        for constraint in table
            .constraints
            .iter()
            .filter(|constraint| !constraint.is_validated)
        {
            let name = quote_ident(&constraint.name);
            found
                .add(
                    Severity::Warning,
                    format!(
                        "The constraint {name} of {} was never validated: rows from before may break it, and the planner does not rely on it.",
                        table.name
                    ),
                )
                .part(table, &constraint.name)
                .rows(table)
                .safe_fix(format!("ALTER TABLE {} VALIDATE CONSTRAINT {name};", table.name));
        }
    }
}
