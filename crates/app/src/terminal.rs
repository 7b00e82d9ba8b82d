//! The person at the terminal: asked before a write, told how far it has come.

use std::io::{BufRead, IsTerminal, Write};

use futures::future::BoxFuture;
use howdah_core::{Answer, Confirmation, Error, ErrorKind, Human, Progress, ProgressSink, Result};

use crate::visible::visible;

/// Asks on standard error and reads the answer from standard input, where both
/// are a terminal.
pub(crate) struct TerminalHuman;

impl Human for TerminalHuman {
    fn confirm(&self, question: Confirmation) -> BoxFuture<'_, Result<Answer>> {
        Box::pin(async move {
            if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
                return Ok(Answer::Unavailable);
            }
            tokio::task::spawn_blocking(move || ask(&question.message))
                .await
                .map_err(|error| Error::internal(format!("The question could not be put: {error}")))?
        })
    }
}

fn ask(message: &str) -> Result<Answer> {
    let failed =
        |error: std::io::Error| Error::new(ErrorKind::Local, format!("The terminal failed: {error}"));
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{}\n\nGo ahead? [y/N] ", visible(message)).map_err(failed)?;
    stderr.flush().map_err(failed)?;
    let mut reply = String::new();
    std::io::stdin().lock().read_line(&mut reply).map_err(failed)?;
    Ok(if matches!(reply.trim(), "y" | "Y" | "yes") {
        Answer::Approved
    } else {
        Answer::Declined
    })
}

/// Shows the phase of a long call in one line of the terminal.
pub(crate) struct TerminalProgress(indicatif::ProgressBar);

impl TerminalProgress {
    /// Draws nothing before the first report, and nothing at all off a terminal.
    pub(crate) fn new() -> Self {
        Self(indicatif::ProgressBar::new_spinner())
    }
}

impl ProgressSink for TerminalProgress {
    fn report(&self, progress: Progress) {
        let text = match progress.fraction {
            Some(fraction) => format!("{} ({:.0} %)", progress.phase, fraction * 100.0),
            None => progress.phase,
        };
        self.0.set_message(text);
        self.0.tick();
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
