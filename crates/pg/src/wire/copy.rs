use postgres_protocol::message::frontend;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::backend::Fields;
use super::connection::{Connection, SMALL_MAX_BYTES, nul};
use crate::error::PgError;

/// CopyData messages are gathered up to this many bytes before they are written.
const CHUNK_BYTES: usize = 256 * 1024;

/// What a copy moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Rows, as the server counted them.
    pub rows: u64,
    /// Bytes that were written.
    pub bytes: u64,
}

/// Why a copy ended early.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The server or the connection.
    #[error(transparent)]
    Pg(#[from] PgError),
    /// The receiving end; the statement was cancelled.
    #[error("Cannot write the result: {0}")]
    Write(#[from] std::io::Error),
}

impl Connection {
    /// Runs a `COPY … TO STDOUT` of our own and writes its data as it arrives.
    /// Memory stays flat; a receiver that fails cancels the statement.
    pub async fn copy_out(
        &mut self,
        sql: &str,
        to: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> Result<Copied, CopyError> {
        self.begin().await?;
        self.write_query(sql)?;
        let _flight = self.enter();
        let mut copied = Copied::default();
        let mut chunk = Vec::new();
        let mut failure: Option<PgError> = None;
        loop {
            let header = match self.transport.header().await {
                Ok(header) => header,
                Err(closed) => return Err(failure.unwrap_or(closed).into()),
            };
            match header.tag {
                b'd' => {
                    copied.bytes += header.len as u64;
                    let mut rest = header.len;
                    while rest > 0 {
                        let part = rest.min(CHUNK_BYTES);
                        self.transport.take_into(part, &mut chunk).await?;
                        rest -= part;
                        if chunk.len() < CHUNK_BYTES {
                            continue;
                        }
                        if let Err(error) = to.write_all(&chunk).await {
                            self.transport.skip(rest).await?;
                            self.cancel_and_drain().await?;
                            return Err(error.into());
                        }
                        chunk.clear();
                    }
                }
                b'C' => {
                    let body = self.transport.body(header.len, SMALL_MAX_BYTES).await?;
                    let tag = Fields::new(&body).cstr().unwrap_or_default();
                    if let Some(rows) = tag.rsplit(' ').next().and_then(|rows| rows.parse().ok()) {
                        copied.rows = rows;
                    }
                }
                b'E' => {
                    let error = self.error(header).await?;
                    failure.get_or_insert(error.into());
                }
                b'G' => {
                    self.transport.skip(header.len).await?;
                    frontend::copy_fail("not expected here", &mut self.transport.out).map_err(|_| nul())?;
                }
                b'Z' => {
                    self.ready(header).await?;
                    if let Some(error) = failure {
                        return Err(error.into());
                    }
                    to.write_all(&chunk).await?;
                    to.flush().await?;
                    return Ok(copied);
                }
                b'H' | b'c' | b'T' | b'D' | b'I' => self.transport.skip(header.len).await?,
                _ => self.aside(header).await?,
            }
        }
    }
}
