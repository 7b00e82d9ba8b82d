use std::time::Duration;

use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;

use super::backend;
use super::connection::{Connection, SMALL_MAX_BYTES, Transaction, copy_refused, nul};
use super::row::{CellSpan, Flow, RowView, Sink};
use super::transport::Header;
use crate::error::PgError;

/// A row up to this size is read whole; a larger one in pieces.
const ROW_WHOLE_MAX_BYTES: usize = 64 * 1024;
/// How long a statement that was stopped may take to end before its connection is given up.
const STOP_MAX: Duration = Duration::from_secs(5);

/// One statement of a pipeline.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Exactly one statement; the server refuses more.
    pub sql: &'a str,
    /// The values of `$1`… in text; `None` is NULL.
    pub params: &'a [Option<&'a str>],
    /// How many rows the server may send, 0 for all. It stops there by itself.
    pub max_rows: u32,
    /// Whether columns and rows go to the sink.
    pub wanted: bool,
    /// Analyse only: the columns go to the sink, nothing is planned or executed.
    pub parse_only: bool,
    /// Which types `$1`… have (OIDs); what is not said is the server's choice.
    pub param_types: &'a [u32],
}

impl<'a> Step<'a> {
    /// A statement without parameters, all of whose rows are wanted.
    pub fn new(sql: &'a str) -> Self {
        Self {
            sql,
            params: &[],
            max_rows: 0,
            wanted: true,
            parse_only: false,
            param_types: &[],
        }
    }

    /// A statement whose result nobody wants, such as `BEGIN`.
    pub fn silent(sql: &'a str) -> Self {
        Self {
            wanted: false,
            ..Self::new(sql)
        }
    }

    /// With these values for `$1`…
    #[must_use]
    pub fn params(self, params: &'a [Option<&'a str>]) -> Self {
        Self { params, ..self }
    }

    /// With at most this many rows; 0 for all.
    #[must_use]
    pub fn max_rows(self, max_rows: u32) -> Self {
        Self { max_rows, ..self }
    }

    /// With parameters of these types (OIDs).
    #[must_use]
    pub fn param_types(self, param_types: &'a [u32]) -> Self {
        Self { param_types, ..self }
    }

    /// Analysed and not executed.
    #[must_use]
    pub fn parse_only(self) -> Self {
        Self {
            parse_only: true,
            ..self
        }
    }
}

/// How a pipeline ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// One for each step that was reached.
    pub steps: Vec<StepEnd>,
    /// Where it left the session.
    pub transaction: Transaction,
}

/// How a step ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepEnd {
    /// The command tag, such as `SELECT 3`; empty where the server gave none.
    pub command_tag: String,
    /// Rows that arrived.
    pub rows: u64,
    /// The server had more rows than `max_rows`, or exactly as many.
    pub suspended: bool,
    /// The sink stopped it: there may have been more rows.
    pub stopped: bool,
    /// For a step that was only parsed: the types of its parameters.
    pub parameter_types: Vec<u32>,
}

impl StepEnd {
    /// Rows that a writing command touched, from its tag.
    pub fn affected(&self) -> Option<u64> {
        self.command_tag.rsplit(' ').next()?.parse().ok()
    }
}

