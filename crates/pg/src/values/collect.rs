use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::{write_json, write_string};
use super::nested::array_bounds;
use super::shape::{Shape, TypeInfo};
use crate::{Column, Flow, RowView, Sink};

/// What may be kept of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Rows.
    pub max_rows: usize,
    /// Bytes of all rows, as the server sends them and again as JSON.
    pub max_bytes: usize,
    /// Bytes of one cell; more is cut off.
    pub max_cell_bytes: usize,
}

/// The cap that a result reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// [`Caps::max_rows`].
    Rows,
    /// [`Caps::max_bytes`].
    Bytes,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultColumn {
    /// Its name; several columns may share one.
    pub name: String,
    /// Its type as SQL takes it.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// What the value of a cell does not show by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellNote {
    /// The row, counted from 0.
    pub row: usize,
    /// The column, counted from 0.
    pub column: usize,
    /// The value was cut to fit the cell cap; this is its whole length in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_bytes: Option<usize>,
    /// The array's bounds, where a lower bound is not 1: `[0:2]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<String>,
}

/// Notes that a result carries at most; a cut cell is also marked in its text.
const MAX_NOTES: usize = 100;

/// Keeps the rows of a result, within its caps, in one buffer of about the
/// size of their text.
///
/// It takes one row more than it keeps, to know whether there are more: run the
/// statement with `max_rows` of [`row_limit`](Self::row_limit).
#[derive(Debug)]
pub struct RowCollector {
    caps: Caps,
    set: ResultSet,
    full: bool,
}

impl RowCollector {
    /// An empty one.
    pub fn new(caps: Caps) -> Self {
        Self {
            caps,
            set: ResultSet::default(),
            full: false,
        }
    }

    /// The number of rows that the server is to be asked for: one more than are kept.
    pub fn row_limit(&self) -> u32 {
        u32::try_from(self.caps.max_rows.saturating_add(1)).unwrap_or(u32::MAX)
    }

    /// What was kept.
    pub fn finish(mut self) -> ResultSet {
        self.set.max_bytes = self.caps.max_bytes;
        self.set
    }

    fn keep(&mut self, row: &RowView<'_>) -> bool {
        let start = self.set.cells.len();
        for cell in row.cells() {
            let Some(cell) = cell else {
                self.set.cells.extend_from_slice(&NULL.to_le_bytes());
                continue;
            };
            let text = cell.text();
            let length = text.len() as u32;
            if cell.is_cut() {
                self.set.cells.extend_from_slice(&(length | CUT).to_le_bytes());
                self.set
                    .cells
                    .extend_from_slice(&(cell.full_len as u64).to_le_bytes());
            } else {
                self.set.cells.extend_from_slice(&length.to_le_bytes());
            }
            self.set.cells.extend_from_slice(text.as_bytes());
            if self.set.cells.len()
                > self
                    .caps
                    .max_bytes
                    .saturating_add(PREFIX * (self.set.cell_count() + row.len()))
            {
                self.set.cells.truncate(start);
                return false;
            }
        }
        self.set.rows += 1;
        true
    }
}

impl Sink for RowCollector {
    fn columns(&mut self, _: usize, columns: Vec<Column>) {
        self.set = ResultSet {
            columns,
            ..ResultSet::default()
        };
        self.full = false;
    }

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        if self.full {
            return Flow::Stop;
        }
        if self.set.rows >= self.caps.max_rows {
            self.full = true;
            self.set.limit = Some(Limit::Rows);
            // The server was asked for no more than this one: nothing is left to stop.
            return Flow::Discard;
        }
        if !self.keep(row) {
            self.full = true;
            self.set.limit = Some(Limit::Bytes);
            return Flow::Stop;
        }
        Flow::Continue
    }

    fn cell_cap(&self) -> usize {
        self.caps.max_cell_bytes.min(MAX_CELL)
    }

    fn row_cap(&self) -> usize {
        self.caps.max_bytes.max(self.cell_cap())
    }
}

// Before each cell stands its length in four bytes; of a cut one also its full length in eight.
const PREFIX: usize = 4;
const NULL: u32 = u32::MAX;
const CUT: u32 = 1 << 31;
const MAX_CELL: usize = (CUT - 1) as usize / 4;

/// The rows that a [`RowCollector`] kept.
#[derive(Debug, Default)]
pub struct ResultSet {
    /// The columns, in order.
    pub columns: Vec<Column>,
    cells: Vec<u8>,
    rows: usize,
    limit: Option<Limit>,
    max_bytes: usize,
}

/// A cell of a [`ResultSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptCell<'a> {
    /// Its text, or the beginning of it.
    pub text: &'a str,
    /// Where it was cut off, the length of the whole in bytes.
    pub full_bytes: Option<usize>,
}

