use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/long-name", "Schema Design: Modeling Process");

/// Bytes that PostgreSQL keeps of a name.
const KEPT: usize = 63;
/// Bytes from which on names that are made from one, such as an index's, are cut off.
const NEARLY: usize = 57;

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let mut names: Vec<(&str, bool)> = vec![(&table.name.name, true)];
        names.extend(table.columns.iter().map(|column| (column.name.as_str(), false)));
        for (name, is_table) in names.into_iter().filter(|(name, _)| name.len() >= NEARLY) {
            let message = if name.len() >= KEPT {
                format!(
                    "The name {name} has {} bytes, as many as PostgreSQL keeps: it may be the beginning of a longer one that was cut off without a word.",
                    name.len()
                )
            } else {
                format!(
                    "The name {name} has {} of the {KEPT} bytes that PostgreSQL keeps: names of indexes and constraints made from it are cut off.",
                    name.len()
                )
            };
            let draft = found.add(Severity::Note, message);
            if is_table {
                draft.table(table);
            } else {
                draft.part(table, name);
            }
        }
    }
}
