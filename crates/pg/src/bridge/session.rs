//! The server's side of PostgreSQL's protocol, as far as Howdah's own client uses it.

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

use super::transaction::Open;
use super::{Bridge, Fault};
use crate::error::ServerError;

/// The code in place of a version that makes a startup packet a CancelRequest.
const CANCEL_CODE: i32 = 80_877_102;
/// Bytes of answers that are collected before they go out.
const FULL: usize = 128 * 1024;

/// A session with our client: its transaction, and what it has prepared.
pub(super) struct Session {
    pub(super) bridge: Bridge,
    pub(super) database: String,
    pub(super) number: i32,
    pub(super) open: Option<Open>,
    /// The transaction has failed and awaits its end.
    pub(super) failed: bool,
    pub(super) cursors: u32,
    /// In the simple protocol.
    pub(super) simple: bool,
    /// Stops the call that is made; replaced when it did.
    pub(super) stop: CancellationToken,
    stream: UnixStream,
    input: BytesMut,
    out: BytesMut,
    statement: String,
    params: Vec<Option<String>>,
    describe: bool,
}

/// Serves one socket until it is closed.
pub(super) async fn serve(bridge: Bridge, mut stream: UnixStream) {
    let Ok(length) = stream.read_i32().await else {
        return;
    };
    let Ok(length) = usize::try_from(length) else {
        return;
    };
    if !(8..=1024 * 1024).contains(&length) {
        return;
    }
    let mut packet = vec![0; length - 4];
    if stream.read_exact(&mut packet).await.is_err() {
        return;
    }
    let mut packet = packet.as_slice();
    if packet.get_i32() == CANCEL_CODE {
        if packet.len() >= 8 {
            let number = packet.get_i32();
            bridge.cancel(number, packet).await;
        }
        return;
    }
    let Some((number, secret)) = bridge.enter() else {
        return;
    };
    let mut session = Session {
        database: String::new(),
        number,
        open: None,
        failed: false,
        cursors: 0,
        simple: false,
        stop: CancellationToken::new(),
        stream,
        input: BytesMut::new(),
        out: BytesMut::new(),
        statement: String::new(),
        params: Vec::new(),
        describe: false,
        bridge: bridge.clone(),
    };
    if session.start(packet, secret).await.is_some() {
        while session.step().await.is_some() {}
    }
    session.roll_back().await;
    bridge.leave(number);
}

