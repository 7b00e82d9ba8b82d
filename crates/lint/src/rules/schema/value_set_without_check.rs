use howdah_core::Severity;
use howdah_sql::{quote_ident, quote_literal};

use crate::schema::{Column, Found, Review, words::words};

crate::schema_rule!("schema/value-set-without-check", "Schema Design: Design Rules");

/// Values from which on it is no small set.
const MAX_VALUES: usize = 20;
/// Bytes from which on values are no labels.
const MAX_WIDTH: u32 = 40;
/// Nouns of columns that hold one of a few labels.
const LABELS: [&str; 16] = [
    "status",
    "state",
    "type",
    "kind",
    "level",
    "role",
    "category",
    "priority",
    "mode",
    "phase",
    "stage",
    "gender",
    "severity",
    "tier",
    "plan",
    "visibility",
];

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review
        .columns()
        .filter(|(_, column)| column.is_text() && !column.is_generated)
    {
        let is_bound = table.has_check_on(column.number)
            || table.foreign_keys_of(column.number).next().is_some()
            || table.is_in_key(column.number)
            || column.type_name != plain_type(column);
        if is_bound {
            continue;
        }
        let is_label = words(&column.name)
            .last()
            .is_some_and(|last| LABELS.contains(&last.as_str()));
        let name = quote_ident(&column.name);
        let statistics = column.statistics.as_ref().filter(|_| review.has_evidence(table));
        let Some(statistics) = statistics else {
            if is_label
                && !table
                    .rows
                    .is_some_and(|rows| rows > 0 && review.model.context.is_populated)
            {
                found
                    .add(
                        Severity::Note,
                        format!("{}.{name} seems to hold one of a few labels, and nothing keeps other values out.", table.name),
                    )
                    .column(table, column)
                    .shown_fix(format!("ALTER TABLE {} ADD CHECK ({name} IN ('…', '…'));", table.name));
            }
            continue;
        };
        let Some(values) = statistics
            .whole_set()
            .filter(|values| (2..=MAX_VALUES).contains(&values.len()))
        else {
            continue;
        };
        if statistics.average_width > MAX_WIDTH {
            continue;
        }
        let mut labels: Vec<String> = values.iter().map(|value| quote_literal(value)).collect();
        labels.sort();
        let constraint = quote_ident(
            &review
                .model
                .free_name(table, &[&table.name.name, &column.name, "check"]),
        );
        found
            .add(
                if is_label {
                    Severity::Warning
                } else {
                    Severity::Note
                },
                format!(
                    "{}.{name} holds one of {} values, and nothing keeps others out: add a CHECK.",
                    table.name,
                    values.len()
                ),
            )
            .column(table, column)
            .evidence(format!("{} among {}", labels.join(", "), table.rows_text()))
            .unsafe_fix(format!(
                "ALTER TABLE {0} ADD CONSTRAINT {constraint} CHECK ({name} IN ({1})) NOT VALID;\n\
                 ALTER TABLE {0} VALIDATE CONSTRAINT {constraint};",
                table.name,
                labels.join(", ")
            ));
    }
}

/// The name of its type if it is no domain, whose checks would count.
fn plain_type(column: &Column) -> &str {
    let written = column.type_name.as_str();
    let plain = ["text", "character varying", "character", "bpchar"];
    let is_plain = plain.iter().any(|name| {
        written == *name
            || written
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('('))
    });
    if is_plain { written } else { "" }
}
