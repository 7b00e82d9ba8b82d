//! A result into a file: streamed, complete or not at all.
//!
//! An [`Export`] is a [`Sink`], to be given to the guard in place of a collector.
//! Rows go into an unnamed or hidden file beside the one that is wanted, which
//! appears under its name when [`Export::finish`] has written the last byte; an
//! export that is given up leaves nothing behind. Memory stays flat: CSV, and
//! JSON lines of built-in types, are written as the rows arrive; what must be
//! known before the first line can be written (the widths of a table's columns,
//! the fields of a composite type) sends the rows through a spool on disk.

mod lines;
mod spool;
mod unseen;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use howdah_core::{Error, ErrorKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{TypeInfo, Types};
use crate::{Column, Connection, Flow, RowView, Sink};
use lines::Lines;
use spool::Spool;
use unseen::Unseen;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As COPY … CSV HEADER writes it: NULL is nothing, the empty text is `""`.
    Csv,
    /// A JSON object on each line; of columns with one name the later ones are `name_2`, `name_3`.
    JsonLines,
    /// As psql prints it.
    Table,
}

impl Format {
    /// The format that a file's name ends with: `.csv`; `.jsonl` and `.ndjson`; `.txt`.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "txt" => Some(Self::Table),
            _ => None,
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// Why an export did not succeed; nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is a file of that name, and nobody said that it may be replaced.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("Cannot write {}: {reason}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// A value is larger than what is held in memory at once.
    #[error(
        "The value of column {column:?} in row {row} has {bytes} bytes; an export takes values of up to {max_bytes}"
    )]
    TooLarge {
        /// The column's name.
        column: String,
        /// The row, counted from 1.
        row: u64,
        /// The value's size.
        bytes: usize,
        /// The largest that is taken.
        max_bytes: usize,
    },
    /// The statement gave no result.
    #[error("The statement gives no rows that could be written to {}", .0.display())]
    NoResult(PathBuf),
    /// The types of the columns could not be read.
    #[error(transparent)]
    Types(#[from] Error),
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Self {
        let message = error.to_string();
        match error {
            ExportError::Exists(_) => Self::new(ErrorKind::Local, message)
                .hint("Name another file, or say that it may be overwritten."),
            ExportError::Write { .. } => Self::new(ErrorKind::Local, message)
                .hint("Check the directory, its permissions and the free space. Nothing was left behind."),
            ExportError::TooLarge { .. } => Self::invalid(message)
                .hint("Leave the column out, or take a part of it: left(…), substring(…)."),
            ExportError::NoResult(_) => Self::invalid(message),
            ExportError::Types(error) => error,
        }
    }
}

/// Bytes of a value that are held in memory; a larger one ends the export.
const MAX_CELL_BYTES: usize = 64 * 1024 * 1024;
const BUFFER_BYTES: usize = 256 * 1024;

/// Takes the rows of a result for a file.
pub struct Export {
    path: PathBuf,
    directory: PathBuf,
    overwrite: bool,
    format: Format,
    file: Unseen,
    state: State,
    names: Vec<String>,
    rows: u64,
    failure: Option<ExportError>,
}

/// Where the rows go.
enum State {
    /// No columns yet.
    Waiting,
    Direct(Lines<BufWriter<File>>),
    Spooled(Spool),
    /// Given up; `failure` says why.
    Failed,
}

impl Export {
    /// Prepares to write to `path`. An existing file is an error unless `overwrite`;
    /// it stays as it is until the export is complete.
    pub fn create(path: &Path, format: Format, overwrite: bool) -> Result<Self, ExportError> {
        let failed = |reason: io::Error| ExportError::Write {
            path: path.to_owned(),
            reason,
        };
        let path_now = std::path::absolute(path).map_err(failed)?;
        match path_now.symlink_metadata() {
            Ok(found) if found.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(_) if !overwrite => return Err(ExportError::Exists(path.to_owned())),
            _ => {}
        }
        let directory = path_now.parent().unwrap_or(Path::new(".")).to_owned();
        let file = Unseen::create(&directory).map_err(failed)?;
        Ok(Self {
            path: path_now,
            directory,
            overwrite,
            format,
            file,
            state: State::Waiting,
            names: Vec::new(),
            rows: 0,
            failure: None,
        })
    }

