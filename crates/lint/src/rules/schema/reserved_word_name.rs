use howdah_core::Severity;
use howdah_sql::{Limits, RelationName, parse, quote_ident};

use crate::schema::{Found, Review, words::words};

crate::schema_rule!("schema/reserved-word-name", "Schema Design: Modeling Process");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        if is_reserved(&table.name.name, |name| format!("SELECT 1 FROM {name}")) {
            let better = RelationName::new(format!("app_{}", table.name.name));
            found
                .add(
                    Severity::Warning,
                    format!("The table {} is named by a reserved word: without quotes, statements that use it are syntax errors or mean something else.", table.name),
                )
                .table(table)
                .shown_fix(format!("ALTER TABLE {} RENAME TO {better};", table.name));
        }
        for column in &table.columns {
            if !is_reserved(&column.name, |name| {
                format!("SELECT {name} FROM t WHERE {name} = 1")
            }) {
                continue;
            }
            let name = quote_ident(&column.name);
            found
                .add(
                    Severity::Warning,
                    format!(
                        "{}.{name} is named by a reserved word and has to be quoted wherever it is used.",
                        table.name
                    ),
                )
                .column(table, column)
                .shown_fix(format!(
                    "ALTER TABLE {} RENAME COLUMN {name} TO {};",
                    table.name,
                    quote_ident(&format!("{}_{}", subject(&table.name.name), column.name))
                ));
        }
    }
}

/// Whether the grammar does not take the word as a name, or takes it as something else: `user`
/// stands for the role.
fn is_reserved(name: &str, statement: impl Fn(&str) -> String) -> bool {
    if quote_ident(name) == name || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        return false;
    }
    let is_value = [
        "user",
        "current_user",
        "session_user",
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_role",
        "current_catalog",
        "current_schema",
        "system_user",
        "null",
        "true",
        "false",
        "default",
    ];
    is_value.contains(&name) || parse(&statement(name), &Limits::default()).is_err()
}

fn subject(table: &str) -> String {
    let last = words(table).pop().unwrap_or_default();
    crate::schema::words::singular(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_says_what_is_reserved() {
        let column = |name: &str| is_reserved(name, |name| format!("SELECT {name} FROM t WHERE {name} = 1"));
        for name in ["order", "user", "group", "end", "desc", "default"] {
            assert!(column(name), "{name}");
        }
        for name in ["name", "value", "type", "id", "status", "position", "date"] {
            assert!(!column(name), "{name}");
        }
    }
}
