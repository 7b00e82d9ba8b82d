//! Watching real servers, and what the history tells of what was provoked there.

#![allow(clippy::unwrap_used)]

mod changes;
mod load;
mod regression;
mod scale;
mod shared;

use std::time::{Duration, Instant};

use howdah_pg::{ConnInfo, Connection, NoEnvironment};
use howdah_store::Store;
use howdah_store::samples::{Samples, Window};
use howdah_testkit::{Server, ServerOptions, private};
use howdah_watch::Watcher;
use tempfile::TempDir;

/// The moment at which every test begins; no clock is asked.
const START: i64 = 1_800_000_000;
const MINUTE: i64 = 60;

/// A server that counts statements.
async fn counting(major: u16) -> Server {
    private(ServerOptions {
        major,
        settings: vec![
            (
                "shared_preload_libraries".to_owned(),
                "pg_stat_statements".to_owned(),
            ),
            ("max_parallel_workers_per_gather".to_owned(), "0".to_owned()),
        ],
        hba: None,
    })
    .await
}

async fn connect(url: &str) -> Connection {
    let info = ConnInfo::parse_with(url, &NoEnvironment).unwrap();
    Connection::connect(&info).await.unwrap()
}

struct Watched {
    watcher: Watcher,
    samples: Samples,
    _home: TempDir,
}

async fn watched(url: &str) -> Watched {
    let home = TempDir::new().unwrap();
    let samples = Samples::of(&Store::open(home.path().join("store")), "the database");
    let watcher = Watcher::new(connect(url).await, samples.clone()).await.unwrap();
    Watched {
        watcher,
        samples,
        _home: home,
    }
}

fn window(from: i64, to: i64) -> Window {
    Window {
        from_s: START + from,
        to_s: START + to,
    }
}

/// Waits until it is so; fails after two minutes.
async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(120), "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
