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
use futures::future::try_join_all;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Row};

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
    /// Starts a reader and a writer for every relation that the script can
    /// reach, and returns when each has done its first statement.
    pub(crate) async fn start(world: &World, database: &str, script: &str) -> Result<Self> {
        let admin = world.server.probe(database).await;
        let mut plans = Vec::new();
        let targets = admin.query(include_str!("targets.sql"), &[]).await?;
        let reached = |row: &&Row| {
            row.get::<_, Vec<String>>("names")
                .iter()
                .any(|name| script.contains(name))
        };
        // A script that names none of them may still reach all.
        let all = !targets.iter().any(|row| reached(&row));
        for row in targets.iter().filter(|row| all || reached(row)) {
            plans.extend(Plan::of(&admin, row).await?);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let started = plans
            .into_iter()
            .map(|plan| start_lane(world, database, plan, Arc::clone(&stop)));
        let (lanes, workers): (Vec<_>, Vec<_>) = try_join_all(started).await?.into_iter().unzip();
        while lanes
            .iter()
            .any(|lane| lane.statement.load(Ordering::Relaxed) < 2)
        {
            tokio::time::sleep(TICK).await;
        }
        Ok(Self { stop, lanes, workers })
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

/// What a client is to do.
struct Plan {
    relation: String,
    write: bool,
    sql: String,
    keys: Arc<Vec<String>>,
}

impl Plan {
    /// A reader, and a writer where there is a key to find a row by.
    async fn of(admin: &Client, row: &Row) -> Result<Vec<Self>> {
        let relation: String = row.get("relation");
        let plan = |write: bool, sql: String, keys: &Arc<Vec<String>>| Self {
            relation: relation.clone(),
            write,
            sql,
            keys: Arc::clone(keys),
        };
        let Some(key) = row.get::<_, Option<String>>("key") else {
            let sql = format!("SELECT 1 FROM {relation} WHERE $1::text = ''");
            return Ok(vec![plan(false, sql, &Arc::default())]);
        };
        let (key_type, percent): (String, f64) = (row.get("key_type"), row.get("percent"));
        let sample = format!(
            "SELECT {key}::text FROM {relation} TABLESAMPLE SYSTEM ({percent}) ORDER BY random() LIMIT 500"
        );
        let keys: Arc<Vec<String>> = Arc::new(
            admin
                .query(&sample, &[])
                .await?
                .iter()
                .map(|row| row.get(0))
                .collect(),
        );
        let filter = format!("{key} = $1::text::{key_type}");
        let mut plans = vec![plan(
            false,
            format!("SELECT 1 FROM {relation} WHERE {filter}"),
            &keys,
        )];
        if row.get("writable") {
            let sql = format!("UPDATE {relation} SET {key} = {key} WHERE {filter}");
            plans.push(plan(true, sql, &keys));
        }
        Ok(plans)
    }
}

async fn start_lane(
    world: &World,
    database: &str,
    plan: Plan,
    stop: Arc<AtomicBool>,
) -> Result<(Arc<Lane>, JoinHandle<()>)> {
    let client = world.server.probe_as("app_rw", database).await;
    let pid = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
    let statement = client.prepare(&plan.sql).await.context(plan.sql)?;
    let lane = Arc::new(Lane {
        relation: plan.relation,
        write: plan.write,
        pid,
        statement: AtomicU64::new(0),
    });
    let (watched, keys) = (Arc::clone(&lane), plan.keys);
    let worker = tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            let turn = lane.statement.fetch_add(1, Ordering::Relaxed);
            let at = usize::try_from(turn).unwrap_or_default() % keys.len().max(1);
            let key = keys.get(at).cloned().unwrap_or_default();
            // What a client cannot do any more afterwards is another question.
            drop(client.execute(&statement, &[&key]).await);
            tokio::time::sleep(PACE).await;
        }
    });
    Ok((watched, worker))
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
    let by_pid: HashMap<i32, usize> = lanes
        .iter()
        .enumerate()
        .map(|(at, lane)| (lane.pid, at))
        .collect();
    let waiting = client
        .prepare("SELECT pid FROM pg_locks WHERE NOT granted")
        .await?;
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
    let nanoseconds: f64 = text
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or_default();
    nanoseconds / 1e6
}
