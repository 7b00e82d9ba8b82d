//! The end of the tour: the dashboard, with clients at work and something to find.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use howdah_core::{Context, Result};
use howdah_pg::{PgError, Target};
use tokio::task::JoinHandle;

use super::live_change::Clients;
use crate::web;

/// Where nobody can look, the clients work for so long, to be seen in the history.
const UNSEEN: Duration = Duration::from_secs(12);
/// What somebody left open before going home, and what waits for it.
const LEFT_OPEN: &str =
    "SET application_name = 'back office'; BEGIN; UPDATE shop.customers SET name = name WHERE id = 17";
const WAITS: &str = "SET application_name = 'web shop'; UPDATE shop.customers SET name = name WHERE id = 17";
/// A report without an index to serve it.
const REPORT: &str =
    "SET application_name = 'report'; SELECT count(*) FROM shop.orders WHERE note LIKE '%gift%'";

/// A dashboard that is served, over a shop at work.
pub(super) struct Shown {
    serving: web::Serving,
    clients: Clients,
    left_open: howdah_pg::Connection,
    waits: JoinHandle<std::result::Result<(), PgError>>,
    report: JoinHandle<()>,
}

/// Whether somebody is there to look.
pub(super) fn is_seen() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

impl Shown {
    /// Begins to serve, and lets clients work.
    pub(super) async fn start(cx: &Context, target: &Arc<Target>, name: &str) -> Result<Self> {
        let clients = Clients::start(target).await?;
        let mut left_open = target.connect().await?;
        left_open.batch(LEFT_OPEN).await?;
        let mut waiting = target.connect().await?;
        let waits = tokio::spawn(async move { waiting.batch(WAITS).await });
        let mut reporting = target.connect().await?;
        let report = tokio::spawn(async move {
            while reporting.batch(REPORT).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
        Ok(Self {
            serving: web::Serving::start(cx, name).await?,
            clients,
            left_open,
            waits,
            report,
        })
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        self.serving.url()
    }

    /// Waits until the person has seen enough; where there is none, until the history has something to tell.
    pub(super) async fn until_seen() {
        if !is_seen() {
            return tokio::time::sleep(UNSEEN).await;
        }
        let enter = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
        // That the input ended is as good.
        drop(enter.await);
    }

    /// Ends everything, the open transaction first.
    pub(super) async fn end(mut self) -> Result<()> {
        // A person may have ended that session from the dashboard.
        if let Err(error) = self.left_open.batch("ROLLBACK").await {
            tracing::debug!(%error, "the open transaction is gone already");
        }
        self.report.abort();
        drop(self.waits.await);
        let stopped = self.clients.stop().await;
        self.serving.stop().await;
        stopped.map(drop)
    }
}