impl Session {
    /// From the startup packet to the first ReadyForQuery.
    async fn start(&mut self, packet: &[u8], secret: [u8; 4]) -> Option<()> {
        let mut fields = packet.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let mut options = false;
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            match name.as_ref() {
                "" => break,
                "database" => self.database = value.into_owned(),
                "options" => options = true,
                _ => {}
            }
        }
        if options {
            // As a pooler does: they then come with each transaction.
            let fault = Fault::new("08P01", "unsupported startup parameter: options", "");
            return self.fatal(fault).await;
        }
        let known = match self.bridge.parameters(&self.database).await {
            Ok(known) => known,
            Err(fault) => return self.fatal(fault).await,
        };
        self.message(b'R', |body| body.put_i32(0));
        for (name, value) in known {
            self.message(b'S', |body| {
                body.put_slice(name.as_bytes());
                body.put_u8(0);
                body.put_slice(value.as_bytes());
                body.put_u8(0);
            });
        }
        let number = self.number;
        self.message(b'K', |body| {
            body.put_i32(number);
            body.put_slice(&secret);
        });
        self.ready().await
    }

    async fn fatal(&mut self, fault: Fault) -> Option<()> {
        let mut error = fault.into_error();
        error.severity = "FATAL".to_owned();
        self.error(&error);
        self.flush().await;
        None
    }

    /// Takes in the next message; `None` at the end.
    async fn step(&mut self) -> Option<()> {
        let (tag, body) = self.next().await?;
        let outcome = match tag {
            b'Q' => return self.simple(&body).await,
            b'S' => return self.sync().await,
            b'X' => return None,
            b'P' => self.parse(&body),
            b'B' => self.bind(&body),
            b'D' if body.first() == Some(&b'P') => {
                self.describe = true;
                Ok(())
            }
            b'D' => {
                let sql = self.statement.clone();
                let outcome = Box::pin(self.describe(&sql)).await;
                self.rest();
                outcome
            }
            b'E' => {
                let end = body.iter().position(|byte| *byte == 0).unwrap_or(0);
                let limit = body.get(end + 1..end + 5).map(|mut rest| rest.get_i32());
                let limit = limit
                    .and_then(|limit| u32::try_from(limit).ok())
                    .filter(|limit| *limit > 0);
                let sql = self.statement.clone();
                let params = std::mem::take(&mut self.params);
                let describe = std::mem::take(&mut self.describe);
                let outcome = Box::pin(self.execute(&sql, &params, limit, describe)).await;
                self.rest();
                outcome
            }
            b'C' => {
                self.message(b'3', |_| {});
                Ok(())
            }
            b'H' => {
                self.flush().await;
                Ok(())
            }
            // What is left of a copy that was never begun.
            b'd' | b'c' | b'f' => Ok(()),
            _ => return None,
        };
        if let Err(fault) = outcome {
            self.fail(fault);
            // Nothing up to the next Sync is carried out.
            loop {
                match self.next().await? {
                    (b'S', _) => return self.sync().await,
                    (b'X', _) => return None,
                    _ => {}
                }
            }
        }
        Some(())
    }

    fn parse(&mut self, body: &[u8]) -> Result<(), Fault> {
        let mut parts = body.splitn(3, |byte| *byte == 0);
        let (name, sql) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if !name.is_empty() {
            return Err(Fault::new(
                "0A000",
                "Prepared statements need a session that lasts.",
                "",
            ));
        }
        String::from_utf8_lossy(sql)
            .as_ref()
            .clone_into(&mut self.statement);
        self.describe = false;
        self.message(b'1', |_| {});
        Ok(())
    }

    fn bind(&mut self, body: &[u8]) -> Result<(), Fault> {
        self.params = bound(body).ok_or_else(|| Fault::new("08P01", "Values are taken in text only.", ""))?;
        self.message(b'2', |_| {});
        Ok(())
    }

    /// The simple protocol: statements of Howdah's own, separated by semicolons.
    async fn simple(&mut self, body: &[u8]) -> Option<()> {
        let text = String::from_utf8_lossy(body.strip_suffix(&[0]).unwrap_or(body)).into_owned();
        let pieces: Vec<String> = match howdah_sql::split(&text) {
            Ok(pieces) => pieces.iter().map(|piece| piece.text.to_owned()).collect(),
            Err(_) => vec![text],
        };
        self.simple = true;
        for piece in pieces {
            let outcome = Box::pin(self.execute(&piece, &[], None, true)).await;
            self.rest();
            if let Err(fault) = outcome {
                self.fail(fault);
                break;
            }
        }
        self.simple = false;
        self.sync().await
    }

    /// The end of a pipeline, which also ends a transaction that nobody has begun.
    async fn sync(&mut self) -> Option<()> {
        if self.open.as_ref().is_some_and(|open| open.implicit) {
            if self.failed {
                self.roll_back().await;
            } else if let Err(fault) = self.commit().await {
                self.error(&fault.into_error());
            }
        }
        self.ready().await
    }

    async fn ready(&mut self) -> Option<()> {
        let state = match (&self.open, self.failed) {
            (Some(_), true) => b'E',
            (Some(_), false) => b'T',
            (None, _) => b'I',
        };
        self.message(b'Z', |body| body.put_u8(state));
        // What follows in the same write is mostly the end of the transaction: who has the answer
        // may leave, and nothing should stay open behind them.
        if self.has_more() {
            return Some(());
        }
        self.flush().await;
        Some(())
    }

    fn fail(&mut self, fault: Fault) {
        self.failed = self.open.is_some();
        self.error(&fault.into_error());
    }

    fn error(&mut self, error: &ServerError) {
        let texts = [
            (b'S', Some(error.severity.as_str())),
            (b'V', Some(error.severity.as_str())),
            (b'C', Some(error.sqlstate.as_str())),
            (b'M', Some(error.message.as_str())),
            (b'D', error.detail.as_deref()),
            (b'H', error.hint.as_deref()),
            (b'W', error.where_.as_deref()),
        ];
        let position = error.position.map(|at| at.to_string());
        self.message(b'E', |body| {
            for (code, text) in texts.into_iter().chain([(b'P', position.as_deref())]) {
                if let Some(text) = text {
                    body.put_u8(code);
                    body.put_slice(text.replace('\0', "").as_bytes());
                    body.put_u8(0);
                }
            }
            body.put_u8(0);
        });
    }

    /// Adds a message to what goes out.
    pub(super) fn message(&mut self, tag: u8, write: impl FnOnce(&mut BytesMut)) {
        self.out.put_u8(tag);
        let at = self.out.len();
        self.out.put_i32(0);
        write(&mut self.out);
        let length = i32::try_from(self.out.len() - at).unwrap_or(i32::MAX);
        self.out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }

    pub(super) async fn flush_if_full(&mut self) {
        if self.out.len() >= FULL {
            self.flush().await;
        }
    }

    /// Sends what was collected. A client that is gone shows when the next message is read.
    async fn flush(&mut self) {
        let _ = self.stream.write_all(&self.out).await;
        self.out.clear();
    }

    /// Whether a further message has arrived already.
    fn has_more(&mut self) -> bool {
        if self.input.is_empty() {
            let mut bytes = [0; 4096];
            if let Ok(count) = self.stream.try_read(&mut bytes) {
                self.input.put_slice(&bytes[..count]);
            }
        }
        !self.input.is_empty()
    }

    async fn next(&mut self) -> Option<(u8, BytesMut)> {
        loop {
            if self.input.len() >= 5 {
                let length = u32::from_be_bytes([self.input[1], self.input[2], self.input[3], self.input[4]]);
                let length = usize::try_from(length).ok().filter(|length| *length >= 4)?;
                if self.input.len() > length {
                    let tag = self.input[0];
                    self.input.advance(5);
                    return Some((tag, self.input.split_to(length - 4)));
                }
            }
            if self.stream.read_buf(&mut self.input).await.ok()? == 0 {
                return None;
            }
        }
    }
}

/// The values of a Bind message, all in text.
fn bound(body: &[u8]) -> Option<Vec<Option<String>>> {
    let mut rest = body;
    for _ in 0..2 {
        let end = rest.iter().position(|byte| *byte == 0)?;
        rest = &rest[end + 1..];
    }
    let formats = rest.try_get_u16().ok()?;
    for _ in 0..formats {
        if rest.try_get_i16().ok()? != 0 {
            return None;
        }
    }
    let count = rest.try_get_u16().ok()?;
    let mut values = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        match usize::try_from(rest.try_get_i32().ok()?) {
            Err(_) => values.push(None),
            Ok(length) => {
                let bytes = rest.get(..length)?;
                rest = &rest[length..];
                values.push(Some(String::from_utf8_lossy(bytes).into_owned()));
            }
        }
    }
    Some(values)
}
