use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use howdah_testkit::Server;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use super::scenario::Scenario;

/// Clients, and operations of each in a second.
const CLIENTS: u32 = 8;
const RATE: f64 = 40.0;

/// What a client knows of a row that it wrote: its value, or that it is gone.
type Known = HashMap<i64, Option<i64>>;

/// One operation: when it ended, in seconds since 1970, and how many milliseconds after it was due.
type Felt = (f64, f64);

/// Eight clients that keep to a timetable, whatever the server does: a stall is felt by
/// every operation that was due meanwhile.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    latencies: Arc<Mutex<Vec<Felt>>>,
    clients: Vec<JoinHandle<(Known, Known, Vec<String>)>>,
    rows: u32,
}

/// What clients felt.
pub(crate) struct Latencies {
    pub(crate) count: usize,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
    all: Vec<Felt>,
}

/// Every acknowledged write; a write whose answer was lost may or may not be there.
pub(crate) struct Model {
    known: Known,
    unsure: Known,
    rows: u32,
}

impl Latencies {
    /// The worse of both in every figure.
    pub(crate) fn and(self, other: &Self) -> Self {
        Self {
            count: self.count + other.count,
            p50: self.p50.max(other.p50),
            p99: self.p99.max(other.p99),
            max: self.max.max(other.max),
            all: Vec::new(),
        }
    }

    /// What was felt by operations that ended between two moments, in seconds since 1970.
    pub(crate) fn between(&self, from: f64, to: f64) -> Self {
        let inside = self.all.iter().filter(|(at, _)| (from..to).contains(at));
        Self::of(inside.copied().collect())
    }

    fn of(mut all: Vec<Felt>) -> Self {
        all.sort_by(|one, other| one.1.total_cmp(&other.1));
        let at = |share: f64| {
            all.get(((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1)))
                .map_or(0.0, |(_, ms)| *ms)
        };
        Self {
            count: all.len(),
            p50: at(0.5),
            p99: at(0.99),
            max: at(1.0),
            all,
        }
    }
}

impl Load {
    pub(crate) async fn start(server: &Server, database: &str, rows: u32) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let latencies = Arc::new(Mutex::new(Vec::new()));
        let begin = Instant::now() + Duration::from_millis(200);
        let clients = (0..CLIENTS)
            .map(|number| {
                let client = One {
                    url: server.url(database),
                    number,
                    rows,
                    stop: Arc::clone(&stop),
                    latencies: Arc::clone(&latencies),
                    known: Known::new(),
                    unsure: Known::new(),
                    errors: Vec::new(),
                    seed: u64::from(number) * 7919 + 17,
                };
                tokio::spawn(client.run(begin))
            })
            .collect();
        Ok(Self {
            stop,
            latencies,
            clients,
            rows,
        })
    }

    /// What was felt since the last call.
    pub(crate) fn reset(&self) -> Latencies {
        Latencies::of(std::mem::take(&mut *self.latencies()))
    }

    /// How many operations have ended since.
    pub(crate) fn felt(&self) -> usize {
        self.latencies().len()
    }

    fn latencies(&self) -> MutexGuard<'_, Vec<Felt>> {
        self.latencies
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) async fn stop(self) -> Result<(Model, Vec<String>)> {
        self.stop.store(true, Ordering::Relaxed);
        let mut model = Model {
            known: Known::new(),
            unsure: Known::new(),
            rows: self.rows,
        };
        let mut errors = Vec::new();
        for client in self.clients {
            let (known, unsure, failed) = client.await?;
            model.known.extend(known);
            model.unsure.extend(unsure);
            errors.extend(failed);
        }
        Ok((model, errors))
    }
}

struct One {
    url: String,
    number: u32,
    rows: u32,
    stop: Arc<AtomicBool>,
    latencies: Arc<Mutex<Vec<Felt>>>,
    known: Known,
    unsure: Known,
    errors: Vec<String>,
    seed: u64,
}

