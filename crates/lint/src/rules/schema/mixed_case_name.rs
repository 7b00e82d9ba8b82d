use howdah_core::Severity;
use howdah_sql::{RelationName, quote_ident};

use crate::schema::{Found, Review, Table, words::words};

crate::schema_rule!("schema/mixed-case-name", "Schema Design: Modeling Process");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        if needs_quotes(&table.name.name) {
            let better = RelationName {
                schema: None,
                name: snake_case(&table.name.name),
            };
            found
                .add(
                    Severity::Warning,
                    format!("The name of {} has to be quoted wherever it is used: without quotes it means another table.", table.name),
                )
                .table(table)
                .unsafe_fix(format!("ALTER TABLE {} RENAME TO {better};", table.name));
        }
        let columns: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .filter(|name| needs_quotes(name))
            .collect();
        if !columns.is_empty() {
            columns_of(table, &columns, found);
        }
    }
}

/// One finding for all columns of a table: they come from one habit.
fn columns_of(table: &Table, columns: &[&str], found: &mut Found) {
    let renames: Vec<String> = columns
        .iter()
        .map(|name| {
            let better = quote_ident(&snake_case(name));
            format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {better};",
                table.name,
                quote_ident(name)
            )
        })
        .collect();
    let names: Vec<String> = columns.iter().map(|name| quote_ident(name)).collect();
    let draft = found.add(
        Severity::Warning,
        format!(
            "{} of the columns of {} have names that must be quoted wherever they are used.",
            columns.len(),
            table.name
        ),
    );
    match columns {
        [only] => draft.part(table, only),
        _ => draft.table(table),
    };
    draft.evidence(names.join(", ")).unsafe_fix(renames.join("\n"));
}

/// Whether the name is not what it becomes without quotes; keywords are another rule's matter.
fn needs_quotes(name: &str) -> bool {
    let fits =
        |c: char| c.is_lowercase() || c.is_ascii_digit() || c == '_' || (!c.is_ascii() && c.is_alphabetic());
    !name.chars().all(fits) || name.starts_with(|c: char| c.is_ascii_digit())
}

fn snake_case(name: &str) -> String {
    let joined = words(name).join("_");
    match joined.chars().next() {
        None => "renamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{joined}"),
        Some(_) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_fold_to_themselves_need_no_quotes() {
        for name in ["orders", "order_2", "straße", "_x"] {
            assert!(!needs_quotes(name), "{name}");
        }
        for name in ["Orders", "order items", "2024", "a-b", "Straße", "a\"b"] {
            assert!(needs_quotes(name), "{name}");
        }
        assert_eq!(snake_case("customerId"), "customer_id");
        assert_eq!(snake_case("2024 sales"), "_2024_sales");
        assert_eq!(snake_case("\"\""), "renamed");
    }
}
