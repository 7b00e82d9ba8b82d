use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Column, Found, Review, words::words};

crate::schema_rule!("schema/comma-list", "Schema Design: Design Rules");

/// Different values that must have been seen.
const MIN_VALUES: usize = 5;
/// The share of values that must be lists.
const MOST: f64 = 0.5;

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns().filter(|(_, column)| column.is_text()) {
        let name = quote_ident(&column.name);
        let statistics = column.statistics.as_ref().filter(|_| review.has_evidence(table));
        let evidence = match statistics {
            Some(statistics) => {
                let values: Vec<&str> = statistics.samples().collect();
                let lists: Vec<&&str> = values.iter().filter(|value| is_list(value)).collect();
                let all_fit = values.iter().all(|value| is_list(value) || is_item(value));
                if values.len() < MIN_VALUES || !all_fit || (lists.len() as f64) < MOST * values.len() as f64
                {
                    continue;
                }
                format!(
                    "{} of {} values of the statistics, such as {:?}",
                    lists.len(),
                    values.len(),
                    lists[0]
                )
            }
            None if is_named_like_one(column) => "the name".to_owned(),
            None => continue,
        };
        let severity = if statistics.is_some() {
            Severity::Warning
        } else {
            Severity::Note
        };
        found
            .add(
                severity,
                format!(
                    "{}.{name} holds lists of values in a string: a value in it cannot be indexed, counted or made to refer to anything.",
                    table.name
                ),
            )
            .column(table, column)
            .evidence(evidence)
            .shown_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE text[] USING regexp_split_to_array({name}, '\\s*[,;|]\\s*');\n-- or a table with a row for each",
                table.name
            ));
    }
}

/// Whether a value is two or more short words or numbers between commas, semicolons or bars; prose has blanks within.
fn is_list(value: &str) -> bool {
    [',', ';', '|'].iter().any(|&mark| {
        let items: Vec<&str> = value.split(mark).map(str::trim).collect();
        items.len() >= 2 && items.iter().all(|item| is_item(item))
    }) && !is_number(value)
}

fn is_item(item: &str) -> bool {
    !item.is_empty() && item.len() <= 40 && item.chars().all(|c| c.is_alphanumeric() || "_-.:@/#".contains(c))
}

/// A number with groups or a decimal comma is no list.
fn is_number(value: &str) -> bool {
    let groups: Vec<&str> = value.split(',').collect();
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    value.contains(',')
        && !value.contains(' ')
        && groups.iter().all(|group| digits(group))
        && (groups[1..].iter().all(|group| group.len() == 3) || groups.len() == 2)
}

fn is_named_like_one(column: &Column) -> bool {
    let words = words(&column.name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    ["ids", "csv"].contains(&last) || (last == "list" && words.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_told_from_prose_and_numbers() {
        for list in ["red,green", "1, 2, 3", "a;b", "admin|user", "x@a.org, y@b.org"] {
            assert!(is_list(list), "{list}");
        }
        for other in [
            "Hello, my friend over there",
            "1,000",
            "12,5",
            "plain",
            "Miller, John Q",
            "a,,b",
            "",
        ] {
            assert!(!is_list(other), "{other}");
        }
    }
}
