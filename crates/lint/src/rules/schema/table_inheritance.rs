use howdah_core::Severity;

use crate::schema::{Found, Review};

crate::schema_rule!("schema/table-inheritance", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables().filter(|table| !table.parents.is_empty()) {
        let parents: Vec<String> = table
            .parents
            .iter()
            .filter_map(|&oid| review.model.table(oid))
            .map(|parent| parent.name.to_string())
            .collect();
        if parents.is_empty() {
            continue;
        }
        found
            .add(
                Severity::Warning,
                format!(
                    "{} inherits from {}: keys and foreign keys of the parent do not hold for its rows. For parts of a table use partitioning, for variants a table with a foreign key.",
                    table.name,
                    parents.join(", ")
                ),
            )
            .table(table)
            .shown_fix(format!("ALTER TABLE {} NO INHERIT {};", table.name, parents[0]));
    }
}
