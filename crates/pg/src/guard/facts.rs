//! Asks the catalog: several queries in one round trip, rows as text.

use crate::{Column, Connection, Flow, PgError, RowView, Sink, Step};

/// A row of cells in text.
pub(crate) type Record = Vec<Option<String>>;
/// The rows of one query.
pub(crate) type Table = Vec<Record>;

/// Bytes that the answers of one round trip may have.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Runs the steps in one round trip and returns the rows of each.
pub(crate) async fn fetch(connection: &mut Connection, steps: &[Step<'_>]) -> Result<Vec<Table>, PgError> {
    let mut tables = Tables {
        tables: steps.iter().map(|_| Table::new()).collect(),
        room: MAX_BYTES,
        cut: false,
    };
    connection.run(steps, &mut tables).await?;
    if tables.cut {
        return Err(PgError::TooLarge {
            limit_bytes: MAX_BYTES,
        });
    }
    Ok(tables.tables)
}

struct Tables {
    tables: Vec<Table>,
    room: usize,
    cut: bool,
}

impl Sink for Tables {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, step: usize, row: &RowView<'_>) -> Flow {
        let mut record = Record::with_capacity(row.len());
        for cell in row.cells() {
            if let Some(cell) = &cell {
                self.cut |= cell.is_cut();
                self.room = self.room.saturating_sub(cell.full_len);
            }
            record.push(cell.map(|cell| cell.text().into_owned()));
        }
        if let Some(table) = self.tables.get_mut(step) {
            table.push(record);
        }
        if self.room == 0 || self.cut {
            self.cut = true;
            return Flow::Stop;
        }
        Flow::Continue
    }

    fn cell_cap(&self) -> usize {
        MAX_BYTES
    }

    fn row_cap(&self) -> usize {
        MAX_BYTES
    }
}

/// Cell `at`, empty for NULL.
pub(crate) fn text(row: &[Option<String>], at: usize) -> &str {
    row.get(at).and_then(Option::as_deref).unwrap_or_default()
}

/// Cell `at` as an OID or small number; 0 for NULL.
pub(crate) fn number(row: &[Option<String>], at: usize) -> u32 {
    text(row, at).parse().unwrap_or(0)
}

/// The numbers in cell `at` that are not 0.
pub(crate) fn numbers(row: &[Option<String>], at: usize) -> Vec<u32> {
    let words = text(row, at).split_ascii_whitespace();
    words
        .filter_map(|word| word.parse().ok())
        .filter(|n| *n != 0)
        .collect()
}

/// Whether cell `at` is true.
pub(crate) fn is_true(row: &[Option<String>], at: usize) -> bool {
    text(row, at) == "t"
}

/// An array of OIDs as the server reads it.
pub(crate) fn oid_array(oids: impl IntoIterator<Item = u32>) -> String {
    let words: Vec<String> = oids.into_iter().map(|oid| oid.to_string()).collect();
    format!("{{{}}}", words.join(","))
}

/// An array of texts as the server reads it.
pub(crate) fn text_array<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = texts
        .into_iter()
        .map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    format!("{{{}}}", quoted.join(","))
}
