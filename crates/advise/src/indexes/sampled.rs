//! Looks at the rows of a table, where what ANALYZE keeps does not tell: bounded in time and pages, and only read.

use howdah_core::Result;
use howdah_pg::{Column, Flow, PgError, RowView, Session, Sink, Step, Transaction};

use super::catalog::Relation;

/// What samples about so many pages of a relation, for behind its name: the same each time, or two runs would not
/// agree.
pub(crate) fn of(relation: &Relation, pages: f64) -> String {
    let share = (pages / relation.pages.max(1.0) * 100.0).min(100.0);
    format!(" TABLESAMPLE SYSTEM ({share:.6}) REPEATABLE (0)")
}

/// The figures in the one row of an answer; none where the rows may not be seen (of a table with policies for this
/// role nothing is, as these are code), or that takes longer than so many milliseconds.
///
/// # Errors
/// As the server fails.
pub(crate) async fn look(session: &mut Session, sql: &str, milliseconds: u64) -> Result<Vec<f64>> {
    let settings = format!(
        "SELECT pg_catalog.set_config('row_security', 'off', true), pg_catalog.set_config('statement_timeout', '{milliseconds}ms', true), \
         pg_catalog.set_config('lock_timeout', '200ms', true)"
    );
    let steps = [
        Step::silent("BEGIN READ ONLY"),
        Step::silent(&settings),
        Step::new(sql),
        Step::silent("ROLLBACK"),
    ];
    let mut cells = Cells(Vec::new());
    let outcome = session.run(&steps, &mut cells).await;
    if session.transaction() != Transaction::Idle && !session.is_closed() {
        session.batch("ROLLBACK").await?;
    }
    match outcome {
        Ok(_) => Ok(cells.0),
        Err(PgError::Server(error)) if !error.is_fatal() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The cells of the one row.
struct Cells(Vec<f64>);

impl Sink for Cells {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        let cells = (0..).map_while(|at| row.cell(at));
        self.0 = cells.map(|cell| cell.text().parse().unwrap_or(0.0)).collect();
        Flow::Continue
    }
}
