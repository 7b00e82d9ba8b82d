use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};
use serde::Serialize;

use crate::store::{Durability, Opened, Place};
use crate::{Store, StoreError};

/// Entries are kept for 90 days, and at most a million of them.
const KEPT_MS: i64 = 90 * 24 * 3_600_000;
const KEPT: i64 = 1_000_000;
/// So many entries may wait to be written.
const QUEUE: usize = 8_192;
/// So many are written at once.
const BATCH: usize = 512;
/// So long further ones are waited for, to be written with the first: a commit
/// costs as much as a small query.
const GATHERING: Duration = Duration::from_millis(5);
/// Old entries are looked for once in so many.
const PRUNE_EVERY: u64 = 4_096;

/// One statement, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditEntry {
    /// When it ended, in milliseconds since 1970.
    pub at_ms: i64,
    /// The person or client, as far as it is known.
    pub who: String,
    /// `agent`, `person` or `dashboard`.
    pub caller: String,
    /// The tool or command that it came through.
    pub tool: String,
    /// The target's name.
    pub target: String,
    /// Its text, literals masked.
    pub statement: String,
    /// Rows returned or changed.
    pub rows: Option<u64>,
    /// How long it took.
    pub duration_ms: Option<f64>,
    /// `ok`, `refused: …`, `failed: …`, `cancelled`.
    pub outcome: String,
    /// The server's code where it raised an error.
    pub sqlstate: Option<String>,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only those of this target.
    pub target: Option<String>,
    /// Only those since then, in milliseconds since 1970.
    pub since_ms: i64,
    /// At most so many, the latest.
    pub limit: usize,
}

/// The thread that writes queued entries, in batches, beside the answers.
/// Dropped with its store, it first writes what is queued.
pub(crate) struct AuditWriter {
    /// Taken away to tell the thread that nothing more will come.
    queue: Option<SyncSender<Message>>,
    lost: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Entry(Box<AuditEntry>),
    Flush(tokio::sync::oneshot::Sender<()>),
}