    /// Completes the file and gives it its name. `connection` is asked for types
    /// that are not built in; `types` are those it has met.
    pub async fn finish(
        mut self,
        types: &mut Types,
        connection: &mut Connection,
    ) -> Result<Exported, ExportError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut out = match std::mem::replace(&mut self.state, State::Failed) {
            State::Waiting | State::Failed => return Err(ExportError::NoResult(self.path)),
            State::Direct(lines) => lines.into_inner(),
            State::Spooled(spool) => {
                let types = types.resolve(connection, spool.columns()).await?;
                self.rewrite(spool, types).await?
            }
        };
        let written = out.flush().and_then(|()| out.get_ref().sync_all());
        written.map_err(|reason| self.unwritten(reason))?;
        let bytes = out
            .get_ref()
            .metadata()
            .map_err(|reason| self.unwritten(reason))?
            .len();
        drop(out);
        match self.file.name(&self.path, self.overwrite) {
            Ok(()) => Ok(Exported {
                path: self.path,
                format: self.format,
                rows: self.rows,
                bytes,
            }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(ExportError::Exists(self.path)),
            Err(reason) => Err(ExportError::Write {
                path: self.path,
                reason,
            }),
        }
    }

    /// Writes what was spooled, on a thread that may wait for the disk, and that
    /// stops when this future is dropped.
    async fn rewrite(&self, spool: Spool, types: Vec<TypeInfo>) -> Result<BufWriter<File>, ExportError> {
        let out = self.file().map_err(|reason| self.unwritten(reason))?;
        let format = self.format;
        let stop = StopOnDrop(Arc::default());
        let stopped = Arc::clone(&stop.0);
        let work = tokio::task::spawn_blocking(move || spool.write(out, format, types, &stopped));
        let written = work.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        written.map_err(|reason| self.unwritten(reason))
    }

    fn begin(&self, columns: Vec<Column>) -> io::Result<State> {
        let built_in = columns.iter().map(|column| TypeInfo::built_in(column.type_oid));
        let built_in: Option<Vec<TypeInfo>> = built_in.map(|type_| type_.cloned()).collect();
        Ok(match (self.format, built_in) {
            (Format::Csv, _) => State::Direct(Lines::csv(self.file()?, &columns)?),
            (Format::JsonLines, Some(types)) => State::Direct(Lines::json(self.file()?, &columns, types)),
            _ => State::Spooled(Spool::new(&self.directory, columns)?),
        })
    }

    fn file(&self) -> io::Result<BufWriter<File>> {
        Ok(BufWriter::with_capacity(
            BUFFER_BYTES,
            self.file.file().try_clone()?,
        ))
    }

    fn unwritten(&self, reason: io::Error) -> ExportError {
        ExportError::Write {
            path: self.path.clone(),
            reason,
        }
    }

    fn take(&mut self, row: &RowView<'_>) -> Result<(), ExportError> {
        if let Some(large) = row
            .cells()
            .position(|cell| cell.is_some_and(|cell| cell.is_cut()))
        {
            return Err(self.too_large(row, large));
        }
        let taken = match &mut self.state {
            State::Direct(lines) => lines.row(row.cells().map(|cell| cell.map(|cell| cell.text()))),
            State::Spooled(spool) => spool.row(row),
            State::Waiting | State::Failed => return Err(ExportError::NoResult(self.path.clone())),
        };
        taken.map_err(|reason| self.unwritten(reason))?;
        self.rows += 1;
        Ok(())
    }

    fn too_large(&self, row: &RowView<'_>, index: usize) -> ExportError {
        let (bytes, max_bytes) = row
            .cell(index)
            .map_or((0, 0), |cell| (cell.full_len, cell.bytes.len()));
        ExportError::TooLarge {
            column: self.names.get(index).cloned().unwrap_or_default(),
            row: self.rows + 1,
            bytes,
            max_bytes,
        }
    }
}

impl Sink for Export {
    fn columns(&mut self, _: usize, columns: Vec<Column>) {
        self.names = columns.iter().map(|column| column.name.clone()).collect();
        self.state = match self.begin(columns) {
            Ok(state) => state,
            Err(reason) => {
                self.failure = Some(self.unwritten(reason));
                State::Failed
            }
        };
    }

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        if self.failure.is_some() {
            return Flow::Stop;
        }
        match self.take(row) {
            Ok(()) => Flow::Continue,
            Err(failure) => {
                self.failure = Some(failure);
                self.state = State::Failed;
                Flow::Stop
            }
        }
    }

    fn cell_cap(&self) -> usize {
        MAX_CELL_BYTES
    }

    fn row_cap(&self) -> usize {
        MAX_CELL_BYTES
    }
}

/// Tells the thread that writes that nobody waits for it any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
