use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review, words::words};

crate::schema_rule!("schema/text-holds-typed-values", "Schema Design: Design Rules");

/// Different values that must have been seen; booleans have no more than two.
const MIN_VALUES: usize = 20;

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns().filter(|(_, column)| column.is_text()) {
        let Some(statistics) = column.statistics.as_ref().filter(|_| review.has_evidence(table)) else {
            continue;
        };
        let values: Vec<&str> = statistics.samples().collect();
        let all = |test: fn(&str) -> bool| values.iter().all(|value| test(value));
        let better = if values.len() == 2 && statistics.whole_set().is_some() && all(is_boolean) {
            "boolean"
        } else if values.len() < MIN_VALUES {
            continue;
        } else if all(is_uuid) {
            "uuid"
        } else if all(is_date) {
            "date"
        } else if all(is_moment) {
            "timestamp with time zone"
        } else if all(is_document) {
            "jsonb"
        } else if all(is_count) && !is_code(&column.name) {
            "bigint"
        } else {
            continue;
        };
        let name = quote_ident(&column.name);
        let severity = if better == "bigint" {
            Severity::Note
        } else {
            Severity::Warning
        };
        found
            .add(
                severity,
                format!(
                    "{}.{name} is {} and holds nothing but values of type {better}: as that they are checked, smaller, and compare rightly.",
                    table.name, column.type_name
                ),
            )
            .column(table, column)
            .evidence(format!("{} different values of the statistics, such as {:?}", values.len(), values[0]))
            .unsafe_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE {better} USING {name}::{better};",
                table.name
            ));
    }
}

fn is_boolean(value: &str) -> bool {
    [
        "t", "f", "true", "false", "yes", "no", "y", "n", "on", "off", "0", "1",
    ]
    .contains(&value.to_lowercase().as_str())
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

fn is_date(value: &str) -> bool {
    let shape: String = value
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    shape == "9999-99-99"
}

fn is_moment(value: &str) -> bool {
    value.len() >= 16
        && value.get(..10).is_some_and(is_date)
        && value[10..].starts_with([' ', 'T'])
        && value[11..]
            .chars()
            .all(|c| c.is_ascii_digit() || ":.+-Z ".contains(c))
        && value[11..].contains(':')
}

fn is_document(value: &str) -> bool {
    // Long values are cut off, so that only their beginning can be looked at.
    value.starts_with("{\"") || value.starts_with("[{\"")
}

fn is_count(value: &str) -> bool {
    value.len() <= 18
        && value.bytes().all(|b| b.is_ascii_digit())
        && (value == "0" || !value.starts_with('0'))
}

/// Whether digits are no number in a column of that name: nobody adds up telephone numbers.
fn is_code(name: &str) -> bool {
    const CODES: [&str; 16] = [
        "phone",
        "tel",
        "telephone",
        "fax",
        "mobile",
        "zip",
        "zipcode",
        "postal",
        "postcode",
        "code",
        "sku",
        "isbn",
        "iban",
        "account",
        "ssn",
        "version",
    ];
    words(name).iter().any(|word| CODES.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        assert!(is_uuid("2f1c6f0e-0b0c-4f0e-9a3e-0123456789ab") && !is_uuid("2f1c6f0e"));
        assert!(is_date("2026-01-31") && !is_date("31.01.2026"));
        assert!(
            is_moment("2026-01-31 10:00:00+01")
                && is_moment("2026-01-31T10:00:00Z")
                && !is_moment("2026-01-31 some words")
        );
        assert!(is_count("120") && !is_count("0120") && !is_count("1e5"));
        assert!(is_code("zip_code") && !is_code("quantity"));
    }
}
