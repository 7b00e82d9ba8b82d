use std::borrow::Cow;
use std::str::FromStr;

use crate::error::PgError;

/// A column of a result, as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name; several may share one.
    pub name: String,
    /// The type's OID in `pg_type`.
    pub type_oid: u32,
    /// The type's modifier, such as the length of a `varchar`; −1 without.
    pub typmod: i32,
    /// The relation it is a plain column of; 0 for an expression.
    pub table_oid: u32,
    /// Its number there; 0 for an expression.
    pub attnum: i16,
}

/// What a [`Sink`] wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The next row.
    Continue,
    /// No further row of this step, though they are still to be counted.
    Discard,
    /// No further row at all: the statement is cancelled on the server.
    Stop,
}

/// Takes the rows of a pipeline as they arrive.
pub trait Sink: Send {
    /// The columns of step `step`, before its first row.
    fn columns(&mut self, step: usize, columns: Vec<Column>);

    /// One row; it is gone when this returns.
    fn row(&mut self, step: usize, row: &RowView<'_>) -> Flow;

    /// Bytes that are kept of a cell. What exceeds them is skipped on the socket.
    fn cell_cap(&self) -> usize {
        64 * 1024
    }

    /// Bytes that are kept of all cells of a row together.
    fn row_cap(&self) -> usize {
        4 * 1024 * 1024
    }
}

/// A value in the server's text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What was kept of it.
    pub bytes: &'a [u8],
    /// Its length in bytes on the server.
    pub full_len: usize,
}

impl<'a> Cell<'a> {
    /// Whether something was cut off.
    pub fn is_cut(&self) -> bool {
        self.bytes.len() < self.full_len
    }

    /// The text; a character that the cut went through is dropped, and bytes of a
    /// `SQL_ASCII` database that are no UTF-8 are replaced.
    pub fn text(&self) -> Cow<'a, str> {
        match std::str::from_utf8(self.bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) if self.is_cut() && error.error_len().is_none() => {
                String::from_utf8_lossy(&self.bytes[..error.valid_up_to()])
            }
            Err(_) => String::from_utf8_lossy(self.bytes),
        }
    }
}

/// Where a cell lies in the buffer behind a [`RowView`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct CellSpan {
    pub(crate) start: usize,
    pub(crate) kept: usize,
    /// `usize::MAX` for NULL.
    pub(crate) full: usize,
}

impl CellSpan {
    pub(crate) const NULL: Self = Self {
        start: 0,
        kept: 0,
        full: usize::MAX,
    };
}

/// One row, borrowed from the connection's buffer.
#[derive(Clone, Copy)]
pub struct RowView<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) cells: &'a [CellSpan],
}

impl<'a> RowView<'a> {
    /// The number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether the row has no cell, as in `SELECT FROM t`.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Cell `index`; `None` for NULL and beyond the last.
    pub fn cell(&self, index: usize) -> Option<Cell<'a>> {
        let span = self.cells.get(index)?;
        (span.full != usize::MAX).then(|| Cell {
            bytes: &self.bytes[span.start..span.start + span.kept],
            full_len: span.full,
        })
    }

    /// All cells in order; `None` is NULL.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Option<Cell<'a>>> + '_ {
        (0..self.cells.len()).map(|index| self.cell(index))
    }
}

/// The result of a small query of our own, held in memory.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    columns: Vec<Column>,
    text: String,
    /// Start and end of each cell in `text`, row by row; `None` is NULL.
    cells: Vec<Option<(usize, usize)>>,
    count: usize,
}

/// Bytes that a result of our own may have.
pub(crate) const ROWS_MAX_BYTES: usize = 256 * 1024 * 1024;

impl Rows {
    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> + '_ {
        (0..self.count).map(|index| Row { rows: self, index })
    }

    /// The first row, if there is one.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }
}

/// A row of [`Rows`].
#[derive(Clone, Copy)]
pub struct Row<'a> {
    rows: &'a Rows,
    index: usize,
}

impl<'a> Row<'a> {
    /// Cell `column`; `None` for NULL and beyond the last.
    pub fn get(&self, column: usize) -> Option<&'a str> {
        if column >= self.rows.columns.len() {
            return None;
        }
        let cell = self.index * self.rows.columns.len() + column;
        let (start, end) = self.rows.cells.get(cell).copied().flatten()?;
        Some(&self.rows.text[start..end])
    }

    /// The cell of the column named `name`; `None` for NULL and where there is no such column.
    pub fn named(&self, name: &str) -> Option<&'a str> {
        let column = self.rows.columns.iter().position(|c| c.name == name)?;
        self.get(column)
    }

    /// Cell `column`, parsed; `None` for NULL and for what does not parse.
    pub fn parse<T: FromStr>(&self, column: usize) -> Option<T> {
        self.get(column)?.parse().ok()
    }

    /// Whether cell `column` is the boolean `t`.
    pub fn is_true(&self, column: usize) -> bool {
        self.get(column) == Some("t")
    }
}

/// Gathers [`Rows`].
#[derive(Default)]
pub(crate) struct Gather {
    pub(crate) rows: Rows,
    pub(crate) too_large: bool,
}

impl Sink for Gather {
    fn columns(&mut self, _: usize, columns: Vec<Column>) {
        self.rows.columns = columns;
    }

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        for cell in row.cells() {
            let span = cell.map(|cell| {
                self.too_large |= cell.is_cut();
                let start = self.rows.text.len();
                self.rows.text.push_str(&cell.text());
                (start, self.rows.text.len())
            });
            self.rows.cells.push(span);
        }
        self.rows.count += 1;
        if self.too_large || self.rows.text.len() > ROWS_MAX_BYTES {
            self.too_large = true;
            return Flow::Stop;
        }
        Flow::Continue
    }

    fn cell_cap(&self) -> usize {
        ROWS_MAX_BYTES
    }

    fn row_cap(&self) -> usize {
        ROWS_MAX_BYTES
    }
}

impl Gather {
    pub(crate) fn finish(self) -> Result<Rows, PgError> {
        if self.too_large {
            return Err(PgError::TooLarge {
                limit_bytes: ROWS_MAX_BYTES,
            });
        }
        Ok(self.rows)
    }
}
