use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/enum-type", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for (name, labels) in &review.model.enums {
        found
            .add(
                Severity::Note,
                format!("The enum {name} can get further labels and never lose one, nor change their order: for a set that changes, use text with a CHECK, or a table."),
            )
            .object(name.to_string())
            .evidence(format!("{labels} labels"));
    }
}