impl<'a> KeptCell<'a> {
    /// The text; of a cut cell with a mark at its end that says so.
    pub fn marked(&self) -> Cow<'a, str> {
        match self.full_bytes {
            None => Cow::Borrowed(self.text),
            Some(full) => Cow::Owned(format!(
                "{}… [cut: {} of {full} bytes]",
                self.text,
                self.text.len()
            )),
        }
    }
}

/// The rows of a result as JSON.
#[derive(Debug)]
pub struct JsonRows {
    /// An array with an array for each row, on one line.
    pub json: String,
    /// The number of rows in it.
    pub rows: usize,
    /// The cap that keeps further rows out; `None` if these are all rows.
    pub truncated: Option<Limit>,
    /// What the values do not show; the first hundred.
    pub notes: Vec<CellNote>,
}

impl ResultSet {
    /// The number of rows that were kept.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether no row was kept.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The cap that keeps further rows out; `None` if these are all rows.
    pub fn truncated(&self) -> Option<Limit> {
        self.limit
    }

    /// All cells, row by row; `None` is NULL.
    pub fn cells(&self) -> impl Iterator<Item = Option<KeptCell<'_>>> {
        Cells { rest: &self.cells }
    }

    /// The columns with the names of their types.
    pub fn described(&self, types: &[TypeInfo]) -> Vec<ResultColumn> {
        let describe = |(column, type_): (&Column, &TypeInfo)| ResultColumn {
            name: column.name.clone(),
            type_name: type_.name.clone(),
        };
        self.columns.iter().zip(types).map(describe).collect()
    }

    /// The rows as JSON, as many as fit into the byte cap. `types` are those of the columns.
    pub fn to_json(&self, types: &[TypeInfo]) -> JsonRows {
        let mut out = Vec::with_capacity(self.cells.len() + self.rows * 2 + 2);
        let mut notes = Vec::new();
        let mut truncated = self.limit;
        let mut cells = self.cells();
        let mut rows = 0;
        out.push(b'[');
        for row in 0..self.rows {
            let start = out.len();
            if row > 0 {
                out.push(b',');
            }
            out.push(b'[');
            for column in 0..self.columns.len() {
                if column > 0 {
                    out.push(b',');
                }
                let cell = cells.next().flatten();
                let shape = types.get(column).map_or(&Shape::Text, |type_| &*type_.shape);
                if let Some(note) = write_cell(&mut out, cell, shape)
                    && notes.len() < MAX_NOTES
                {
                    notes.push(CellNote { row, column, ..note });
                }
            }
            out.push(b']');
            if out.len() + 1 > self.max_bytes {
                out.truncate(start);
                notes.retain(|note| note.row < row);
                truncated = Some(Limit::Bytes);
                break;
            }
            rows += 1;
        }
        out.push(b']');
        // Cells are checked UTF-8, and what is written around them is ASCII.
        let json = String::from_utf8(out).unwrap_or_default();
        JsonRows {
            json,
            rows,
            truncated,
            notes,
        }
    }

    fn cell_count(&self) -> usize {
        self.rows * self.columns.len()
    }
}

/// Writes one cell; gives what its value does not show, its place still to be filled in.
fn write_cell(out: &mut Vec<u8>, cell: Option<KeptCell<'_>>, shape: &Shape) -> Option<CellNote> {
    let note = CellNote {
        row: 0,
        column: 0,
        full_bytes: None,
        bounds: None,
    };
    match cell {
        None => out.extend_from_slice(b"null"),
        Some(cell) if cell.full_bytes.is_some() => {
            write_string(out, &cell.marked());
            return Some(CellNote {
                full_bytes: cell.full_bytes,
                ..note
            });
        }
        Some(cell) => {
            write_json(out, cell.text, shape);
            if matches!(shape, Shape::Array { .. })
                && let Some(bounds) = array_bounds(cell.text)
            {
                return Some(CellNote {
                    bounds: Some(bounds.to_owned()),
                    ..note
                });
            }
        }
    }
    None
}

struct Cells<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Cells<'a> {
    type Item = Option<KeptCell<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.rest.split_first_chunk::<PREFIX>()?;
        let length = u32::from_le_bytes(*length);
        self.rest = rest;
        if length == NULL {
            return Some(None);
        }
        let mut full_bytes = None;
        if length & CUT != 0 {
            let (full, rest) = self.rest.split_first_chunk::<8>()?;
            full_bytes = Some(u64::from_le_bytes(*full) as usize);
            self.rest = rest;
        }
        let (text, rest) = self.rest.split_at_checked((length & !CUT) as usize)?;
        self.rest = rest;
        let text = std::str::from_utf8(text).unwrap_or_default();
        Some(Some(KeptCell { text, full_bytes }))
    }
}
