//! The audit log: every statement of a caller is in it, whatever became of it.

use std::sync::Arc;
use std::time::Instant;

use howdah_core::{Caller, Context, Error, ErrorKind, Result};
use howdah_pg::Session;
use howdah_store::{AuditEntry, Store, now_ms};

/// A statement that is under way. Where its call is given up, it is noted as cancelled.
pub(crate) struct Audited {
    store: Arc<Store>,
    entry: Option<AuditEntry>,
    started: Instant,
    /// Whether it may change something: then the log is on the disk before the answer goes out.
    writes: bool,
}

impl Audited {
    /// Takes note of the statement, its literals masked.
    pub(crate) fn begin(cx: &Context, tool: &str, session: &Session, sql: &str) -> Result<Self> {
        let caller = match cx.caller {
            Caller::Agent => "agent",
            Caller::Person { .. } => "person",
            Caller::Dashboard => "dashboard",
        };
        Ok(Self {
            store: cx.get::<Store>()?,
            started: Instant::now(),
            writes: false,
            entry: Some(AuditEntry {
                at_ms: 0,
                who: who(&cx.caller),
                caller: caller.to_owned(),
                tool: tool.to_owned(),
                target: session.target().name.clone(),
                statement: howdah_sql::normalize(sql),
                rows: None,
                duration_ms: None,
                outcome: String::new(),
                sqlstate: None,
            }),
        })
    }

    /// From here on it may change something.
    pub(crate) fn writes(&mut self) {
        self.writes = true;
    }

    /// Notes how it ended.
    pub(crate) async fn end(mut self, outcome: Result<u64, &Error>) -> Result<()> {
        let Some(mut entry) = self.entry.take() else {
            return Ok(());
        };
        entry.at_ms = now_ms();
        entry.duration_ms = Some(self.started.elapsed().as_secs_f64() * 1e3);
        match outcome {
            Ok(rows) => {
                entry.rows = Some(rows);
                entry.outcome = "ok".to_owned();
            }
            Err(error) => {
                let word = match error.kind {
                    ErrorKind::Refused => "refused",
                    ErrorKind::Cancelled => "cancelled",
                    _ => "failed",
                };
                // The server's messages may quote values; its code says as much.
                entry.outcome = match &error.sqlstate {
                    Some(_) => word.to_owned(),
                    None => format!("{word}: {}", error.message),
                };
                entry.sqlstate.clone_from(&error.sqlstate);
            }
        }
        if self.writes {
            self.store.audit_write(entry).await?;
        } else {
            self.store.audit(entry);
        }
        Ok(())
    }
}

impl Drop for Audited {
    fn drop(&mut self) {
        if let Some(mut entry) = self.entry.take() {
            entry.at_ms = now_ms();
            entry.duration_ms = Some(self.started.elapsed().as_secs_f64() * 1e3);
            entry.outcome = "cancelled".to_owned();
            self.store.audit(entry);
        }
    }
}

/// The person, as this machine knows them; of an agent only that it is one.
pub(crate) fn who(caller: &Caller) -> String {
    let user = || std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    match caller {
        Caller::Agent => "agent".to_owned(),
        Caller::Person { .. } | Caller::Dashboard => user().unwrap_or_else(|_| "person".to_owned()),
    }
}
