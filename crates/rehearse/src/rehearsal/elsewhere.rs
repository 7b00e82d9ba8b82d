//! Failures that only show that the target's rows are not here.

use super::run::Run;
use super::statement::Sentence;
use crate::plans::Touch;
use crate::{Failure, RehearseError};

/// What a server said of the constraint that was violated.
#[derive(Debug, Clone, Default)]
pub(super) struct Violated {
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) constraint: String,
}

impl Run {
    /// Whether a statement would have found, on the target, the rows that it failed for want of.
    pub(super) async fn lacks_rows(
        &mut self,
        sentence: &Sentence<'_>,
        failure: &Failure,
        touches: &[Touch],
    ) -> Result<bool, RehearseError> {
        match failure.sqlstate.as_str() {
            "23503" => self.refers_to_old_table().await,
            // RAISE, SELECT … INTO STRICT, ASSERT: by what the code has read.
            "P0001" | "P0002" | "P0004" => Ok(sentence.runs_code() && self.has_read_old_tables(touches)),
            _ => Ok(false),
        }
    }

    /// Whether the foreign key that was violated refers to a table from before the script.
    async fn refers_to_old_table(&mut self) -> Result<bool, RehearseError> {
        let Some(violated) = self.violated.clone() else {
            return Ok(false);
        };
        let sql = include_str!("../../queries/clients/referenced.sql");
        let params = [&violated.schema, &violated.table, &violated.constraint];
        let params = params.map(|param| Some(param.as_str()));
        let rows = self.connection.query(sql, &params).await;
        let rows = rows.map_err(RehearseError::scratch("reading a constraint"))?;
        let referenced = rows.first().and_then(|row| row.parse(0));
        Ok(referenced.is_some_and(|table: u32| self.start.relations.contains_key(&table)))
    }

    fn has_read_old_tables(&self, touches: &[Touch]) -> bool {
        touches
            .iter()
            .any(|touch| self.start.named(&touch.relation).is_some())
    }
}
