use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use howdah_pg::{ConnInfo, Connection};

use super::World;

/// Clients that insert number after number, and do something more with each, and connect again where they
/// were when that fails.
pub struct Clients {
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<(Vec<u64>, Duration)>>,
}

impl Clients {
    /// With numbers from here on; `and` runs with each, in the same transaction.
    pub async fn start(world: &World, first: u64, and: &'static str) -> Self {
        let conninfo = world.clusters.target("shop").await.unwrap().conninfo;
        let stop = Arc::<AtomicBool>::default();
        let next = Arc::new(AtomicU64::new(first));
        let task = |_| {
            tokio::spawn(insert(
                conninfo.clone(),
                and,
                Arc::clone(&next),
                Arc::clone(&stop),
            ))
        };
        Self {
            tasks: (0..4).map(task).collect(),
            stop,
        }
    }

    /// The numbers that were acknowledged, and the longest time between two of one client.
    pub async fn stop(self) -> (BTreeSet<u64>, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let (mut all, mut longest) = (BTreeSet::new(), Duration::ZERO);
        for task in self.tasks {
            let (acknowledged, gap) = task.await.unwrap();
            assert!(!acknowledged.is_empty());
            all.extend(acknowledged);
            longest = longest.max(gap);
        }
        (all, longest)
    }
}

async fn insert(
    conninfo: ConnInfo,
    and: &str,
    next: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> (Vec<u64>, Duration) {
    let (mut acknowledged, mut gap, mut last) = (Vec::new(), Duration::ZERO, Instant::now());
    let mut connection = None;
    while !stop.load(Ordering::Relaxed) {
        if connection.is_none() {
            connection = Connection::connect(&conninfo).await.ok();
        }
        let number = next.fetch_add(1, Ordering::Relaxed);
        let done = match &mut connection {
            Some(connection) => connection
                .batch(&format!("INSERT INTO t VALUES ({number}); {and}"))
                .await
                .is_ok(),
            None => false,
        };
        if done {
            acknowledged.push(number);
            gap = gap.max(last.elapsed());
            last = Instant::now();
        } else {
            connection = None;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    (acknowledged, gap)
}
