use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::StoreError;

/// A statement that SQLite and PostgreSQL understand alike, with the values of its `:names`.
///
/// `:target` is filled in by whoever runs it. What only one of the two knows is left out of such
/// statements: `INSERT OR REPLACE`, `max` of two values, `::` casts, subqueries without a name.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) sql: Cow<'static, str>,
    together: Option<&'static str>,
    values: Vec<(&'static str, Value)>,
}

/// A value of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
}

impl Statement {
    pub(super) fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self {
            sql: sql.into(),
            together: None,
            values: Vec::new(),
        }
    }

    /// With what a server runs instead, once for all statements of a bundle that have the same: its
    /// `:rows` are their values, an array of JSON objects of texts. It stands where the first of
    /// them stood, and must take rows that come twice.
    #[must_use]
    pub(super) fn together(mut self, sql: &'static str) -> Self {
        self.together = Some(sql);
        self
    }

    /// What a server runs instead for many of its kind.
    pub(super) fn for_many(&self) -> Option<&'static str> {
        self.together
    }

    /// Its values as an object of JSON.
    pub(super) fn row(&self) -> serde_json::Value {
        let values = self.values.iter();
        let fields =
            values.map(|(name, value)| (name.trim_start_matches(':').to_owned(), value.text().into()));
        serde_json::Value::Object(fields.collect())
    }

    /// With a value for `name`, which begins with a colon. One that the statement does not
    /// mention is not sent.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// The value of that name.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    /// The text with `$1`… in place of names, and the names in that order.
    pub(super) fn numbered(&self) -> (String, Vec<&str>) {
        let mut text = String::with_capacity(self.sql.len());
        let mut names: Vec<&str> = Vec::new();
        let mut rest: &str = &self.sql;
        while let Some(at) = rest.find(':') {
            text.push_str(&rest[..at]);
            let behind = &rest[at + 1..];
            let end = behind
                .find(|c: char| !(c.is_ascii_lowercase() || c == '_'))
                .unwrap_or(behind.len());
            let name = &rest[at..at + 1 + end];
            let number = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            text.push_str(&format!("${}", number + 1));
            rest = &rest[at + 1 + end..];
        }
        text.push_str(rest);
        (text, names)
    }
}

impl Value {
    /// As PostgreSQL reads it; `None` is NULL.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Integer(value) => Some(value.to_string()),
            Self::Real(value) => Some(value.to_string()),
            Self::Text(value) => Some(value.clone()),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row of an answer.
pub(super) enum Found<'a> {
    File(&'a rusqlite::Row<'a>),
    Server(howdah_pg::Row<'a>),
}

impl Found<'_> {
    /// An integer; 0 for NULL.
    pub(super) fn integer(&self, column: usize) -> Result<i64, StoreError> {
        Ok(self.maybe_integer(column)?.unwrap_or(0))
    }

    pub(super) fn maybe_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self {
            Self::File(row) => Ok(row.get(column)?),
            Self::Server(row) => row.get(column).map(parsed).transpose(),
        }
    }

    /// A number; 0 for NULL.
    pub(super) fn real(&self, column: usize) -> Result<f64, StoreError> {
        match self {
            Self::File(row) => Ok(row.get::<_, Option<f64>>(column)?.unwrap_or(0.0)),
            Self::Server(row) => row.get(column).map_or(Ok(0.0), parsed),
        }
    }

    /// A text; empty for NULL.
    pub(super) fn text(&self, column: usize) -> Result<String, StoreError> {
        Ok(self.maybe_text(column)?.unwrap_or_default())
    }

    pub(super) fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self {
            Self::File(row) => Ok(row.get(column)?),
            Self::Server(row) => Ok(row.get(column).map(str::to_owned)),
        }
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::NoNumber {
        found: text.chars().take(100).collect(),
    })
}

/// Statements that are written together or not at all; names and statements that they mention
/// are made known first, once each.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    /// What makes names and statements known, before anything mentions them.
    known: Vec<Statement>,
    statements: Vec<Statement>,
    names: BTreeMap<&'static str, std::collections::BTreeSet<String>>,
    ids: std::collections::BTreeSet<i64>,
}

impl Bundle {
    pub(super) fn push(&mut self, statement: Statement) {
        self.statements.push(statement);
    }

    /// All of them, in the order in which they are run.
    pub(super) fn into_statements(self) -> Vec<Statement> {
        let mut statements = self.known;
        statements.extend(self.statements);
        statements
    }

    /// Sees to it that there is a name.
    pub(super) fn name(&mut self, kind: &'static str, text: &str) {
        if self.names.entry(kind).or_default().insert(text.to_owned()) {
            self.known.push(
                Statement::new(
                    "INSERT INTO name (target, kind, text) \
                     SELECT CAST(:target AS bigint), CAST(:kind AS text), CAST(:text AS text) \
                     WHERE NOT EXISTS (SELECT 1 FROM name WHERE target = :target AND kind = :kind AND text = :text)",
                )
                .together(include_str!("server/names.sql"))
                .with(":kind", kind)
                .with(":text", text),
            );
        }
    }

    /// Sees to it that there is a statement, which is seen now.
    pub(super) fn statement(&mut self, query_id: i64, at_s: i64) {
        if !self.ids.insert(query_id) {
            return;
        }
        self.known.push(
            Statement::new(
                "INSERT INTO statement (target, query_id, first_at, last_at) \
                 SELECT CAST(:target AS bigint), CAST(:query_id AS bigint), CAST(:at AS bigint), CAST(:at AS bigint) \
                 WHERE NOT EXISTS (SELECT 1 FROM statement WHERE target = :target AND query_id = :query_id)",
            )
            .together(include_str!("server/statements.sql"))
            .with(":query_id", query_id)
            .with(":at", at_s),
        );
        // Once in an hour is exact enough for what is forgotten after a year.
        self.known.push(
            Statement::new(
                "UPDATE statement SET last_at = :at \
                 WHERE target = :target AND query_id = :query_id AND last_at <= :hour_before",
            )
            .together(include_str!("server/statements_seen.sql"))
            .with(":query_id", query_id)
            .with(":at", at_s)
            .with(":hour_before", at_s - 3_600),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers_in_the_order_in_which_they_are_mentioned() {
        let statement = Statement::new("SELECT :b, :a FROM t WHERE x = :b AND y_z < :long_name")
            .with(":a", 1)
            .with(":b", "text");
        let (text, names) = statement.numbered();
        assert_eq!(text, "SELECT $1, $2 FROM t WHERE x = $1 AND y_z < $3");
        assert_eq!(names, [":b", ":a", ":long_name"]);
        assert_eq!(statement.value(":b"), Some(&Value::Text("text".to_owned())));
        assert_eq!(statement.value(":c"), None);
    }
}
