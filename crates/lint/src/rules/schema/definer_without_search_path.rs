use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!(
    "schema/definer-without-search-path",
    "Pre-Production Checklist: Infrastructure"
);

fn check(review: &Review<'_>, found: &mut Found) {
    for function in &review.model.definer_functions {
        let schema = function.name.schema.as_deref().unwrap_or("public");
        found
            .add(
                Severity::Warning,
                format!(
                    "{} runs with its owner's rights, and what the names in it mean is up to whoever calls it: set its search_path.",
                    function.name
                ),
            )
            .object(function.signature.split_once(' ').map_or("", |(_, rest)| rest).to_owned())
            .unsafe_fix(format!(
                "ALTER {} SET search_path = pg_catalog, {}, pg_temp;",
                function.signature,
                howdah_sql::quote_ident(schema)
            ));
    }
}
