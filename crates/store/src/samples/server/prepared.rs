//! Statements as the server takes them: those of one kind together, with all their rows. Every bundle
//! makes the names known that it mentions and looks them up where it writes, in one transaction, so that
//! nothing is remembered here that somebody else may have removed.

use std::collections::HashMap;

use crate::samples::statement::{Statement, Value};

/// Bytes of rows that are sent in one statement, about.
const ROWS_BYTES: usize = 1024 * 1024;

/// A statement as the server takes it.
pub(super) struct Prepared {
    pub(super) sql: String,
    values: Vec<Option<String>>,
}

impl Prepared {
    /// One for each.
    pub(super) fn all(statements: &[Statement], id: i64) -> Vec<Self> {
        statements
            .iter()
            .map(|statement| Self::of(statement, id))
            .collect()
    }

    pub(super) fn params(all: &[Self]) -> Vec<Vec<Option<&str>>> {
        all.iter()
            .map(|one| one.values.iter().map(Option::as_deref).collect())
            .collect()
    }

    fn of(statement: &Statement, id: i64) -> Self {
        let (sql, names) = statement.numbered();
        let value = |name: &&str| match *name {
            ":target" => Some(id.to_string()),
            name => statement.value(name).and_then(Value::text),
        };
        let values = names.iter().map(value).collect();
        Self { sql, values }
    }
}

/// One for all that can be run together, where the first of them stands; the others as they are.
pub(super) fn for_writing(statements: &[Statement], id: i64) -> Vec<Prepared> {
    let mut ordered: Vec<Kind<'_>> = Vec::new();
    let mut place_of: HashMap<&str, usize> = HashMap::new();
    for statement in statements {
        let Some(sql) = statement.for_many() else {
            ordered.push(Kind::Alone(statement));
            continue;
        };
        let row = statement.row().to_string();
        let place = *place_of.entry(sql).or_insert(ordered.len());
        match ordered.get_mut(place) {
            Some(Kind::Together(_, rows)) => rows.add(&row),
            _ => ordered.push(Kind::Together(sql, Rows::of(&row))),
        }
    }
    let mut prepared = Vec::with_capacity(ordered.len());
    for kind in ordered {
        match kind {
            Kind::Alone(statement) => prepared.push(Prepared::of(statement, id)),
            Kind::Together(sql, rows) => {
                let of = |rows: String| Prepared::of(&Statement::new(sql).with(":rows", rows.as_str()), id);
                prepared.extend(rows.finish().map(of));
            }
        }
    }
    prepared
}

enum Kind<'a> {
    Alone(&'a Statement),
    Together(&'static str, Rows),
}

/// Arrays of JSON.
struct Rows(Vec<String>);

impl Rows {
    fn of(row: &str) -> Self {
        Self(vec![format!("[{row}")])
    }

    fn add(&mut self, row: &str) {
        match self.0.last_mut() {
            Some(last) if last.len() < ROWS_BYTES => {
                last.push(',');
                last.push_str(row);
            }
            _ => self.0.push(format!("[{row}")),
        }
    }

    fn finish(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|rows| rows + "]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_of_a_kind_go_together_where_the_first_of_them_stands() {
        let add = |text: &str| {
            Statement::new("INSERT INTO a VALUES (:text)")
                .together("INSERT INTO a SELECT :rows")
                .with(":text", text)
        };
        let long = "x".repeat(ROWS_BYTES);
        let statements = [
            Statement::new("DELETE FROM a WHERE t = :target"),
            add("it's \"é\""),
            Statement::new("SELECT 1"),
            add("b"),
            add(&long),
            add("c"),
        ];
        let prepared = for_writing(&statements, 7);
        let seen: Vec<(&str, Option<&str>)> = prepared
            .iter()
            .map(|one| {
                (
                    one.sql.as_str(),
                    one.values.first().and_then(|value| value.as_deref()),
                )
            })
            .collect();
        assert_eq!(seen.len(), 4);
        assert_eq!(seen[0], ("DELETE FROM a WHERE t = $1", Some("7")));
        let first = seen[1].1.unwrap_or_default();
        assert!(
            first.starts_with(r#"[{"text":"it's \"é\""},{"text":"b"},{"text":"xx"#),
            "{:.60}",
            first
        );
        assert_eq!(seen[2], ("INSERT INTO a SELECT $1", Some(r#"[{"text":"c"}]"#)));
        assert_eq!(seen[3], ("SELECT 1", None));
    }
}
