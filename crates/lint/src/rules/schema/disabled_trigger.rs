use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/disabled-trigger", "Pre-Production Checklist: Schema");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let (internal, own): (Vec<&String>, Vec<&String>) = table
            .disabled_triggers
            .iter()
            .partition(|name| name.starts_with("RI_ConstraintTrigger_"));
        for trigger in own {
            let name = quote_ident(trigger);
            found
                .add(
                    Severity::Warning,
                    format!("The trigger {name} of {} is switched off.", table.name),
                )
                .part(table, trigger)
                .unsafe_fix(format!("ALTER TABLE {} ENABLE TRIGGER {name};", table.name));
        }
        if !internal.is_empty() {
            found
                .add(
                    Severity::Danger,
                    format!(
                        "Foreign keys of {} are not watched over: their triggers are switched off.",
                        table.name
                    ),
                )
                .table(table)
                .evidence(format!(
                    "{} internal triggers, by DISABLE TRIGGER ALL",
                    internal.len()
                ))
                .unsafe_fix(format!("ALTER TABLE {} ENABLE TRIGGER ALL;", table.name));
        }
    }
}
