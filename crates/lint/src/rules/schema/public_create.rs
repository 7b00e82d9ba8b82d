use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/public-create", "Pre-Production Checklist: Infrastructure");

fn check(review: &Review<'_>, found: &mut Found) {
    for schema in &review.model.open_schemas {
        let name = quote_ident(schema);
        found
            .add(
                Severity::Warning,
                format!("Every role may create objects in the schema {name}, and so put a function or table of its own in the way of others."),
            )
            .object(name.clone())
            .evidence("the default of PostgreSQL before 15, which upgrades keep".to_owned())
            .unsafe_fix(format!("REVOKE CREATE ON SCHEMA {name} FROM PUBLIC;"));
    }
}
