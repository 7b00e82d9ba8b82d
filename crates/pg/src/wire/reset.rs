use std::time::Duration;

use postgres_protocol::message::frontend;

use super::connection::{Connection, Transaction};
use crate::error::PgError;

/// How long a reset may take before the connection is given up.
const RESET_MAX: Duration = Duration::from_secs(2);

impl Connection {
    /// Sends what makes the session as new: the end of a transaction that is open, and
    /// `DISCARD ALL` where the session is ours alone. It waits for nothing; the answer
    /// is read by the next call, and [`Connection::settle`].
    pub(crate) fn send_reset(&mut self, discard: bool) {
        if !self.used {
            return;
        }
        self.used = false;
        let mut statements = Vec::with_capacity(2);
        if self.transaction != Transaction::Idle {
            statements.push("ROLLBACK");
        }
        if discard {
            statements.push("DISCARD ALL");
        }
        for sql in statements {
            if self.write_query(sql).is_ok() {
                self.pending += 1;
            }
        }
        self.transport.send_now();
    }

    /// Whether a call on it was given up half-way.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// What was done so far left nothing behind.
    pub(crate) fn forget_use(&mut self) {
        self.used = false;
    }

    /// Waits for the answers to a reset.
    pub(crate) async fn settle(&mut self) -> Result<(), PgError> {
        if self.pending == 0 {
            return Ok(());
        }
        self.busy = true;
        let outcome = tokio::time::timeout(RESET_MAX, self.read_reset()).await;
        match outcome {
            Ok(result) => result,
            Err(_) => Err(PgError::Timeout {
                what: "Resetting the session".to_owned(),
                after: RESET_MAX,
            }),
        }
    }

    async fn read_reset(&mut self) -> Result<(), PgError> {
        let mut failure = None;
        while self.pending > 0 {
            let header = match self.transport.header().await {
                Ok(header) => header,
                Err(closed) => return Err(failure.unwrap_or(closed)),
            };
            match header.tag {
                b'Z' => {
                    self.ready(header).await?;
                    self.pending -= 1;
                    self.busy = self.pending > 0;
                }
                b'E' => {
                    let error = self.error(header).await?;
                    failure.get_or_insert(PgError::from(error));
                }
                b'C' | b'1' | b'2' => self.transport.skip(header.len).await?,
                _ => self.aside(header).await?,
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// One empty round trip, to see whether the server is still there.
    pub(crate) async fn ping(&mut self) -> Result<(), PgError> {
        self.begin().await?;
        frontend::sync(&mut self.transport.out);
        self.pending += 1;
        self.settle().await
    }
}
