use std::collections::BTreeMap;

use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Column, Found, Review};

crate::schema_rule!("schema/numbered-columns", "Schema Design: Design Rules");

/// Columns from which on they are a list.
const MIN_COLUMNS: usize = 3;

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let mut groups: BTreeMap<&str, Vec<&Column>> = BTreeMap::new();
        for column in &table.columns {
            let base = column.name.trim_end_matches(|c: char| c.is_ascii_digit());
            let number: Option<u32> = column.name[base.len()..].parse().ok();
            let base = base.trim_end_matches('_');
            // line1 and line2 of an address are no list, and a year is no number of an item.
            if !base.is_empty() && number.is_some_and(|number| number < 100) {
                groups.entry(base).or_default().push(column);
            }
        }
        for (base, columns) in groups {
            let is_alike = columns
                .iter()
                .all(|column| column.base_oid == columns[0].base_oid);
            if columns.len() < MIN_COLUMNS || !is_alike || base.ends_with("line") || base.ends_with("address")
            {
                continue;
            }
            let names: Vec<String> = columns.iter().map(|column| quote_ident(&column.name)).collect();
            found
                .add(
                    Severity::Warning,
                    format!(
                        "{} has a list in {} numbered columns: one more needs a new column, and a search has to name them all.",
                        table.name,
                        columns.len()
                    ),
                )
                .table(table)
                .evidence(names.join(", "))
                .shown_fix(format!(
                    "CREATE TABLE {} (…, position integer NOT NULL, {} {} NOT NULL);",
                    quote_ident(&format!("{}_{base}", table.name.name)),
                    quote_ident(base),
                    columns[0].type_name
                ));
        }
    }
}
