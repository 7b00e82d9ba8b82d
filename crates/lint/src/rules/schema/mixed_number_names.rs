use std::collections::BTreeMap;

use howdah_core::Severity;

use crate::schema::{Found, Review, Table, words};

crate::schema_rule!("schema/mixed-number-names", "Schema Design: Modeling Process");

/// Tables from which on a schema has a habit.
const MIN_TABLES: usize = 4;

fn check(review: &Review<'_>, found: &mut Found) {
    let mut by_schema: BTreeMap<&str, (Vec<&Table>, Vec<&Table>)> = BTreeMap::new();
    for table in review.tables() {
        let last = words::words(&table.name.name).pop().unwrap_or_default();
        let (one, many) = by_schema
            .entry(table.name.schema.as_deref().unwrap_or_default())
            .or_default();
        match words::is_plural(&last) {
            Some(true) => many.push(table),
            Some(false) => one.push(table),
            None => {}
        }
    }
    for (schema, (one, many)) in by_schema {
        let (few, most, habit) = if one.len() < many.len() {
            (&one, &many, "plural")
        } else {
            (&many, &one, "singular")
        };
        if few.is_empty() || few.len() + most.len() < MIN_TABLES {
            continue;
        }
        let names: Vec<String> = few.iter().take(10).map(|table| table.name.to_string()).collect();
        found
            .add(
                Severity::Note,
                format!(
                    "{} of the {} tables of {schema} are not named in the {habit} as the others are.",
                    few.len(),
                    few.len() + most.len()
                ),
            )
            .object(howdah_sql::quote_ident(schema))
            .evidence(names.join(", "));
    }
}