impl Store {
    /// Notes a statement that changed nothing. Costs the caller a queue's
    /// push; written within milliseconds, and at the latest when the last clone
    /// of the store is dropped. What could not be written is said on the
    /// program's log and counted by [`Store::audit_lost`].
    pub fn audit(&self, entry: AuditEntry) {
        let place = &self.inner.place;
        let writer = self
            .inner
            .audit
            .get_or_init(|| AuditWriter::spawn(Arc::clone(place)));
        // A full queue means that the disk is slower than the statements: those then wait for it.
        let sent = writer
            .queue
            .as_ref()
            .is_some_and(|queue| queue.send(Message::Entry(Box::new(entry))).is_ok());
        if !sent {
            writer.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes a statement that changes something: returns once it is on the disk.
    pub async fn audit_write(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.write(move |transaction| insert(transaction, &entry)).await
    }

    /// Waits until all that was noted so far is written.
    pub async fn flush_audit(&self) {
        if let Some(queue) = self.inner.audit.get().and_then(|writer| writer.queue.clone()) {
            let (done, written) = tokio::sync::oneshot::channel();
            let sent = tokio::task::spawn_blocking(move || queue.send(Message::Flush(done)).is_ok()).await;
            if sent.unwrap_or(false) {
                if let Some(writer) = self.inner.audit.get() {
                    writer.hurry();
                }
                // An error means that the writer has ended: nothing is left to wait for.
                written.await.ok();
            }
        }
    }

    /// How many entries could not be written since the program began.
    pub fn audit_lost(&self) -> u64 {
        self.inner
            .audit
            .get()
            .map_or(0, |writer| writer.lost.load(Ordering::Relaxed))
    }

    /// Entries of the log, the latest first.
    pub async fn audit_entries(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        self.flush_audit().await;
        self.read(move |connection| list(connection, &filter)).await
    }
}

impl AuditWriter {
    fn spawn(place: Arc<Place>) -> Self {
        let (queue, entries) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&lost);
        let thread = std::thread::Builder::new()
            .name("howdah-audit".into())
            .spawn(move || write_batches(&entries, &place, &counter))
            .inspect_err(|error| {
                tracing::error!("The audit log cannot be written: no thread could be started ({error}).");
            });
        Self {
            queue: Some(queue),
            lost,
            thread: thread.ok(),
        }
    }

    /// Ends the wait for further entries.
    fn hurry(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for AuditWriter {
    fn drop(&mut self) {
        self.queue = None;
        self.hurry();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported by itself.
            thread.join().ok();
        }
    }
}

/// Ends when the queue is empty and nothing more will come.
fn write_batches(entries: &Receiver<Message>, place: &Place, lost: &AtomicU64) {
    // Its own connection: an entry need not survive a power failure, so its commit does not wait for the disk.
    let mut connection: Option<Opened> = None;
    let mut written: u64 = 0;
    while let Ok(first) = entries.recv() {
        let mut batch = Vec::new();
        let mut flushes = Vec::new();
        if matches!(first, Message::Entry(_)) {
            std::thread::park_timeout(GATHERING);
        }
        for message in std::iter::once(first).chain(entries.try_iter()).take(BATCH) {
            match message {
                Message::Entry(entry) => batch.push(entry),
                Message::Flush(done) => flushes.push(done),
            }
        }
        if !batch.is_empty() {
            let prune = written % PRUNE_EVERY < batch.len() as u64;
            match place.with(&mut connection, Durability::Process, |connection| {
                write(connection, &batch, prune)
            }) {
                Ok(()) => written += batch.len() as u64,
                Err(error) => {
                    let before = lost.fetch_add(batch.len() as u64, Ordering::Relaxed);
                    if before == 0 {
                        tracing::error!("Statements are missing from the audit log: {error}");
                    }
                }
            }
        }
        for done in flushes {
            done.send(()).ok();
        }
    }
}

fn write(connection: &mut Connection, batch: &[Box<AuditEntry>], prune: bool) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for entry in batch {
        insert(&transaction, entry)?;
    }
    if prune {
        // Numbers grow with time: from the oldest entry up to the first that is young enough, and no further.
        transaction.execute(
            "DELETE FROM audit WHERE number < coalesce(\
                 (SELECT number FROM audit WHERE at_ms >= ?1 ORDER BY number LIMIT 1), \
                 (SELECT max(number) + 1 FROM audit)) \
             OR number <= (SELECT max(number) FROM audit) - ?2",
            params![crate::now_ms() - KEPT_MS, KEPT],
        )?;
    }
    transaction.commit()?;
    Ok(())
}

fn insert(transaction: &Transaction<'_>, entry: &AuditEntry) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO audit (at_ms, who, caller, tool, target, statement, rows, duration_ms, outcome, sqlstate) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            entry.at_ms,
            entry.who,
            entry.caller,
            entry.tool,
            entry.target,
            entry.statement,
            entry.rows.map(|rows| i64::try_from(rows).unwrap_or(i64::MAX)),
            entry.duration_ms,
            entry.outcome,
            entry.sqlstate
        ])?;
    Ok(())
}

fn list(connection: &Connection, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
    let entry = |row: &Row<'_>| {
        Ok(AuditEntry {
            at_ms: row.get("at_ms")?,
            who: row.get("who")?,
            caller: row.get("caller")?,
            tool: row.get("tool")?,
            target: row.get("target")?,
            statement: row.get("statement")?,
            rows: row.get::<_, Option<i64>>("rows")?.map(|rows| rows.max(0) as u64),
            duration_ms: row.get("duration_ms")?,
            outcome: row.get("outcome")?,
            sqlstate: row.get("sqlstate")?,
        })
    };
    let entries = connection
        .prepare_cached(
            "SELECT * FROM audit WHERE (?1 IS NULL OR target = ?1) AND at_ms >= ?2 ORDER BY number DESC LIMIT ?3",
        )?
        .query_map(params![filter.target, filter.since_ms, filter.limit as i64], entry)?
        .collect::<Result<_, _>>()?;
    Ok(entries)
}
