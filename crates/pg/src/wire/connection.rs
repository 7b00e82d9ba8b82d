use std::collections::BTreeMap;

use postgres_protocol::message::frontend;

use super::backend::{self, Fields};
use super::pipeline::Step;
use super::row::{Gather, Rows};
use super::socket::Idle;
use super::transport::{Header, Transport};
use crate::cancel::{Canceller, Flight};
use crate::error::{Notice, PgError, ServerError};

/// Bytes of an error message that are kept.
pub(super) const ERROR_MAX_BYTES: usize = 1024 * 1024;
/// Bytes of any other small message: ParameterStatus, CommandComplete, RowDescription.
pub(super) const SMALL_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Where the session stands, as the last ReadyForQuery said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// No transaction is open.
    Idle,
    /// A transaction is open.
    Open,
    /// A transaction has failed and awaits its end.
    Failed,
}

/// One connection to a server. Whoever awaits one of its calls reads the socket;
/// there is no task behind it. A call that is dropped half-way leaves a connection
/// that can only be dropped, which cancels on the server what it was doing.
pub struct Connection {
    pub(super) transport: Transport,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) canceller: Canceller,
    pub(super) transaction: Transaction,
    /// Whether an answer is under way that someone reads, or read and gave up.
    pub(super) busy: bool,
    /// ReadyForQuery messages that a reset has yet to bring.
    pub(super) pending: usize,
    /// Whether the session may differ from a new one.
    pub(super) used: bool,
    pub(super) notices: Notices,
    pub(super) cells: Vec<super::row::CellSpan>,
    pub(super) scratch: Vec<u8>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("at", &self.transport.at())
            .field("backend_pid", &self.backend_pid())
            .field("transaction", &self.transaction)
            .field("busy", &self.busy)
            .finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(
        transport: Transport,
        canceller: Canceller,
        parameters: BTreeMap<String, String>,
        notices: Notices,
    ) -> Self {
        Self {
            transport,
            parameters,
            canceller,
            transaction: Transaction::Idle,
            busy: false,
            pending: 0,
            used: false,
            notices,
            cells: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The way to stop what this connection is doing, from anywhere.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// The server's version as one number, such as 150004; 0 where it tells none.
    pub fn version_num(&self) -> u32 {
        self.parameter("server_version").map_or(0, version_num)
    }

    /// A setting that the server reports by itself, such as `server_version`, `TimeZone`, `in_hot_standby`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The process that serves it; a pooler in between gives a number of its own.
    pub fn backend_pid(&self) -> i32 {
        self.canceller.pid()
    }

    /// Where it leads: `host:port`, or the path of the socket.
    pub fn at(&self) -> &str {
        self.transport.at()
    }

    /// Whether it is encrypted.
    pub fn is_tls(&self) -> bool {
        self.transport.socket().is_tls()
    }

    /// Whether a transaction is open; one whose end is on its way no longer is.
    pub fn transaction(&self) -> Transaction {
        if self.pending > 0 {
            Transaction::Idle
        } else {
            self.transaction
        }
    }

    /// A look at the idle socket, without waiting: has the server gone away, or said
    /// that it will? Also true after a call that was dropped half-way.
    pub fn is_closed(&mut self) -> bool {
        if self.busy || self.transport.is_broken() {
            return true;
        }
        if self.pending > 0 {
            return false;
        }
        // A server that goes down says so in a notice before it closes: what follows
        // a message that was taken in must be looked at too.
        loop {
            match self.transport.look() {
                Idle::Gone => return true,
                Idle::Quiet => return false,
                Idle::Data if self.take_idle_messages() => {}
                Idle::Data => return true,
            }
        }
    }

    /// Takes in what a server may send unasked; `false` when there is anything else.
    fn take_idle_messages(&mut self) -> bool {
        loop {
            let &[tag, a, b, c, d, ref rest @ ..] = self.transport.buffered() else {
                return false;
            };
            let len = u32::from_be_bytes([a, b, c, d]) as usize;
            if !matches!(tag, b'S' | b'A' | b'N') || len < 4 || rest.len() < len - 4 {
                return false;
            }
            let body = rest[..len - 4].to_vec();
            self.transport.consume(len + 1);
            match tag {
                b'S' => self.set_parameter(&body),
                b'N' => {
                    let notice = backend::server_error(&body);
                    let leaves = notice.sqlstate.starts_with("57P");
                    self.notices.push(notice);
                    if leaves {
                        return false;
                    }
                }
                _ => {}
            }
            if self.transport.buffered().is_empty() {
                return true;
            }
        }
    }

    /// Runs one statement of our own and returns its rows; the values of `$1`… are in
    /// text, `None` is NULL. For results that are small by nature.
    pub async fn query(&mut self, sql: &str, params: &[Option<&str>]) -> Result<Rows, PgError> {
        let mut gather = Gather::default();
        self.run(&[Step::new(sql).params(params)], &mut gather).await?;
        gather.finish()
    }

    /// The columns that a statement would give: the server analyses it and does not run it, so that no function
    /// and no check of a domain is evaluated.
    pub async fn columns_of(&mut self, sql: &str) -> Result<Vec<crate::Column>, PgError> {
        let mut gather = Gather::default();
        self.run(&[Step::new(sql).parse_only()], &mut gather).await?;
        Ok(gather.finish()?.columns().to_vec())
    }

    /// Runs statements of our own, separated by semicolons, and drops their results.
    pub async fn batch(&mut self, sql: &str) -> Result<(), PgError> {
        self.begin().await?;
        self.write_query(sql)?;
        let _flight = self.enter();
        let mut failure: Option<PgError> = None;
        loop {
            let header = match self.transport.header().await {
                Ok(header) => header,
                Err(closed) => return Err(failure.unwrap_or(closed)),
            };
            match header.tag {
                b'Z' => {
                    self.ready(header).await?;
                    return failure.map_or(Ok(()), Err);
                }
                b'E' => {
                    let error = self.error(header).await?;
                    failure.get_or_insert(error.into());
                }
                b'G' => {
                    self.transport.skip(header.len).await?;
                    failure.get_or_insert(copy_refused());
                    frontend::copy_fail("not expected here", &mut self.transport.out).map_err(|_| nul())?;
                }
                b'H' => {
                    self.transport.skip(header.len).await?;
                    failure.get_or_insert(copy_refused());
                    self.cancel_and_drain().await?;
                    return failure.map_or(Ok(()), Err);
                }
                b'T' | b'D' | b'C' | b'I' | b'd' | b'c' => self.transport.skip(header.len).await?,
                _ => self.aside(header).await?,
            }
        }
    }

    /// The notices since the last call, oldest first.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices.kept)
    }

    /// How many notices, and how many bytes of them, are kept until they are taken;
    /// what exceeds it is dropped. At first 100 and 256 KiB.
    pub fn keep_notices(&mut self, count: usize, bytes: usize) {
        self.notices.max_count = count;
        self.notices.max_bytes = bytes;
    }

    /// Prepares a simple query to be sent; one that cannot be leaves no part behind.
    pub(super) fn write_query(&mut self, sql: &str) -> Result<(), PgError> {
        let unsent = self.transport.out.len();
        frontend::query(sql, &mut self.transport.out).map_err(|_| {
            self.transport.out.truncate(unsent);
            nul()
        })
    }

    /// Makes sure that the connection is at rest before a call uses it.
    pub(super) async fn begin(&mut self) -> Result<(), PgError> {
        if self.busy {
            return Err(PgError::Closed {
                at: self.transport.at().to_owned(),
                reason: "an earlier call on it was given up".to_owned(),
            });
        }
        self.settle().await
    }

    /// Marks the connection busy until [`Connection::ready`], and makes it known to
    /// [`crate::cancel_all_in_flight`] for as long as the result lives.
    pub(super) fn enter(&mut self) -> Flight {
        self.busy = true;
        self.used = true;
        Flight::enter(&self.canceller)
    }

    /// ReadyForQuery.
    pub(super) async fn ready(&mut self, header: Header) -> Result<(), PgError> {
        let body = self.transport.body(header.len, 1).await?;
        self.transaction = match body.first() {
            Some(b'I') => Transaction::Idle,
            Some(b'T') => Transaction::Open,
            Some(b'E') => Transaction::Failed,
            _ => return Err(self.transport.protocol("ReadyForQuery without a state")),
        };
        self.busy = false;
        self.transport.shrink();
        Ok(())
    }

    /// ErrorResponse.
    pub(super) async fn error(&mut self, header: Header) -> Result<ServerError, PgError> {
        let body = self.transport.body(header.len, ERROR_MAX_BYTES).await?;
        Ok(backend::server_error(&body))
    }

    /// What may come between any two messages.
    pub(super) async fn aside(&mut self, header: Header) -> Result<(), PgError> {
        match header.tag {
            b'N' => {
                let room = self.notices.room();
                if header.len > room {
                    self.transport.skip(header.len).await?;
                } else {
                    let body = self.transport.body(header.len, room).await?;
                    self.notices.push(backend::server_error(&body));
                }
                Ok(())
            }
            b'S' => {
                let body = self.transport.body(header.len, SMALL_MAX_BYTES).await?;
                self.set_parameter(&body);
                Ok(())
            }
            b'A' => self.transport.skip(header.len).await,
            tag => Err(self
                .transport
                .protocol(format!("message '{}' was not expected", char::from(tag)))),
        }
    }

    fn set_parameter(&mut self, body: &[u8]) {
        let mut fields = Fields::new(body);
        if let (Some(name), Some(value)) = (fields.cstr(), fields.cstr()) {
            self.parameters.insert(name, value);
        }
    }
}

