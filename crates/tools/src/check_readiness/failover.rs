//! The drill of a failover: clients write all the while into a database of the drill's own, and say what they saw.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use howdah_aurora::{Action, Cluster, Clusters};
use howdah_core::{Context, Error, Result};
use howdah_pg::{ConnInfo, Connection};
use tokio::task::JoinHandle;

use super::drill::{Drill, Drilled, carry_out, failure};
use crate::watched::now_s;

/// Clients that write.
const CLIENTS: usize = 2;
/// How long they write before and after, to have a measure of what is usual.
const AROUND: Duration = Duration::from_secs(1);
/// A client that could not connect tries again after so long.
const AGAIN: Duration = Duration::from_millis(20);
/// How long a statement or a connection may take, before it is given up as one of the outage.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(cx: &Context, cluster: &Cluster) -> Result<Drilled> {
    let conninfo = cx.get::<Clusters>()?.target(cluster.name.as_str()).await?.conninfo;
    let database = format!("howdah_drill_{}", now_s());
    let own = conninfo.with_database(&database);
    let mut connection = Connection::connect(&conninfo).await?;
    let left = connection.query(include_str!("left_databases.sql"), &[]).await?;
    connection.batch(&format!("CREATE DATABASE {database}")).await?;
    drop(connection);
    let drilled = under_writes(cx, cluster, &own).await;
    let dropped = drop_database(&conninfo, &database).await;
    let mut drilled = drilled?;
    let left = left.iter().filter_map(|row| row.get(0));
    drilled.evidence.extend(left.map(|name| format!("{name} is of another drill; if that was ended: DROP DATABASE {name}")));
    if let Err(error) = dropped {
        drilled.evidence.push(format!("the drill's database is still there ({}): DROP DATABASE {database}", error.message));
    }
    Ok(drilled)
}

async fn under_writes(cx: &Context, cluster: &Cluster, own: &ConnInfo) -> Result<Drilled> {
    Connection::connect(own).await?.batch("CREATE TABLE written (n bigint)").await?;
    let probe = Probe::start(own);
    tokio::time::sleep(AROUND).await;
    let job = carry_out(cx, &cluster.name, Action::Failover { to: None }).await;
    tokio::time::sleep(AROUND).await;
    let (acknowledged, outage) = probe.stop().await?;
    let why = failure(&job?);
    let mut connection = Connection::connect(own).await?;
    let rows = connection.query("SELECT n FROM written", &[]).await?;
    let there: BTreeSet<u64> = rows.iter().filter_map(|row| row.parse(0)).collect();
    let lost = acknowledged.difference(&there).count();
    let name = &cluster.name;
    let message = match (&why, lost) {
        (Some(why), _) => format!("{name} could not be failed over: {why}"),
        (None, 0) => format!("{name} was failed over, and no acknowledged write was lost."),
        (None, lost) => format!("{name} was failed over, and {lost} acknowledged writes were lost."),
    };
    Ok(Drilled {
        drill: Drill::Failover,
        succeeded: why.is_none() && lost == 0,
        took_s: outage.as_secs_f64(),
        message,
        evidence: vec![
            format!("for {:.2} s a client could not write", outage.as_secs_f64()),
            format!("{} writes of {CLIENTS} clients were acknowledged", acknowledged.len()),
        ],
    })
}

/// The servers' sessions end with their clients; one that lingers must not keep the database.
async fn drop_database(conninfo: &ConnInfo, database: &str) -> Result<()> {
    let mut connection = Connection::connect(conninfo).await?;
    connection.batch(&format!("DROP DATABASE {database} WITH (FORCE)")).await.map_err(Error::from)
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
