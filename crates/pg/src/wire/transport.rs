use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::socket::{Idle, Socket};
use crate::error::PgError;

/// Bytes that the read buffer starts with, and returns to.
const READ_START: usize = 16 * 1024;
/// Bytes that it grows to while a long result streams through.
const READ_STREAM: usize = 128 * 1024;
/// A message longer than this is no message: the peer speaks something else.
const MESSAGE_MAX: usize = 0x7fff_ffff;

/// Tag and body length of a message whose header has been taken off the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) tag: u8,
    pub(crate) len: usize,
}

/// The socket with its two buffers. Whoever awaits reads it; there is no task behind it.
///
/// What is to be sent goes out while replies are read, so that a server which
/// answers before it has taken in everything can never block both sides.
pub(crate) struct Transport {
    socket: Socket,
    /// Where this leads to, for messages.
    at: String,
    data: Vec<u8>,
    start: usize,
    end: usize,
    /// What remains to be sent.
    pub(crate) out: BytesMut,
    unflushed: bool,
    write_error: Option<String>,
    eof: bool,
}

impl Transport {
    pub(crate) fn new(socket: Socket, at: String) -> Self {
        Self {
            socket,
            at,
            data: vec![0; READ_START],
            start: 0,
            end: 0,
            out: BytesMut::with_capacity(1024),
            unflushed: false,
            write_error: None,
            eof: false,
        }
    }

