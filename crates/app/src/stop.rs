//! The ways in which this process is told to stop, and what happens then: what
//! runs on a server is cancelled there before the process ends.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the end may wait for servers to confirm that nothing runs any more.
const CANCEL_WITHIN: Duration = Duration::from_millis(1800);

/// A signal that asks for the end, with the exit code that shells expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ctrl-C, or the terminal went away.
    Interrupt,
    /// `kill`, a service manager, a client that ends its server.
    Terminate,
}

impl Stop {
    /// 128 and the signal's number.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Listens for the signals; they no longer end the process by themselves.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Starts to listen.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Completes with the next signal.
    pub(crate) async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.hangup.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
        }
    }
}

/// Cancels what still runs on servers and waits, within bounds, until it is gone.
pub(crate) async fn cancel_on_servers() {
    if tokio::time::timeout(CANCEL_WITHIN, howdah_pg::cancel_all_in_flight())
        .await
        .is_err()
    {
        tracing::warn!("a server did not confirm the cancellation in time");
    }
}
