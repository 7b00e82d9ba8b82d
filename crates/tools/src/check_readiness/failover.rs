//! The drill of a failover: clients write all the while into a database of the drill's own, and say what they saw.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use howdah_aurora::{Action, Cluster, ClusterName, Clusters};
use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::{JobCx, JobKind, Step, async_trait, job_kind};
use howdah_pg::{ConnInfo, Connection};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::drill::{Drill, Drilled, carry_out, failure, take_back};
use crate::watched::now_s;

/// Clients that write.
const CLIENTS: usize = 2;
/// How long they write before and after, to have a measure of what is usual.
const AROUND: Duration = Duration::from_secs(1);
/// A client that could not connect tries again after so long.
const AGAIN: Duration = Duration::from_millis(20);
/// How long a statement or a connection may take, before it is given up as one of the outage.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is failed over, and where the clients write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FailoverInput {
    pub(crate) cluster: ClusterName,
    database: String,
}

impl FailoverInput {
    pub(super) fn of(cluster: &Cluster) -> Self {
        Self { cluster: cluster.name.clone(), database: format!("howdah_drill_{}", now_s()) }
    }
}

/// What a drill has seen so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct FailoverState {
    /// Set before the clients begin to write.
    began: bool,
    /// What the clients saw; none where they ended with the worker that they were of.
    seen: Option<Seen>,
    ended: bool,
    /// Why it could not be failed over.
    why: Option<String>,
    evidence: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    acknowledged: usize,
    lost: usize,
    outage_s: f64,
}

impl FailoverState {
    fn drilled(&self, input: &FailoverInput) -> Drilled {
        let name = &input.cluster;
        let message = match (&self.why, &self.seen) {
            (Some(why), _) => format!("{name} could not be failed over: {why}"),
            (None, Some(Seen { lost: 0, .. })) => format!("{name} was failed over, and no acknowledged write was lost."),
            (None, Some(seen)) => format!("{name} was failed over, and {} acknowledged writes were lost.", seen.lost),
            (None, None) if self.ended => format!("{name} was failed over, and what its clients felt is not known: the drill was interrupted."),
            (None, None) => String::new(),
        };
        let mut evidence = Vec::new();
        if let Some(seen) = &self.seen {
            evidence.push(format!("for {:.2} s a client could not write", seen.outage_s));
            evidence.push(format!("{} writes of {CLIENTS} clients were acknowledged", seen.acknowledged));
        }
        evidence.extend(self.evidence.iter().cloned());
        Drilled {
            drill: Drill::Failover,
            succeeded: self.why.is_none() && self.seen.as_ref().is_some_and(|seen| seen.lost == 0),
            took_s: self.seen.as_ref().map_or(0.0, |seen| seen.outage_s),
            message,
            evidence,
            job: String::new(),
        }
    }
}

pub(crate) struct FailoverDrill;

job_kind!(FailoverDrill);

#[async_trait]
impl JobKind for FailoverDrill {
    const NAME: &'static str = "drill_failover";
    const TITLE: &'static str = "Drill a failover";
    type Input = FailoverInput;
    type State = FailoverState;

    fn subject(input: &FailoverInput) -> String {
        format!("failover of cluster {}", input.cluster)
    }

    fn exclusive_key(input: &FailoverInput) -> Option<String> {
        Some(format!("drill_failover:{}", input.cluster))
    }

    fn steps(_: &FailoverInput) -> Vec<Step> {
        vec![
            Step::new("prepare", "Making a database for the clients"),
            Step::new("failover", "Failing over under their writes").weight(4.0),
            Step::new("remove", "Dropping the database"),
        ]
    }

    async fn run_step(&self, step: &str, input: &FailoverInput, job: &JobCx, state: &mut FailoverState) -> Result<()> {
        let conninfo = job.get::<Clusters>()?.target(input.cluster.as_str()).await?.conninfo;
        let own = conninfo.with_database(&input.database);
        match step {
            "prepare" => {
                let mut connection = Connection::connect(&conninfo).await?;
                let all = connection.query(include_str!("left_databases.sql"), &[]).await?;
                let left = all.iter().filter_map(|row| row.get(0)).filter(|name| *name != input.database);
                state.evidence = left.map(|name| format!("{name} is of another drill; if that was ended: DROP DATABASE {name}")).collect();
                if !all.iter().any(|row| row.get(0) == Some(&input.database)) {
                    connection.batch(&format!("CREATE DATABASE {}", input.database)).await?;
                }
                Connection::connect(&own).await?.batch("CREATE TABLE IF NOT EXISTS written (n bigint)").await?;
            }
            "failover" => {
                state.why = match state.began {
                    // The clients ended with an earlier worker.
                    true => failure(&carry_out(job, &input.cluster, FAILOVER).await?),
                    false => {
                        state.began = true;
                        job.checkpoint(state).await?;
                        let (seen, why) = under_writes(job, input, &own).await?;
                        state.seen = Some(seen);
                        why
                    }
                };
                state.ended = true;
            }
            _ => {
                drop_database(&conninfo, &input.database).await?;
                let drilled = state.drilled(input);
                if !drilled.succeeded {
                    return Err(Error::new(ErrorKind::Local, drilled.message));
                }
            }
        }
        Ok(())
    }

