use std::time::Instant;

use super::worker::Worker;
use crate::ChangeError;

/// Characters of a cell that a message shows.
const CELL_CHARS: usize = 80;

impl Worker {
    /// A query that must return 0; otherwise the error to be reported, should nothing help.
    pub(super) async fn verify(
        &mut self,
        sql: &str,
        failure: &str,
    ) -> Result<Option<ChangeError>, ChangeError> {
        let begun = Instant::now();
        let count = self
            .value(sql, &[])
            .await?
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0);
        self.observer.executed(sql, Some(1), begun.elapsed(), None);
        Ok((count > 0).then(|| ChangeError::Data {
            message: format!("{failure} ({count} rows)"),
            hint: "Change these rows and resume, or take the change back with: howdah change rollback"
                .to_owned(),
        }))
    }

    /// A query that must return no row.
    pub(super) async fn check(&mut self, sql: &str, failure: &str, hint: &str) -> Result<(), ChangeError> {
        let begun = Instant::now();
        let rows = self.connection().await?.query(sql, &[]).await?;
        self.observer
            .executed(sql, Some(rows.len() as u64), begun.elapsed(), None);
        if rows.is_empty() {
            return Ok(());
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
