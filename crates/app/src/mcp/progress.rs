use std::sync::Arc;

use howdah_core::{NoProgress, Progress, ProgressSink};
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext, RoleServer};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Reports that wait to be sent; news that finds no room is left out, since the
/// next report replaces it anyway.
const WAITING: usize = 16;

/// Sends progress to a client that asked for it, and nothing after the answer.
pub(super) struct Reporter {
    sender: Option<JoinHandle<()>>,
    news: Option<mpsc::Sender<Progress>>,
    done: CancellationToken,
}

impl Reporter {
    /// For a request; silent where the client sent no token.
    pub(super) fn new(context: &RequestContext<RoleServer>) -> Self {
        let Some(token) = context.meta.get_progress_token() else {
            return Self {
                sender: None,
                news: None,
                done: CancellationToken::new(),
            };
        };
        let (news, reports) = mpsc::channel(WAITING);
        let done = CancellationToken::new();
        let sender = forward(context.peer.clone(), token, reports, done.clone());
        Self {
            sender: Some(tokio::spawn(sender)),
            news: Some(news),
            done,
        }
    }

    /// Where the tool reports to.
    pub(super) fn sink(&self) -> Arc<dyn ProgressSink> {
        match &self.news {
            Some(news) => Arc::new(Channel(news.clone())),
            None => Arc::new(NoProgress),
        }
    }

    /// Sends what waits and ends; what is reported later goes nowhere.
    pub(super) async fn finish(mut self) {
        self.done.cancel();
        if let Some(sender) = self.sender.take() {
            let _ = sender.await;
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.abort();
        }
    }
}

struct Channel(mpsc::Sender<Progress>);

impl ProgressSink for Channel {
    fn report(&self, progress: Progress) {
        let _ = self.0.try_send(progress);
    }
}

async fn forward(
    peer: Peer<RoleServer>,
    token: ProgressToken,
    mut reports: mpsc::Receiver<Progress>,
    done: CancellationToken,
) {
    let mut last = 0.0;
    loop {
        let report = tokio::select! {
            biased;
            report = reports.recv() => report,
            () = done.cancelled() => None,
        };
        let Some(report) = report else { return };
        // The protocol wants it to grow with every message: by the fraction
        // where it is known, else by a trifle that never reaches the whole.
        let grown = last + (1.0 - last) / 1000.0;
        last = report.fraction.map_or(grown, |fraction| fraction.max(grown));
        let message = ProgressNotificationParam::new(token.clone(), last)
            .with_total(1.0)
            .with_message(report.phase);
        if peer.notify_progress(message).await.is_err() {
            return;
        }
    }
}