    pub(crate) fn at(&self) -> &str {
        &self.at
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Takes the socket out; nothing can be read or sent any more.
    pub(crate) fn take_socket(&mut self) -> Socket {
        self.eof = true;
        std::mem::replace(&mut self.socket, Socket::Closed)
    }

    /// The bytes that have arrived and were not consumed.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Whether something is wrong with the socket already.
    pub(crate) fn is_broken(&self) -> bool {
        self.eof || self.write_error.is_some()
    }

    fn closed(&self, reason: impl Into<String>) -> PgError {
        PgError::Closed {
            at: self.at.clone(),
            reason: reason.into(),
        }
    }

    pub(crate) fn protocol(&self, reason: impl Into<String>) -> PgError {
        PgError::Protocol {
            at: self.at.clone(),
            reason: reason.into(),
        }
    }

    /// Sends as much as the socket takes at this moment.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.out.is_empty() {
            match Pin::new(&mut self.socket).poll_write(cx, &self.out) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => return self.give_up_sending("the socket takes no more"),
                Poll::Ready(Ok(count)) => {
                    self.out.advance(count);
                    self.unflushed = true;
                }
                Poll::Ready(Err(error)) => return self.give_up_sending(&error.to_string()),
            }
        }
        if self.unflushed {
            match Pin::new(&mut self.socket).poll_flush(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return self.give_up_sending(&error.to_string()),
            }
        }
        Poll::Ready(())
    }

    /// A write that fails is not yet reported: the server may have said why it left,
    /// and that is still to be read.
    fn give_up_sending(&mut self, reason: &str) -> Poll<()> {
        self.write_error = Some(reason.to_owned());
        self.out.clear();
        self.unflushed = false;
        Poll::Ready(())
    }

    /// Sends what it can without waiting; the rest goes with the next read.
    pub(crate) fn send_now(&mut self) {
        let _ = self.poll_send(&mut Context::from_waker(Waker::noop()));
    }

    /// Makes room for at least one more byte, or for a whole message of `want` bytes.
    fn make_room(&mut self, want: usize) {
        if self.start > 0 && (self.end == self.data.len() || self.start + want > self.data.len()) {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if want > self.data.len() {
            self.data.resize(want, 0);
        } else if self.end == self.data.len() {
            let grown = (self.data.len() * 2).max(READ_START);
            self.data.resize(grown, 0);
        }
    }

    /// Reads at least one byte more, sending meanwhile what is to be sent.
    async fn fill(&mut self, want: usize) -> Result<(), PgError> {
        if self.eof {
            return Err(self.closed("the server closed it"));
        }
        self.make_room(want);
        let before = self.end;
        let result = poll_fn(|cx| {
            // Not waited for: the reply may have to be read before more can be sent.
            let _ = self.poll_send(cx);
            let mut space = ReadBuf::new(&mut self.data[self.end..]);
            match Pin::new(&mut self.socket).poll_read(cx, &mut space) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(result) => Poll::Ready(result.map(|()| space.filled().len())),
            }
        })
        .await;
        match result {
            Ok(0) => {
                self.eof = true;
                let reason = match self.write_error.take() {
                    Some(reason) => reason,
                    None => "the server closed it".to_owned(),
                };
                Err(self.closed(reason))
            }
            Ok(count) => {
                self.end = before + count;
                // A full buffer means that a long result is coming: larger reads cost less.
                if self.end == self.data.len() && self.data.len() < READ_STREAM {
                    self.data.resize(self.data.len() * 2, 0);
                }
                Ok(())
            }
            Err(error) => {
                self.eof = true;
                Err(self.closed(describe(&error)))
            }
        }
    }

    /// Returns the memory that a long result needed.
    pub(crate) fn shrink(&mut self) {
        if self.data.len() > READ_STREAM && self.start == self.end {
            self.data = vec![0; READ_START];
            self.start = 0;
            self.end = 0;
        }
    }

    /// Makes sure that `count` bytes are in the buffer.
    pub(crate) async fn ensure(&mut self, count: usize) -> Result<(), PgError> {
        while self.end - self.start < count {
            self.fill(count).await?;
        }
        Ok(())
    }

    /// Takes the header of the next message off the buffer, if it has arrived.
    pub(crate) fn next_header(&mut self) -> Result<Option<Header>, PgError> {
        let buffered = self.buffered();
        let &[tag, a, b, c, d, ..] = buffered else {
            return Ok(None);
        };
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        if !(4..=MESSAGE_MAX).contains(&len) || !tag.is_ascii_alphanumeric() {
            return Err(self.protocol(format!("a message began with the bytes {:02x?}", &buffered[..5])));
        }
        self.consume(5);
        Ok(Some(Header { tag, len: len - 4 }))
    }

    /// Waits for the header of the next message.
    pub(crate) async fn header(&mut self) -> Result<Header, PgError> {
        loop {
            if let Some(header) = self.next_header()? {
                return Ok(header);
            }
            self.fill(5).await?;
        }
    }

    /// The body of a message of `len` bytes, at most `bound` of them; the rest is dropped.
    pub(crate) async fn body(&mut self, len: usize, bound: usize) -> Result<Vec<u8>, PgError> {
        let mut body = Vec::new();
        self.take_into(len.min(bound), &mut body).await?;
        self.skip(len.saturating_sub(bound)).await?;
        Ok(body)
    }

    /// Appends the next `count` bytes to `target`, in pieces of the buffer's size.
    pub(crate) async fn take_into(&mut self, mut count: usize, target: &mut Vec<u8>) -> Result<(), PgError> {
        while count > 0 {
            if self.start == self.end {
                self.fill(1).await?;
            }
            let part = count.min(self.end - self.start);
            target.extend_from_slice(&self.data[self.start..self.start + part]);
            self.consume(part);
            count -= part;
        }
        Ok(())
    }

    /// Drops the next `count` bytes as they arrive.
    pub(crate) async fn skip(&mut self, mut count: usize) -> Result<(), PgError> {
        while count > 0 {
            if self.start == self.end {
                self.fill(1).await?;
            }
            let part = count.min(self.end - self.start);
            self.consume(part);
            count -= part;
        }
        Ok(())
    }

    /// A look at the idle socket; what is there is read into the buffer.
    pub(crate) fn look(&mut self) -> Idle {
        if self.is_broken() {
            return Idle::Gone;
        }
        match self.socket.look() {
            Idle::Data => {}
            Idle::Quiet if self.start < self.end => return Idle::Data,
            other => return other,
        }
        self.make_room(self.end - self.start + READ_START);
        let mut space = ReadBuf::new(&mut self.data[self.end..]);
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.socket).poll_read(&mut cx, &mut space) {
            Poll::Ready(Ok(())) if !space.filled().is_empty() => {
                self.end += space.filled().len();
                Idle::Data
            }
            Poll::Ready(_) => {
                self.eof = true;
                Idle::Gone
            }
            // Seen by the kernel and not yet by tokio, or a TLS record that carries no data.
            Poll::Pending => Idle::Data,
        }
    }
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset => "the server reset it".to_owned(),
        io::ErrorKind::UnexpectedEof => "the server closed it".to_owned(),
        _ => error.to_string(),
    }
}
