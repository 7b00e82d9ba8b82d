//! One JSON message a line. In contrast to the library's own transport, input
//! that is no message is answered, nothing that comes too early ends the
//! session, and the end of the input ends the running calls.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorData, GetMeta, ProtocolVersion, RequestId, ServerJsonRpcMessage,
};
use rmcp::service::RoleServer;
use rmcp::transport::{StdioReader, StdioWriter, Transport, stdio_pipes};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// The longest message taken, in bytes.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// How long calls may still answer after the input has ended, so that requests
/// piped in by a script are answered although the script's end is the input's end.
const GRACE: Duration = Duration::from_millis(1000);

/// Standard input and output.
pub(super) struct Stdio {
    read: BufReader<StdioReader>,
    line: Vec<u8>,
    skipping: bool,
    write: Arc<Mutex<StdioWriter>>,
    calls: CancellationToken,
    opened: bool,
}

enum Line {
    Whole,
    TooLong,
    End,
}

impl Stdio {
    /// `calls` is cancelled soon after the input has ended.
    pub(super) fn new(calls: CancellationToken) -> Self {
        let (read, write) = stdio_pipes();
        Self {
            read: BufReader::with_capacity(32 * 1024, read),
            line: Vec::new(),
            skipping: false,
            write: Arc::new(Mutex::new(write)),
            calls,
            opened: false,
        }
    }

    /// Reads up to the next line's end into `line`. Nothing is lost when the
    /// future is dropped: what has been read stays in `line`.
    async fn read_line(&mut self) -> io::Result<Line> {
        loop {
            let available = self.read.fill_buf().await?;
            if available.is_empty() {
                return Ok(Line::End);
            }
            let end = available.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            let fits = self.line.len() + taken <= MAX_LINE;
            if !self.skipping && fits {
                self.line.extend_from_slice(&available[..taken]);
            }
            self.read.consume(taken);
            let was_skipping = self.skipping;
            if !fits {
                self.line.clear();
            }
            self.skipping = (was_skipping || !fits) && end.is_none();
            match (was_skipping, fits, end) {
                (false, true, Some(_)) => return Ok(Line::Whole),
                (false, false, _) => return Ok(Line::TooLong),
                _ => {}
            }
        }
    }

    /// The message in `line`, or what to answer to one that is none.
    fn message(&self) -> Result<Option<ClientJsonRpcMessage>, Box<ServerJsonRpcMessage>> {
        let line = self.line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.line);
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        if let Ok(message) = serde_json::from_slice(line) {
            return Ok(Some(message));
        }
        let Ok(value) = serde_json::from_slice::<Value>(line) else {
            let error = ErrorData::parse_error("The line is not valid JSON.", None);
            return Err(Box::new(ServerJsonRpcMessage::error(error, None)));
        };
        // A notification is never answered, not even a wrong one.
        if value.get("method").is_some() && value.get("id").is_none() {
            return Ok(None);
        }
        let id = value.get("id").and_then(|id| RequestId::deserialize(id).ok());
        let error = ErrorData::invalid_request("The line is JSON, but no JSON-RPC 2.0 message.", None);
        Err(Box::new(ServerJsonRpcMessage::error(error, id)))
    }

    /// Whether a message may go on to the library, which would end the session
    /// when anything but a request came before the one that opens it.
    fn admit(&mut self, message: &ClientJsonRpcMessage) -> bool {
        if let ClientJsonRpcMessage::Request(message) = message
            && !self.opened
        {
            self.opened = opens(&message.request);
            return true;
        }
        self.opened || matches!(message, ClientJsonRpcMessage::Request(_))
    }

    fn end(&self) {
        let calls = self.calls.clone();
        tokio::spawn(async move {
            tokio::time::sleep(GRACE).await;
            calls.cancel();
        });
    }
}

/// `initialize`, or a request that carries its own context.
fn opens(request: &ClientRequest) -> bool {
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        other => other
            .get_meta()
            .missing_required_keys(&ProtocolVersion::V_2026_07_28)
            .is_empty(),
    }
}

impl Transport<RoleServer> for Stdio {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let write = Arc::clone(&self.write);
        async move { send(&write, &message).await }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let read = self.read_line().await;
            let answer = match read {
                Ok(Line::Whole) => {
                    let message = self.message();
                    self.line.clear();
                    match message {
                        Ok(Some(message)) if self.admit(&message) => return Some(message),
                        Ok(_) => continue,
                        Err(answer) => answer,
                    }
                }
                Ok(Line::TooLong) => {
                    let text = format!("The message is longer than {MAX_LINE} bytes.");
                    Box::new(ServerJsonRpcMessage::error(
                        ErrorData::invalid_request(text, None),
                        None,
                    ))
                }
                Ok(Line::End) => {
                    self.end();
                    return None;
                }
                Err(error) => {
                    tracing::error!(%error, "standard input cannot be read");
                    self.end();
                    return None;
                }
            };
            // Not awaited: reading goes on while a slow client takes its answers.
            let write = Arc::clone(&self.write);
            tokio::spawn(async move {
                if let Err(error) = send(&write, &answer).await {
                    tracing::warn!(%error, "an answer could not be written");
                }
            });
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.write.lock().await.flush().await
    }
}

/// Writes one message. It is turned into text before its turn comes, so that a
/// big answer keeps no other one waiting longer than its own writing takes.
async fn send(write: &Mutex<StdioWriter>, message: &ServerJsonRpcMessage) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut write = write.lock().await;
    write.write_all(&line).await?;
    write.flush().await
}
