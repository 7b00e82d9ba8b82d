use super::Stepped;
use super::attend::{Attended, Gives, Heeds};
use super::worker::Worker;
use crate::ChangeError;
use crate::journal::Wanted;

/// Characters of a cell that a message shows.
const CELL_CHARS: usize = 80;

impl Worker {
    /// A query that must return 0; otherwise the error to be reported, should nothing help.
    pub(super) async fn verify(&mut self, sql: &str, failure: &str) -> Result<Stepped, ChangeError> {
        let rows = match self.attended(sql, Gives::Rows, Heeds::Everybody).await? {
            Attended::Done(rows) => rows,
            Attended::Wanted(wanted) => return Ok(Stepped::Wanted(wanted)),
        };
        let count = rows.first().and_then(|row| row.parse::<u64>(0)).unwrap_or(0);
        if count == 0 {
            return Ok(Stepped::Done);
        }
        Ok(Stepped::Wrong(ChangeError::Data {
            message: format!("{failure} ({})", howdah_core::counted(count, "row")),
            hint: "Change these rows and resume, or take the change back with: howdah change rollback"
                .to_owned(),
        }))
    }

    /// A query that must return no row. `Some` where a person wants the change to stop.
    pub(super) async fn check(
        &mut self,
        sql: &str,
        failure: &str,
        hint: &str,
    ) -> Result<Option<Wanted>, ChangeError> {
        let rows = match self.attended(sql, Gives::Rows, Heeds::Everybody).await? {
            Attended::Done(rows) => rows,
            Attended::Wanted(wanted) => return Ok(Some(wanted)),
        };
        if rows.is_empty() {
            return Ok(None);
        }
        let shown: Vec<String> = rows
            .iter()
            .take(10)
            .map(|row| {
                let cells: Vec<String> = rows
                    .columns()
                    .iter()
                    .enumerate()
                    .map(|(at, column)| {
                        let value = row
                            .get(at)
                            .map_or("NULL".to_owned(), |text| text.chars().take(CELL_CHARS).collect());
                        format!("{} = {value}", column.name)
                    })
                    .collect();
                cells.join(", ")
            })
            .collect();
        Err(ChangeError::Data {
            message: format!("{failure}\n  {}", shown.join("\n  ")),
            hint: hint.to_owned(),
        })
    }
}
