use std::collections::HashMap;

use super::model::{Column, SchemaModel, Table, TableKind};
use super::words::{stem, words};

/// A column that by its name and type refers to a table, without a foreign key that says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    /// The table that refers.
    pub(crate) table: &'a Table,
    /// Its column.
    pub(crate) column: &'a Column,
    /// The table that is referred to.
    pub(crate) referenced: &'a Table,
    /// Its primary key, a single column.
    pub(crate) key: &'a Column,
}

/// The columns named after another table: `customer_id`, `customerId`, `billing_customer_id`
/// where there is a table `customers` or `customer` whose primary key is one column of the same kind of type.
pub(crate) fn candidates(model: &SchemaModel) -> Vec<Candidate<'_>> {
    let mut by_name: HashMap<String, Vec<(&Table, &Column)>> = HashMap::new();
    for table in model.designed() {
        let Some(key) = table.primary_key().filter(|key| key.columns.len() == 1) else {
            continue;
        };
        if let Some(key) = table.column(key.columns[0]) {
            by_name
                .entry(stem(&table.name.name))
                .or_default()
                .push((table, key));
        }
    }
    let mut found = Vec::new();
    for table in model.designed().filter(|table| table.kind != TableKind::Foreign) {
        for column in &table.columns {
            if column.is_generated || table.foreign_keys_of(column.number).next().is_some() {
                continue;
            }
            let Some(subject) = subject(&column.name) else {
                continue;
            };
            // A polymorphic key refers to more than one table.
            if type_of(table, &subject.join("_")).is_some() {
                continue;
            }
            let referenced = (0..subject.len()).find_map(|from| {
                let fits = by_name.get(&subject[from..].join("_"))?;
                nearest(fits, table)
            });
            let Some((referenced, key)) = referenced else {
                continue;
            };
            let is_own_key = referenced.oid == table.oid && key.number == column.number;
            if !is_own_key && are_alike(column, key) {
                found.push(Candidate {
                    table,
                    column,
                    referenced,
                    key,
                });
            }
        }
    }
    found
}

/// The column that says which table a polymorphic key `<subject>_id` refers to.
pub(crate) fn type_of<'a>(table: &'a Table, subject: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| {
        let words = words(&column.name);
        let Some((last, before)) = words.split_last() else {
            return false;
        };
        ["type", "kind", "table", "class", "model"].contains(&last.as_str())
            && before.join("_") == subject
            && (column.is_text() || column.is_enum)
    })
}

/// What a name that ends with `id` is the id of, in words, the last in the singular.
pub(crate) fn subject(name: &str) -> Option<Vec<String>> {
    let mut words = words(name);
    let last = words.pop()?;
    if !["id", "uuid", "fk"].contains(&last.as_str()) || words.is_empty() {
        return None;
    }
    if let Some(noun) = words.last_mut() {
        *noun = super::words::singular(noun);
    }
    Some(words)
}

/// The one in the same schema, else the only one.
fn nearest<'a>(fits: &[(&'a Table, &'a Column)], table: &Table) -> Option<(&'a Table, &'a Column)> {
    let same = fits
        .iter()
        .find(|(referenced, _)| referenced.name.schema == table.name.schema);
    match (same, fits) {
        (Some(found), _) => Some(*found),
        (None, [only]) => Some(*only),
        _ => None,
    }
}

fn are_alike(column: &Column, key: &Column) -> bool {
    (column.is_integer() && key.is_integer())
        || (column.is_text() && key.is_text())
        || (column.base_oid == key.base_oid && column.base_oid != 0)
}
