//! Clients that read and write every table while a script runs, and how long
//! they waited for it.
//!
//! A wait is told in milliseconds of CPU time that the script's backend spent
//! while the client stood in the queue: on a machine that others use as well,
//! it repeats where wall-clock time does not, and a script that waits for
//! somebody else, or sleeps, adds nothing that grows with a table.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::world::World;

/// Between two statements of a client.
const PACE: Duration = Duration::from_millis(8);
/// Between two looks at who waits.
const TICK: Duration = Duration::from_millis(2);

/// A wait of one kind on one relation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wait {
    /// The relation, as the search path shows it.
    pub(crate) relation: String,
    /// Whether writes waited; otherwise reads.
    pub(crate) write: bool,
    /// The longest single statement's, in milliseconds of the script's CPU time.
    pub(crate) ms: f64,
}

struct Lane {
    relation: String,
    write: bool,
    pid: i32,
    /// Counts statements, so that two waits in a row are told apart.
    statement: AtomicU64,
}

/// Clients at work.
pub(crate) struct Traffic {
    stop: Arc<AtomicBool>,
    lanes: Vec<Arc<Lane>>,
    workers: Vec<JoinHandle<()>>,
}

impl Traffic {
    /// Starts a reader and a writer for every relation, and returns when each
    /// has done its first statement.
    pub(crate) async fn start(world: &World, database: &str) -> Result<Self> {
        let admin = world.server.probe(database).await;
        let mut traffic = Self {
            stop: Arc::default(),
            lanes: Vec::new(),
            workers: Vec::new(),
        };
        for row in admin.query(include_str!("targets.sql"), &[]).await? {
            let relation: String = row.get("relation");
            let key: Option<String> = row.get("key");
            let percent: f64 = row.get("percent");
            let (keys, filter, key) = match key {
                Some(key) => {
                    let sql = format!(
                        "SELECT {key}::text FROM {relation} TABLESAMPLE SYSTEM ({percent}) ORDER BY random() LIMIT 500"
                    );
                    let keys: Vec<String> = admin.query(&sql, &[]).await?.iter().map(|row| row.get(0)).collect();
                    let key_type: String = row.get("key_type");
                    (keys, format!("{key} = $1::text::{key_type}"), key)
                }
                None => (Vec::new(), "$1::text = ''".to_owned(), String::new()),
            };
            let keys = Arc::new(keys);
            traffic
                .lane(world, database, &relation, false, &format!("SELECT 1 FROM {relation} WHERE {filter}"), &keys)
                .await?;
            if row.get("writable") && !keys.is_empty() {
                let sql = format!("UPDATE {relation} SET {key} = {key} WHERE {filter}");
                traffic.lane(world, database, &relation, true, &sql, &keys).await?;
            }
        }
        while traffic.lanes.iter().any(|lane| lane.statement.load(Ordering::Relaxed) < 2) {
            tokio::time::sleep(TICK).await;
        }
        Ok(traffic)
    }

    async fn lane(
        &mut self,
        world: &World,
        database: &str,
        relation: &str,
        write: bool,
        sql: &str,
        keys: &Arc<Vec<String>>,
    ) -> Result<()> {
        let client = world.server.probe_as("app_rw", database).await;
        let pid = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let statement = client.prepare(sql).await.context(sql.to_owned())?;
        let lane = Arc::new(Lane {
            relation: relation.to_owned(),
            write,
            pid,
            statement: AtomicU64::new(0),
        });
        self.lanes.push(Arc::clone(&lane));
        let (stop, keys) = (Arc::clone(&self.stop), Arc::clone(keys));
        self.workers.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let turn = lane.statement.fetch_add(1, Ordering::Relaxed);
                let at = usize::try_from(turn).unwrap_or_default() % keys.len().max(1);
                let key = keys.get(at).cloned().unwrap_or_default();
                // What a client cannot do any more afterwards is another question.
                drop(client.execute(&statement, &[&key]).await);
                tokio::time::sleep(PACE).await;
            }
        }));
        Ok(())
    }

    /// Watches who waits while the backend `script` works, until [`Watch::end`].
    pub(crate) async fn watch(&self, world: &World, database: &str, script: i32) -> Watch {
        let client = world.server.probe(database).await;
        let (lanes, stop) = (self.lanes.clone(), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        Watch {
            stop,
            task: tokio::spawn(async move { sample(&client, &lanes, script, &stopped).await }),
        }
    }

    /// Ends the clients.
    pub(crate) async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            drop(worker.await);
        }
    }
}

/// The watch over a running script.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<Vec<Wait>>>,
}

impl Watch {
    /// The waits that were seen.
    pub(crate) async fn end(self) -> Result<Vec<Wait>> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

async fn sample(client: &Client, lanes: &[Arc<Lane>], script: i32, stop: &AtomicBool) -> Result<Vec<Wait>> {
    let by_pid: HashMap<i32, usize> = lanes.iter().enumerate().map(|(at, lane)| (lane.pid, at)).collect();
    let waiting = client.prepare("SELECT pid FROM pg_locks WHERE NOT granted").await?;
    let mut waited: HashMap<(usize, u64), f64> = HashMap::new();
    let (mut before, mut cpu) = (Vec::new(), cpu_ms(script));
    while !stop.load(Ordering::Relaxed) {
        let now: Vec<(usize, u64)> = client
            .query(&waiting, &[])
            .await?
            .iter()
            .filter_map(|row| by_pid.get(&row.get(0)))
            .map(|at| (*at, lanes[*at].statement.load(Ordering::Relaxed)))
            .collect();
        let spent = std::mem::replace(&mut cpu, cpu_ms(script));
        for wait in now.iter().filter(|wait| before.contains(*wait)) {
            *waited.entry(*wait).or_default() += (cpu - spent).max(0.0);
        }
        before = now;
        tokio::time::sleep(TICK).await;
    }
    let mut longest: HashMap<usize, f64> = HashMap::new();
    for ((at, _), ms) in waited {
        let known = longest.entry(at).or_default();
        *known = known.max(ms);
    }
    Ok(longest
        .into_iter()
        .map(|(at, ms)| Wait {
            relation: lanes[at].relation.clone(),
            write: lanes[at].write,
            ms,
        })
        .collect())
}

/// CPU time of a process so far; 0 when it is gone.
fn cpu_ms(pid: i32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    let nanoseconds: f64 = text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or_default();
    nanoseconds / 1e6
}
