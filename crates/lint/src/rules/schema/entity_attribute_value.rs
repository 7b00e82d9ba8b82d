use howdah_core::Severity;

use crate::schema::{Column, Found, Review, Table, words::words};

crate::schema_rule!("schema/entity-attribute-value", "Schema Design: Design Rules");

const ATTRIBUTE: [&str; 10] = [
    "attribute",
    "attr",
    "property",
    "prop",
    "key",
    "field",
    "param",
    "parameter",
    "meta",
    "option",
];
const VALUE: [&str; 3] = ["value", "val", "values"];
/// Columns from which on a table holds more than names and values.
const MAX_COLUMNS: usize = 9;

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables().filter(|table| table.columns.len() <= MAX_COLUMNS) {
        let Some((entity, attribute, value)) = parts(table) else {
            continue;
        };
        found
            .add(
                Severity::Warning,
                format!(
                    "{} keeps attributes as rows of names and values: no attribute has a type, a NOT NULL or a foreign key, and reading an entity takes a join for each.",
                    table.name
                ),
            )
            .table(table)
            .evidence(format!("entity {}, attribute {}, value {}", entity.name, attribute.name, value.name))
            .rows(table)
            .shown_fix("-- columns for the attributes that are known, one jsonb column for the rest".to_owned());
    }
}

/// The columns for the entity, the attribute's name and its value, where there are all three.
fn parts(table: &Table) -> Option<(&Column, &Column, &Column)> {
    let value = table.columns.iter().find(|column| {
        let words = words(&column.name);
        column.is_text() && words.last().is_some_and(|last| VALUE.contains(&last.as_str()))
    })?;
    let attribute = table.columns.iter().find(|column| {
        let mut words = words(&column.name);
        if words.len() > 1
            && words
                .last()
                .is_some_and(|last| ["id", "name"].contains(&last.as_str()))
        {
            words.pop();
        }
        column.number != value.number
            && words
                .last()
                .is_some_and(|last| ATTRIBUTE.contains(&last.as_str()))
    })?;
    // A table of settings has names and values too, but of one thing: itself.
    let entity = table.columns.iter().find(|column| {
        let is_id =
            words(&column.name).len() > 1 && words(&column.name).last().is_some_and(|last| last == "id");
        let is_reference = table.foreign_keys_of(column.number).next().is_some();
        column.number != attribute.number && column.number != value.number && (is_id || is_reference)
    })?;
    Some((entity, attribute, value))
}