impl Connection {
    /// Runs the steps as one pipeline: everything goes out in one write under one Sync,
    /// so that it costs one round trip, and nothing after a step that fails is executed.
    ///
    /// Memory stays bounded whatever arrives: of each cell at most [`Sink::cell_cap`]
    /// bytes are kept, and what exceeds them is dropped as it comes off the socket.
    pub async fn run(&mut self, steps: &[Step<'_>], sink: &mut dyn Sink) -> Result<RunEnd, PgError> {
        self.begin().await?;
        let unsent = self.transport.out.len();
        if let Err(error) = self.write_steps(steps) {
            self.transport.out.truncate(unsent);
            return Err(error);
        }
        let _flight = self.enter();
        self.read_replies(steps, sink).await
    }

    /// [`Connection::run`] as the last call of a session whose steps began a transaction:
    /// behind the steps goes, in the same write, what ends that transaction and, with
    /// `discard`, resets the session. The answer is returned without waiting for either.
    pub(crate) async fn run_last(
        &mut self,
        steps: &[Step<'_>],
        sink: &mut dyn Sink,
        discard: bool,
    ) -> Result<RunEnd, PgError> {
        self.begin().await?;
        let unsent = self.transport.out.len();
        if let Err(error) = self.write_steps(steps) {
            self.transport.out.truncate(unsent);
            return Err(error);
        }
        self.end_with(steps, sink, discard).await
    }

    /// [`Connection::run_last`] for one statement in the simple protocol, which leaves its
    /// `$1`… without values. That protocol runs whatever number of statements a text holds:
    /// the caller has had this text parsed as one, in this transaction.
    pub(crate) async fn simple_last(
        &mut self,
        sql: &str,
        sink: &mut dyn Sink,
        discard: bool,
    ) -> Result<RunEnd, PgError> {
        self.begin().await?;
        self.write_query(sql)?;
        self.end_with(&[Step::new(sql)], sink, discard).await
    }

    /// Behind `steps`, which are written, what ends the session's use; then their answer.
    async fn end_with(
        &mut self,
        steps: &[Step<'_>],
        sink: &mut dyn Sink,
        discard: bool,
    ) -> Result<RunEnd, PgError> {
        // Under a Sync of its own, so that it runs after a failure too; a single one,
        // so that the server answers it in a single write.
        let reset = [Step::silent("ROLLBACK"), Step::silent("DISCARD ALL")];
        let reset = if discard { &reset[..] } else { &reset[..1] };
        self.write_steps(reset)?;
        self.pending += 1;
        let _flight = self.enter();
        self.forget_use();
        self.read_replies(steps, sink).await
    }

    fn write_steps(&mut self, steps: &[Step<'_>]) -> Result<(), PgError> {
        let out = &mut self.transport.out;
        for step in steps {
            let types = step.param_types.iter().copied();
            frontend::parse("", step.sql, types, out).map_err(|_| nul())?;
            if step.parse_only {
                frontend::describe(b'S', "", out).map_err(|_| nul())?;
                continue;
            }
            let bound = frontend::bind(
                "",
                "",
                [],
                step.params,
                |value, buf| match value {
                    None => Ok(IsNull::Yes),
                    Some(text) => {
                        buf.extend_from_slice(text.as_bytes());
                        Ok(IsNull::No)
                    }
                },
                [],
                out,
            );
            bound.map_err(|_| PgError::Invalid("A statement takes at most 65535 parameters".to_owned()))?;
            if step.wanted {
                frontend::describe(b'P', "", out).map_err(|_| nul())?;
            }
            let max_rows = i32::try_from(step.max_rows).unwrap_or(i32::MAX);
            frontend::execute("", max_rows, out).map_err(|_| nul())?;
        }
        frontend::sync(out);
        Ok(())
    }

    async fn read_replies(&mut self, steps: &[Step<'_>], sink: &mut dyn Sink) -> Result<RunEnd, PgError> {
        let mut ends: Vec<StepEnd> = Vec::with_capacity(steps.len());
        let mut current = StepEnd::default();
        let mut failure: Option<PgError> = None;
        let mut discard = false;
        loop {
            let header = match self.transport.header().await {
                Ok(header) => header,
                // A FATAL error comes first and says more than that the socket was closed.
                Err(closed) => return Err(failure.unwrap_or(closed)),
            };
            let at = ends.len();
            let step = steps.get(at);
            let mut finished = false;
            match header.tag {
                b'D' => {
                    current.rows += 1;
                    if discard || !step.is_some_and(|step| step.wanted) {
                        self.transport.skip(header.len).await?;
                        continue;
                    }
                    match self.data_row(header, at, sink).await? {
                        Flow::Continue => {}
                        Flow::Discard => discard = true,
                        Flow::Stop => {
                            current.stopped = true;
                            ends.push(current);
                            self.cancel_and_drain().await?;
                            return Ok(self.end(ends));
                        }
                    }
                }
                b'1' | b'2' | b'3' => self.transport.skip(header.len).await?,
                b'T' => {
                    let body = self.transport.body(header.len, SMALL_MAX_BYTES).await?;
                    let columns = backend::row_description(&body)
                        .ok_or_else(|| self.transport.protocol("a RowDescription is cut short"))?;
                    sink.columns(at, columns);
                    finished = step.is_some_and(|step| step.parse_only);
                }
                b'n' => {
                    self.transport.skip(header.len).await?;
                    finished = step.is_some_and(|step| step.parse_only);
                }
                b't' => {
                    let body = self.transport.body(header.len, SMALL_MAX_BYTES).await?;
                    current.parameter_types = backend::parameter_description(&body).unwrap_or_default();
                }
                b'C' => {
                    let body = self.transport.body(header.len, SMALL_MAX_BYTES).await?;
                    current.command_tag = backend::Fields::new(&body).cstr().unwrap_or_default();
                    finished = true;
                }
                b'I' => {
                    self.transport.skip(header.len).await?;
                    finished = true;
                }
                b's' => {
                    self.transport.skip(header.len).await?;
                    current.suspended = true;
                    finished = true;
                }
                b'E' => {
                    let mut error = self.error(header).await?;
                    error.step = Some(at);
                    failure.get_or_insert(error.into());
                }
                b'G' => {
                    self.transport.skip(header.len).await?;
                    failure.get_or_insert(copy_refused());
                    // Any message but Sync ends the copy with an error; a Sync that
                    // directly follows is swallowed, and has to be said again.
                    if at + 1 == steps.len() {
                        let out = &mut self.transport.out;
                        frontend::copy_fail("not expected here", out).map_err(|_| nul())?;
                        frontend::sync(out);
                    }
                }
                b'H' => {
                    self.transport.skip(header.len).await?;
                    self.cancel_and_drain().await?;
                    return Err(failure.unwrap_or_else(copy_refused));
                }
                b'Z' => {
                    self.ready(header).await?;
                    return match failure {
                        Some(error) => Err(error),
                        None => Ok(self.end(ends)),
                    };
                }
                _ => self.aside(header).await?,
            }
            if finished {
                ends.push(std::mem::take(&mut current));
                discard = false;
            }
        }
    }

    fn end(&self, steps: Vec<StepEnd>) -> RunEnd {
        RunEnd {
            steps,
            transaction: self.transaction(),
        }
    }

    async fn data_row(&mut self, header: Header, step: usize, sink: &mut dyn Sink) -> Result<Flow, PgError> {
        if header.len > ROW_WHOLE_MAX_BYTES {
            return self.large_row(header, step, sink).await;
        }
        self.transport.ensure(header.len).await?;
        let body = &self.transport.buffered()[..header.len];
        let caps = (sink.cell_cap(), sink.row_cap());
        if !whole_row(body, caps, &mut self.cells) {
            return Err(self.transport.protocol("a DataRow is cut short"));
        }
        let flow = sink.row(
            step,
            &RowView {
                bytes: body,
                cells: &self.cells,
            },
        );
        self.transport.consume(header.len);
        Ok(flow)
    }

    /// A row that is taken off the socket cell by cell, keeping only what the caps allow.
    async fn large_row(&mut self, header: Header, step: usize, sink: &mut dyn Sink) -> Result<Flow, PgError> {
        let (cell_cap, row_cap) = (sink.cell_cap(), sink.row_cap());
        self.cells.clear();
        self.scratch.clear();
        let mut rest = header.len - 2;
        self.transport.ensure(2).await?;
        let count = backend::Fields::new(self.transport.buffered()).u16().unwrap_or(0);
        self.transport.consume(2);
        for _ in 0..count {
            self.transport.ensure(4).await?;
            let len = backend::Fields::new(self.transport.buffered())
                .i32()
                .unwrap_or(-1);
            self.transport.consume(4);
            rest = rest.saturating_sub(4);
            let Ok(full) = usize::try_from(len) else {
                self.cells.push(CellSpan::NULL);
                continue;
            };
            if full > rest {
                return Err(self.transport.protocol("a DataRow is cut short"));
            }
            rest -= full;
            let start = self.scratch.len();
            let kept = full.min(cell_cap).min(row_cap.saturating_sub(start));
            self.transport.take_into(kept, &mut self.scratch).await?;
            self.transport.skip(full - kept).await?;
            self.cells.push(CellSpan { start, kept, full });
        }
        self.transport.skip(rest).await?;
        let flow = sink.row(
            step,
            &RowView {
                bytes: &self.scratch,
                cells: &self.cells,
            },
        );
        if self.scratch.capacity() > ROW_WHOLE_MAX_BYTES {
            self.scratch = Vec::new();
        }
        Ok(flow)
    }

    /// Cancels what runs, and drops what still comes until the server is ready.
    pub(super) async fn cancel_and_drain(&mut self) -> Result<(), PgError> {
        let canceller = self.canceller.clone();
        let cancel = tokio::spawn(async move { canceller.cancel().await });
        let drained = tokio::time::timeout(STOP_MAX, self.drain()).await;
        // Waited for, so that the request cannot reach the next statement.
        let _ = cancel.await;
        match drained {
            Ok(result) => result,
            // Still busy: the connection can only be dropped, which is no failure of the call.
            Err(_) => Ok(()),
        }
    }

    /// Drops everything up to ReadyForQuery.
    async fn drain(&mut self) -> Result<(), PgError> {
        loop {
            let header = self.transport.header().await?;
            match header.tag {
                b'Z' => return self.ready(header).await,
                b'N' | b'S' | b'A' => self.aside(header).await?,
                _ => self.transport.skip(header.len).await?,
            }
        }
    }
}

/// Finds the cells of a row that lies in the buffer; `false` if it is malformed.
fn whole_row(body: &[u8], (cell_cap, row_cap): (usize, usize), cells: &mut Vec<CellSpan>) -> bool {
    cells.clear();
    let mut fields = backend::Fields::new(body);
    let Some(count) = fields.u16() else {
        return false;
    };
    let mut at = 2;
    let mut room = row_cap;
    for _ in 0..count {
        let Some(head) = body.get(at..at + 4) else {
            return false;
        };
        let len = i32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        at += 4;
        let Ok(full) = usize::try_from(len) else {
            cells.push(CellSpan::NULL);
            continue;
        };
        if body.len() - at < full {
            return false;
        }
        let kept = full.min(cell_cap).min(room);
        room -= kept;
        cells.push(CellSpan {
            start: at,
            kept,
            full,
        });
        at += full;
    }
    true
}