impl One {
    fn random(&mut self, below: u64) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    async fn connect(&self) -> Client {
        loop {
            if let Ok((client, connection)) = tokio_postgres::connect(&self.url, NoTls).await {
                tokio::spawn(connection);
                return client;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn run(mut self, begin: Instant) -> (Known, Known, Vec<String>) {
        let mut client = self.connect().await;
        let mut due = begin + Duration::from_secs_f64(f64::from(self.number) / RATE / f64::from(CLIENTS));
        let mut next_id = i64::from(self.rows) + 1 + i64::from(self.number);
        let mut operations: u64 = 0;
        while !self.stop.load(Ordering::Relaxed) {
            tokio::time::sleep_until(due.into()).await;
            operations += 1;
            // A row belongs to one client, which so knows what is in it.
            let mine = self.random(u64::from(self.rows / CLIENTS) - 1) as i64 * i64::from(CLIENTS)
                + i64::from(self.number)
                + 1;
            let kind = self.random(100);
            let value = self.random(1_000_000) as i64;
            let (id, becomes, sql) = match kind {
                0..50 => (mine, None, format!("SELECT v, w FROM t WHERE id = {mine}")),
                50..80 => (
                    mine,
                    Some(Some(value)),
                    format!("UPDATE t SET v = {value}, w = '{value}' WHERE id = {mine}"),
                ),
                80..92 => {
                    let id = next_id;
                    next_id += i64::from(CLIENTS);
                    (
                        id,
                        Some(Some(value)),
                        format!("INSERT INTO t (id, v, w, pad) VALUES ({id}, {value}, '{value}', 'new')"),
                    )
                }
                92..99 => (mine, Some(None), format!("DELETE FROM t WHERE id = {mine}")),
                // A transaction that stays open for a while, as applications have them.
                _ if self.number == 0 => (
                    mine,
                    Some(Some(value)),
                    format!(
                        "BEGIN; UPDATE t SET v = {value}, w = '{value}' WHERE id = {mine}; SELECT pg_sleep(0.5); COMMIT"
                    ),
                ),
                _ => (
                    mine,
                    None,
                    format!("SELECT count(*) FROM t WHERE v BETWEEN {value} AND {value} + 100"),
                ),
            };
            let long = sql.starts_with("BEGIN");
            // An update of a row that is gone touches nothing.
            let gone = matches!(self.known.get(&id), Some(None)) && !sql.starts_with("INSERT");
            let begun = Instant::now();
            let outcome = client.simple_query(&sql).await;
            let since_due = due.elapsed();
            match outcome {
                Ok(_) => {
                    if let Some(becomes) = becomes
                        && !gone
                    {
                        self.known.insert(id, becomes);
                        self.unsure.remove(&id);
                    }
                }
                Err(error) => {
                    self.errors.push(format!(
                        "{} ({sql})",
                        error
                            .as_db_error()
                            .map_or_else(|| error.to_string(), |e| e.message().to_owned())
                    ));
                    if let Some(becomes) = becomes
                        && !gone
                        && error
                            .as_db_error()
                            .is_none_or(|error| error.severity() == "FATAL")
                    {
                        self.unsure.insert(id, becomes);
                    }
                    if client.is_closed() {
                        client = self.connect().await;
                    } else {
                        let _ = client.batch_execute("ROLLBACK").await;
                    }
                }
            }
            // The sleep inside of a long transaction is the load's own.
            let own = if long {
                Duration::from_millis(500).min(begun.elapsed())
            } else {
                Duration::ZERO
            };
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.latencies
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push((
                    now.as_secs_f64(),
                    since_due.saturating_sub(own).as_secs_f64() * 1e3,
                ));
            due += Duration::from_secs_f64(1.0 / RATE);
            if long {
                due = due.max(Instant::now());
            }
            if operations > 1_000_000 {
                break;
            }
        }
        (self.known, self.unsure, self.errors)
    }
}

impl Model {
    /// Every row: those that were written as they were acknowledged, the others as they were loaded.
    pub(crate) async fn compare(&self, client: &Client, scenario: &Scenario) -> Result<()> {
        let rows = client
            .query(
                &format!(
                    "SELECT {}::int8, {}::int8, {}::text FROM {}",
                    scenario.id, scenario.v, scenario.w, scenario.table
                ),
                &[],
            )
            .await?;
        let mut seen: HashMap<i64, i64> = HashMap::with_capacity(rows.len());
        for row in rows {
            let (id, v, w): (i64, i64, String) = (row.get(0), row.get(1), row.get(2));
            if w != v.to_string() {
                bail!("row {id}: v is {v} and w is {w}");
            }
            if seen.insert(id, v).is_some() {
                bail!("row {id} is there twice");
            }
        }
        let matches = |id: i64, expected: Option<i64>, found: Option<i64>| {
            expected == found || self.unsure.get(&id).is_some_and(|unsure| *unsure == found)
        };
        for id in 1..=i64::from(self.rows) {
            let expected = self
                .known
                .get(&id)
                .copied()
                .unwrap_or(Some(super::scenario::loaded(id)));
            let found = seen.remove(&id);
            if !matches(id, expected, found) {
                bail!("row {id}: {expected:?} was acknowledged, {found:?} is there");
            }
        }
        for (id, expected) in self.known.iter().filter(|(id, _)| **id > i64::from(self.rows)) {
            let found = seen.remove(id);
            if !matches(*id, *expected, found) {
                bail!("row {id}: {expected:?} was acknowledged, {found:?} is there");
            }
        }
        seen.retain(|id, found| self.unsure.get(id).is_none_or(|unsure| *unsure != Some(*found)));
        if let Some((id, found)) = seen.iter().next() {
            bail!("row {id} with {found} was never written");
        }
        Ok(())
    }
}
