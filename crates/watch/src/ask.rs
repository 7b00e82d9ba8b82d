use std::collections::BTreeMap;

use howdah_pg::catalog::{Query, Reading, for_major};
use howdah_pg::{Connection, PgError, Row, Rows, ServerError};

use crate::statements::OURS;

/// What a question may take, in milliseconds.
const STATEMENT_TIMEOUT_MS: u32 = 10_000;
/// What it may wait for a lock: the next time is soon.
const LOCK_TIMEOUT_MS: u32 = 100;

/// What the questions depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) major: u32,
    /// The oid, as text.
    pub(crate) database: String,
    /// The schema of pg_stat_statements, quoted, where its counters can be read.
    pub(crate) statements: Option<String>,
    pub(crate) sees_all_sessions: bool,
}

/// Asks questions of ours, and remembers what the server does not answer.
pub(crate) struct Asking {
    pub(crate) connection: Connection,
    pub(crate) place: Place,
    /// Why, by the name of the question.
    pub(crate) refused: BTreeMap<&'static str, String>,
}

/// A question, by name so that a refusal can be told, and its values.
pub(crate) struct Question<'a> {
    pub(crate) name: &'static str,
    pub(crate) sql: &'a str,
    pub(crate) params: Vec<String>,
}

impl Asking {
    pub(crate) async fn on(mut connection: Connection) -> Result<Self, PgError> {
        let sql = include_str!("questions/place.sql");
        let rows = reading(&mut connection).one(&Query::new(sql, &[])).await?;
        let mut place = Place::default();
        if let Some(row) = rows.first() {
            let version: u32 = number(row, "version_num");
            place.major = version / 10_000;
            place.database = text(row, "database_oid").to_owned();
            place.sees_all_sessions = row.named("sees_all_sessions") == Some("t");
            place.statements = (row.named("statements_loaded") == Some("t"))
                .then(|| row.named("statements_schema").map(str::to_owned))
                .flatten();
        }
        Ok(Self {
            connection,
            place,
            refused: BTreeMap::new(),
        })
    }

    /// The rows of each question, by its name; those that the server does not answer are left
    /// out, now and from then on, but for those where a lock or the time was in the way.
    pub(crate) async fn all(
        &mut self,
        questions: Vec<Question<'_>>,
    ) -> Result<BTreeMap<&'static str, Rows>, PgError> {
        let mut answers = BTreeMap::new();
        let asked: Vec<(&'static str, String, Vec<String>)> = questions
            .into_iter()
            .filter(|question| !self.refused.contains_key(question.name))
            .map(|question| (question.name, self.text(question.sql), question.params))
            // A question may have no line for this version.
            .filter(|(_, sql, _)| !sql.trim().is_empty())
            .collect();
        let mut rest = asked.as_slice();
        while !rest.is_empty() {
            let params: Vec<Vec<Option<&str>>> = rest
                .iter()
                .map(|(_, _, params)| params.iter().map(|value| Some(value.as_str())).collect())
                .collect();
            let queries: Vec<Query<'_>> = rest
                .iter()
                .zip(&params)
                .map(|((_, sql, _), params)| Query::new(sql, params))
                .collect();
            let partial = reading(&mut self.connection).as_far_as_possible(&queries).await?;
            let answered = partial.rows.len();
            for ((name, _, _), rows) in rest.iter().zip(partial.rows) {
                answers.insert(*name, rows);
            }
            rest = &rest[answered..];
            if let (Some(error), [(name, _, _), others @ ..]) = (partial.error, rest) {
                if !is_passing(&error) {
                    self.refused.insert(name, error.message.clone());
                }
                rest = others;
            }
        }
        Ok(answers)
    }

    /// The rows of one question; none where the server does not answer it.
    pub(crate) async fn one(&mut self, question: Question<'_>) -> Result<Option<Rows>, PgError> {
        let name = question.name;
        Ok(self.all(vec![question]).await?.remove(name))
    }

    fn text(&self, sql: &str) -> String {
        let text = for_major(sql, self.place.major);
        let text = match &self.place.statements {
            Some(schema) => text.replace("{statements}", schema),
            None => text,
        };
        // What ends a statement also ends the text that the server keeps of it.
        let asked = match text.rfind(';') {
            Some(end) if !text[end..].contains('\'') => &text[..end],
            _ => &text,
        };
        match asked.trim() {
            "" => String::new(),
            // From 18 on the server keeps a statement's text without what stands before it.
            asked => format!("{asked}\n{OURS}"),
        }
    }
}

fn reading(connection: &mut Connection) -> Reading<'_> {
    Reading::of(connection)
        .statement_timeout_ms(STATEMENT_TIMEOUT_MS)
        .lock_timeout_ms(LOCK_TIMEOUT_MS)
}

/// Whether the same question may be answered the next time: a lock, the time, a relation that
/// was dropped meanwhile, a standby whose recovery was in the way.
fn is_passing(error: &ServerError) -> bool {
    matches!(
        error.sqlstate.as_str(),
        "55P03" | "57014" | "42P01" | "XX000" | "40001" | "40P01" | "53200"
    )
}

/// The text; empty for NULL.
pub(crate) fn text<'a>(row: Row<'a>, column: &str) -> &'a str {
    row.named(column).unwrap_or_default()
}

/// The number; 0 for NULL.
pub(crate) fn number<T: std::str::FromStr + Default>(row: Row<'_>, column: &str) -> T {
    row.named(column)
        .and_then(|value| value.parse().ok())
        .unwrap_or_default()
}
