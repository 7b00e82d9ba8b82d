use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Column, Found, Review, Table, forecast, grouped};

crate::schema_rule!("schema/key-running-out", "Pre-Production Checklist: Schema");

/// Per cent used.
const WARNING: f64 = 75.0;
const DANGER: f64 = 90.0;

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns() {
        let is_key = table.is_in_key(column.number) || table.foreign_keys_of(column.number).next().is_some();
        let (Some(max), true) = (column.integer_max(), is_key || column.is_surrogate()) else {
            continue;
        };
        let Some((last, source)) = last_value(review, table, column).filter(|(last, _)| *last > 0) else {
            continue;
        };
        let used = 100.0 * last as f64 / max as f64;
        if used < WARNING {
            continue;
        }
        let severity = if used >= DANGER {
            Severity::Danger
        } else {
            Severity::Warning
        };
        let name = quote_ident(&column.name);
        let left = u64::try_from(max - last).unwrap_or(0);
        let draft = found.add(
            severity,
            format!(
                "{}.{name} has used {used:.1} % of {}: after {} more values inserts fail.",
                table.name,
                column.type_name,
                grouped(left)
            ),
        );
        draft
            .column(table, column)
            .evidence(format!("{source}: {}", grouped(u64::try_from(last).unwrap_or(0))));
        if let Some(forecast) = forecast(review.model, table, left as f64) {
            draft.evidence(forecast);
        }
        draft.unsafe_fix(format!(
            "ALTER TABLE {} ALTER COLUMN {name} TYPE bigint;",
            table.name
        ));
    }
}

fn last_value(review: &Review<'_>, table: &Table, column: &Column) -> Option<(i64, &'static str)> {
    let place = Some((table.oid, column.number));
    let sequences = review.model.sequences.iter();
    let drawn = sequences
        .filter(|sequence| sequence.owned_by == place)
        .find_map(|sequence| sequence.last_value);
    let seen = column.statistics.as_ref().and_then(|statistics| statistics.high);
    match (drawn, seen) {
        (Some(drawn), seen) if seen.is_none_or(|seen| seen <= drawn) => {
            Some((drawn, "last value of its sequence"))
        }
        (_, Some(seen)) => Some((seen, "largest value that ANALYZE saw")),
        _ => None,
    }
}
