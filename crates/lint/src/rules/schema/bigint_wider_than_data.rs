use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review, grouped};

crate::schema_rule!("schema/bigint-wider-than-data", "Schema Design: Design Rules");

/// The share of the range of int that values may take.
const ROOM: i64 = 100;

fn check(review: &Review<'_>, found: &mut Found) {
    if review.is_modern() {
        return;
    }
    for (table, column) in review.columns().filter(|(_, column)| column.is_a(&["int8"])) {
        let range = column.statistics.as_ref().and_then(|s| s.low.zip(s.high));
        let Some((low, high)) = range.filter(|_| review.has_evidence(table)) else {
            continue;
        };
        let limit = i64::from(i32::MAX) / ROOM;
        // Keys grow, and what refers to them must have their type.
        if column.is_surrogate()
            || table.is_in_key(column.number)
            || table.foreign_keys_of(column.number).next().is_some()
        {
            continue;
        }
        if low < -limit || high > limit {
            continue;
        }
        let name = quote_ident(&column.name);
        found
            .add(
                Severity::Note,
                format!(
                    "{}.{name} is bigint, and its values use less than 1 % of what int holds.",
                    table.name
                ),
            )
            .column(table, column)
            .evidence(format!(
                "from {low} to {} among {}",
                grouped(high.unsigned_abs()),
                table.rows_text()
            ))
            .shown_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE integer;",
                table.name
            ));
    }
}