    async fn undo_step(&self, step: &str, input: &FailoverInput, job: &JobCx, _: &mut FailoverState) -> Result<()> {
        match step {
            "failover" => take_back(job, &input.cluster, FAILOVER).await,
            "prepare" => {
                let conninfo = job.get::<Clusters>()?.target(input.cluster.as_str()).await?.conninfo;
                drop_database(&conninfo, &input.database).await
            }
            _ => Ok(()),
        }
    }

    async fn what_exists(&self, input: &FailoverInput, _: &JobCx, _: &FailoverState) -> Vec<String> {
        vec![format!("The drill's database may still be there: DROP DATABASE {}", input.database)]
    }

    fn result(input: &FailoverInput, state: &FailoverState) -> Value {
        serde_json::to_value(state.drilled(input)).unwrap_or_default()
    }
}

const FAILOVER: Action = Action::Failover { to: None };

/// What clients saw of the failover, and why there was none.
async fn under_writes(job: &JobCx, input: &FailoverInput, own: &ConnInfo) -> Result<(Seen, Option<String>)> {
    let probe = Probe::start(own);
    tokio::time::sleep(AROUND).await;
    let done = carry_out(job, &input.cluster, FAILOVER).await?;
    tokio::time::sleep(AROUND).await;
    let (acknowledged, outage) = probe.stop().await?;
    let mut connection = Connection::connect(own).await?;
    let rows = connection.query("SELECT n FROM written", &[]).await?;
    let there: BTreeSet<u64> = rows.iter().filter_map(|row| row.parse(0)).collect();
    let lost = acknowledged.difference(&there).count();
    Ok((Seen { acknowledged: acknowledged.len(), lost, outage_s: outage.as_secs_f64() }, failure(&done)))
}

/// The servers' sessions end with their clients; one that lingers must not keep the database.
async fn drop_database(conninfo: &ConnInfo, database: &str) -> Result<()> {
    let mut connection = Connection::connect(conninfo).await?;
    connection.batch(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await.map_err(Error::from)
}

/// Clients that insert number after number, and connect again where they were when that fails.
struct Probe {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<(Vec<u64>, Duration)>>,
}

impl Probe {
    fn start(conninfo: &ConnInfo) -> Self {
        let (stop, next) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let client = |_| tokio::spawn(write(conninfo.clone(), Arc::clone(&next), Arc::clone(&stop)));
        Self { clients: (0..CLIENTS).map(client).collect(), stop }
    }

    /// The numbers that were acknowledged, and the longest time between two of one client.
    async fn stop(mut self) -> Result<(BTreeSet<u64>, Duration)> {
        self.stop.store(true, Ordering::Relaxed);
        let (mut all, mut longest) = (BTreeSet::new(), Duration::ZERO);
        for client in std::mem::take(&mut self.clients) {
            let (acknowledged, gap) = client.await.map_err(|error| Error::internal(format!("A client of the drill ended: {error}.")))?;
            all.extend(acknowledged);
            longest = longest.max(gap);
        }
        Ok((all, longest))
    }
}

/// A drill that is given up takes its clients with it.
impl Drop for Probe {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for client in &self.clients {
            client.abort();
        }
    }
}

async fn write(conninfo: ConnInfo, next: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> (Vec<u64>, Duration) {
    let (mut acknowledged, mut gap, mut last) = (Vec::new(), Duration::ZERO, Instant::now());
    let mut connection = None;
    while !stop.load(Ordering::Relaxed) {
        if connection.is_none() {
            connection = tokio::time::timeout(PATIENCE, Connection::connect(&conninfo)).await.ok().and_then(|made| made.ok());
        }
        let number = next.fetch_add(1, Ordering::Relaxed);
        let done = match &mut connection {
            Some(connection) => {
                let sql = format!("INSERT INTO written VALUES ({number})");
                matches!(tokio::time::timeout(PATIENCE, connection.batch(&sql)).await, Ok(Ok(())))
            }
            None => false,
        };
        if done {
            acknowledged.push(number);
            gap = gap.max(last.elapsed());
            last = Instant::now();
        } else {
            connection = None;
            tokio::time::sleep(AGAIN).await;
        }
    }
    // One that never wrote again was out until the end.
    (acknowledged, gap.max(last.elapsed()))
}
