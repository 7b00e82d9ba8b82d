//! One JSON message a line. In contrast to the library's own transport, input
//! that is no message is answered, nothing that comes too early ends the
//! session, and the end of the input ends the running calls.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestMethod, CallToolRequestParams, ClientJsonRpcMessage, ClientRequest,
    ErrorData, GetMeta, JsonRpcMessage, JsonRpcRequest, JsonRpcVersion2_0, ProtocolVersion, RequestId,
    RequestMetaObject, ServerJsonRpcMessage,
};
use rmcp::service::RoleServer;
use rmcp::transport::Transport;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::streams::{self, Input};

/// The longest message taken, in bytes.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// How long calls may still answer after the input has ended, so that requests
/// piped in by a script are answered although the script's end is the input's end.
const GRACE: Duration = Duration::from_millis(1000);

/// Standard input and output.
pub(super) struct Stdio {
    read: BufReader<Input>,
    line: Vec<u8>,
    skipping: bool,
    answers: Arc<Answers>,
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
        Self {
            read: BufReader::with_capacity(32 * 1024, streams::input()),
            line: Vec::new(),
            skipping: false,
            answers: Arc::new(Answers::new(streams::output())),
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
        if let Some(call) = tool_call(line) {
            return Ok(Some(call));
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

/// The message, if it is a call of a tool as nearly every one is. The library
/// would try all kinds of requests that there are, one after the other, which
/// takes longer than the server needs for a small query. What does not look
/// exactly like it is left to the library.
fn tool_call(line: &[u8]) -> Option<ClientJsonRpcMessage> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Call {
        jsonrpc: JsonRpcVersion2_0,
        id: RequestId,
        method: CallToolRequestMethod,
        params: CallToolRequestParams,
    }
    let call: Call = serde_json::from_slice(line).ok()?;
    let mut request = CallToolRequest::new(call.params);
    request.method = call.method;
    // Where the library looks for it.
    let meta: Option<RequestMetaObject> = request.params.meta.take();
    if let Some(meta) = meta {
        request.extensions.insert(meta);
    }
    Some(JsonRpcMessage::Request(JsonRpcRequest {
        jsonrpc: call.jsonrpc,
        id: call.id,
        request: ClientRequest::CallToolRequest(request),
    }))
}

impl Transport<RoleServer> for Stdio {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let answers = Arc::clone(&self.answers);
        async move { answers.send(&message).await }
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
            let answers = Arc::clone(&self.answers);
            tokio::spawn(async move {
                if let Err(error) = answers.send(&answer).await {
                    tracing::warn!(%error, "an answer could not be written");
                }
            });
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.answers.close().await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_call_is_what_the_library_would_have_read() {
        for line in [
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"run_query","arguments":{"sql":"SELECT 1"}}}"#,
            r#"{"params":{"_meta":{"progressToken":"p","x/y":1},"name":"é"},"method":"tools/call","id":"a","jsonrpc":"2.0"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{},"requestState":"s","inputResponses":{"q":{"action":"accept"}}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","unknown":[1]}}"#,
        ] {
            let library: ClientJsonRpcMessage = serde_json::from_str(line).unwrap();
            let ours = tool_call(line.as_bytes()).unwrap();
            assert_eq!(format!("{ours:?}"), format!("{library:?}"));
            let (ours, library) = (serde_json::to_value(&ours), serde_json::to_value(&library));
            assert_eq!(ours.unwrap(), library.unwrap());
        }
        for line in [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"t"}}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"t"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
            "[]",
        ] {
            assert!(tool_call(line.as_bytes()).is_none(), "{line}");
        }
    }
}