impl Connection {
    /// Leaves the server: with a CancelRequest if it is at work for us, else in order.
    /// Nothing can be done with the connection afterwards.
    pub(crate) fn leave(&mut self) {
        if self.transport.is_broken() {
            return;
        }
        if !self.busy {
            frontend::terminate(&mut self.transport.out);
            self.transport.send_now();
        }
        let socket = self.transport.take_socket();
        if self.busy {
            self.canceller.cancel_detached(socket);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The notices that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Notices {
    kept: Vec<Notice>,
    max_count: usize,
    max_bytes: usize,
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            max_count: 100,
            max_bytes: 256 * 1024,
        }
    }
}

impl Notices {
    /// Bytes that the next notice may have.
    fn room(&self) -> usize {
        if self.kept.len() >= self.max_count {
            return 0;
        }
        let used: usize = self.kept.iter().map(Notice::bytes).sum();
        self.max_bytes.saturating_sub(used)
    }

    pub(super) fn push(&mut self, notice: Notice) {
        if notice.bytes() <= self.room() {
            self.kept.push(notice);
        }
    }
}

pub(super) fn nul() -> PgError {
    PgError::Invalid("A text that PostgreSQL is to take cannot contain the character NUL".to_owned())
}

pub(super) fn copy_refused() -> PgError {
    PgError::Invalid("COPY from standard input or to standard output cannot be run this way".to_owned())
}

/// "15.4 (Debian…)" is 150004, "13.0" 130000, "9.6.24" 90624, "18beta1" 180000.
fn version_num(text: &str) -> u32 {
    let numbers: Vec<u32> = text
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .next()
        .unwrap_or_default()
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect();
    match numbers.as_slice() {
        [] => 0,
        [major, rest @ ..] if *major >= 10 => {
            major.saturating_mul(10_000) + rest.first().copied().unwrap_or(0)
        }
        [major, rest @ ..] => {
            let minor = rest.first().copied().unwrap_or(0);
            let patch = rest.get(1).copied().unwrap_or(0);
            major * 10_000 + minor * 100 + patch
        }
    }
}

#[cfg(test)]
mod tests {
    use super::version_num;

    #[test]
    fn versions_become_numbers() {
        assert_eq!(version_num("15.4 (Debian 15.4-1)"), 150_004);
        assert_eq!(version_num("13.0"), 130_000);
        assert_eq!(version_num("18beta1"), 180_000);
        assert_eq!(version_num("9.6.24"), 90_624);
        assert_eq!(version_num("devel"), 0);
    }
}
