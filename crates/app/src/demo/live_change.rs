//! Clients of the shop at work beside a schema change, and what they feel.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use howdah_core::{Error, Progress, ProgressSink, Result};
use howdah_pg::{Connection, PgError, Target};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The change: the primary key and more than half a million rows stand on the column.
pub(super) const CHANGE: &str = "ALTER TABLE shop.order_items ALTER COLUMN line TYPE bigint";
/// What every acknowledged update adds one to.
pub(super) const SUM: &str = "SELECT sum(quantity) FROM shop.order_items";
/// How long the clients work alone first, to be compared with.
pub(super) const ALONE: Duration = Duration::from_secs(2);

const CLIENTS: u64 = 4;
/// Each client asks so often, whatever the server does: a stall is felt by all that was due meanwhile.
const EVERY: Duration = Duration::from_millis(25);
/// Every order up to this one has a first line.
const ORDERS: u64 = 220_000;
/// The longest bar of the picture, and the milliseconds that one mark of it stands for.
const MARKS: usize = 30;
const MARK_MS: f64 = 1.0;

/// Clients that read and update until they are told to stop.
pub(super) struct Clients {
    felt: Arc<Mutex<Vec<f64>>>,
    updates: Arc<AtomicU64>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<std::result::Result<(), PgError>>>,
}

/// What clients felt for a while, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Felt {
    /// Operations.
    pub(super) count: usize,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) longest: f64,
}

impl Clients {
    pub(super) async fn start(target: &Arc<Target>) -> Result<Self> {
        let clients = Self {
            felt: Arc::default(),
            updates: Arc::default(),
            stop: CancellationToken::new(),
            tasks: Vec::new(),
        };
        let mut connections = Vec::new();
        for _ in 0..CLIENTS {
            connections.push(target.connect().await?);
        }
        let begin = Instant::now();
        let tasks = (1..).zip(connections).map(|(number, connection)| {
            let (felt, updates, stop) = (
                Arc::clone(&clients.felt),
                Arc::clone(&clients.updates),
                clients.stop.clone(),
            );
            tokio::spawn(work(connection, number, begin, felt, updates, stop))
        });
        Ok(Self {
            tasks: tasks.collect(),
            ..clients
        })
    }

    /// What was felt since the last call.
    pub(super) fn felt(&self) -> Vec<f64> {
        std::mem::take(&mut *self.felt.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends them: how many updates were acknowledged. An operation that failed is an error.
    pub(super) async fn stop(self) -> Result<u64> {
        self.stop.cancel();
        for task in self.tasks {
            task.await
                .map_err(|error| Error::internal(format!("A client ended: {error}")))??;
        }
        Ok(self.updates.load(Ordering::Relaxed))
    }
}

async fn work(
    mut connection: Connection,
    number: u64,
    begin: Instant,
    felt: Arc<Mutex<Vec<f64>>>,
    updates: Arc<AtomicU64>,
    stop: CancellationToken,
) -> std::result::Result<(), PgError> {
    let mut due = begin + EVERY.mul_f64(number as f64 / CLIENTS as f64);
    let mut turn = number;
    while !stop.is_cancelled() {
        tokio::time::sleep_until(due.into()).await;
        turn += CLIENTS;
        let order = turn.wrapping_mul(7_919) % ORDERS + 1;
        let is_update = turn.wrapping_mul(31) % 10 < 4;
        let sql = if is_update {
            format!(
                "UPDATE shop.order_items SET quantity = quantity + 1 WHERE order_id = {order} AND line = 1"
            )
        } else {
            format!("SELECT line, quantity, unit_price FROM shop.order_items WHERE order_id = {order}")
        };
        connection.batch(&sql).await?;
        if is_update {
            updates.fetch_add(1, Ordering::Relaxed);
        }
        felt.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(due.elapsed().as_secs_f64() * 1e3);
        due += EVERY;
    }
    Ok(())
}

impl Felt {
    pub(super) fn of(samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (sorted.len() as f64 * share) as usize;
            sorted
                .get(place.min(sorted.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0.0)
        };
        Self {
            count: sorted.len(),
            p50: at(0.5),
            p99: at(0.99),
            longest: at(1.0),
        }
    }

    /// The figures in words.
    pub(super) fn words(&self) -> String {
        format!(
            "{} operations, half of them within {:.1} ms, 99 of 100 within {:.1} ms, all within {:.1} ms",
            self.count, self.p50, self.p99, self.longest
        )
    }

    /// A line of the picture: a mark for each millisecond that the slowest one in a hundred waited.
    pub(super) fn line(&self, second: u64, progress: Option<&Progress>) -> String {
        let marks = ((self.p99 / MARK_MS).ceil() as usize).clamp(1, MARKS);
        let bar = "█".repeat(marks);
        let mut line = format!(
            "{second:>3} s  {:>6.1} ms {bar:<MARKS$}  longest {:>6.1} ms",
            self.p99, self.longest
        );
        if let Some(progress) = progress {
            let percent = progress.fraction.unwrap_or(0.0) * 100.0;
            // Writing to a string does not fail.
            let _ = write!(line, "  {percent:>3.0} %  {}", progress.phase);
        }
        line
    }
}

/// The job's progress, for whoever draws the picture.
#[derive(Default)]
pub(super) struct Latest(Mutex<Option<Progress>>);

impl Latest {
    pub(super) fn get(&self) -> Option<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ProgressSink for Latest {
    fn report(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }
}
