use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lines::Lines;
use super::{BUFFER_BYTES, Format};
use crate::values::{PsqlTable, TypeInfo};
use crate::{Column, RowView};

/// Rows on disk, in a file without a name, until it is known how to write them.
pub(super) struct Spool {
    columns: Vec<Column>,
    table: PsqlTable,
    file: BufWriter<File>,
    rows: u64,
}

/// The length that stands for NULL.
const NULL: u32 = u32::MAX;

impl Spool {
    /// An empty one, in `directory`.
    pub(super) fn new(directory: &Path, columns: Vec<Column>) -> io::Result<Self> {
        let file = tempfile::tempfile_in(directory)?;
        Ok(Self {
            table: PsqlTable::new(&columns),
            columns,
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            rows: 0,
        })
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Takes a row.
    pub(super) fn row(&mut self, row: &RowView<'_>) -> io::Result<()> {
        for (index, cell) in row.cells().enumerate() {
            let Some(cell) = cell else {
                self.file.write_all(&NULL.to_le_bytes())?;
                continue;
            };
            let text = cell.text();
            self.table.measure(index, &text);
            let length = u32::try_from(text.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
            self.file.write_all(&length.to_le_bytes())?;
            self.file.write_all(text.as_bytes())?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Writes all rows to `out`, unless `stopped` becomes true meanwhile.
    pub(super) fn write(
        self,
        mut out: BufWriter<File>,
        format: Format,
        types: Vec<TypeInfo>,
        stopped: &AtomicBool,
    ) -> io::Result<BufWriter<File>> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let mut rows = SpooledRows {
            file: BufReader::with_capacity(BUFFER_BYTES, file),
            width: self.columns.len(),
        };
        match format {
            Format::Table => {
                self.table.print_header(&mut out)?;
                for _ in 0..self.rows {
                    check(stopped)?;
                    let row = rows.next()?;
                    let row: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
                    self.table.print_row(&mut out, &row)?;
                }
                self.table.print_footer(&mut out, self.rows, "")?;
                Ok(out)
            }
            Format::Csv | Format::JsonLines => {
                let mut lines = match format {
                    Format::Csv => Lines::csv(out, &self.columns)?,
                    _ => Lines::json(out, &self.columns, types),
                };
                for _ in 0..self.rows {
                    check(stopped)?;
                    lines.row(rows.next()?.into_iter())?;
                }
                Ok(lines.into_inner())
            }
        }
    }
}

fn check(stopped: &AtomicBool) -> io::Result<()> {
    match stopped.load(Ordering::Relaxed) {
        true => Err(io::Error::other("the export was stopped")),
        false => Ok(()),
    }
}

struct SpooledRows {
    file: BufReader<File>,
    width: usize,
}

impl SpooledRows {
    fn next(&mut self) -> io::Result<Vec<Option<String>>> {
        let mut row = Vec::with_capacity(self.width);
        for _ in 0..self.width {
            let mut length = [0; 4];
            self.file.read_exact(&mut length)?;
            let length = u32::from_le_bytes(length);
            if length == NULL {
                row.push(None);
                continue;
            }
            let mut text = vec![0; length as usize];
            self.file.read_exact(&mut text)?;
            row.push(Some(String::from_utf8(text).map_err(io::Error::other)?));
        }
        Ok(row)
    }
}
