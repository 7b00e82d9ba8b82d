use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rmcp::model::ServerJsonRpcMessage;
use tokio::io::AsyncWriteExt;

use super::streams::Output;

/// What is said to the client, a line each. Answers that are ready at the same
/// time go out in one write: that spares this process and the client's a system
/// call, and the client a wake-up, for each of them.
pub(super) struct Answers {
    /// Whole lines that nobody writes yet.
    waiting: Mutex<Vec<u8>>,
    stream: tokio::sync::Mutex<Output>,
}

impl Answers {
    pub(super) fn new(stream: Output) -> Self {
        Self {
            waiting: Mutex::default(),
            stream: tokio::sync::Mutex::new(stream),
        }
    }

    /// Returns when the message is written, by this call or by another one that
    /// took it along. It is turned into text before its turn comes, so that a big
    /// answer keeps no other one waiting longer than its own writing takes.
    pub(super) async fn send(&self, message: &ServerJsonRpcMessage) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        {
            let mut waiting = self.waiting();
            match waiting.is_empty() {
                true => *waiting = line,
                false => waiting.extend_from_slice(&line),
            }
        }
        // Lets other calls that have ended add theirs.
        tokio::task::yield_now().await;
        self.flush().await
    }

    /// Writes what waits.
    pub(super) async fn close(&self) -> io::Result<()> {
        self.flush().await
    }

    async fn flush(&self) -> io::Result<()> {
        let mut stream = self.stream.lock().await;
        let lines = std::mem::take(&mut *self.waiting());
        if lines.is_empty() {
            return Ok(());
        }
        stream.write_all(&lines).await?;
        stream.flush().await
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
