//! Two workers can never have one job.

use std::time::Duration;

use howdah_core::{Caller, Context};
use howdah_jobs::{JobState, StepState, Worked};
use howdah_store::Acquired;

use crate::bench::Bench;
use crate::pages::WritePages;

#[tokio::test]
async fn of_many_workers_one_gets_the_job() {
    let bench = Bench::new();
    let id = bench
        .engine
        .record::<WritePages>(&bench.order(3, 200), "a test")
        .await
        .unwrap()
        .id;
    let workers: Vec<_> = (0..4)
        .map(|_| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(crate::process::WORKER)
                .arg(&id)
                .current_dir(bench.store.directory())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let said: Vec<String> = tokio::task::spawn_blocking(|| {
        let output = |worker: std::process::Child| worker.wait_with_output().unwrap().stderr;
        workers
            .into_iter()
            .map(|worker| String::from_utf8(output(worker)).unwrap())
            .collect()
    })
    .await
    .unwrap();
    let job = bench.job(&id).await;
    assert_eq!(job.state, JobState::Succeeded, "{said:?}");
    assert!(job.steps.iter().all(|step| step.attempts == 1), "{job:#?}");
    bench.assert_whole(&job);
}

/// Another machine takes the job over, rightly or not: from then on the first
/// worker writes nothing and stops.
#[tokio::test]
async fn a_worker_that_was_replaced_writes_nothing_more() {
    let bench = Bench::new();
    let id = bench
        .engine
        .record::<WritePages>(&bench.order(3, 3_000), "a test")
        .await
        .unwrap()
        .id;
    let engine = bench.engine.clone();
    let first = {
        let id = id.clone();
        tokio::spawn(async move { engine.work(&id, &Context::new(Caller::Agent)).await })
    };
    bench.reaches(&id, 0, StepState::Running).await;
    while bench.found().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    steal(&bench, &id);
    let worked = tokio::time::timeout(Duration::from_secs(10), first)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(worked, Worked::Replaced);
    let job = bench.job(&id).await;
    assert_eq!(job.steps[0].state, StepState::Running, "{job:#?}");
    assert_eq!(bench.found(), ["page0.part"], "it stopped in the middle");
    assert!(
        bench.store.lease(&id).await.unwrap().is_some(),
        "the other's lease is untouched"
    );
}

#[tokio::test]
async fn another_machines_lease_ends_with_time_only() {
    let bench = Bench::new();
    let id = bench
        .engine
        .record::<WritePages>(&bench.order(1, 10), "a test")
        .await
        .unwrap()
        .id;
    steal(&bench, &id);
    assert!(
        bench.engine.adopt_orphans().await.unwrap().is_empty(),
        "it may be alive"
    );
    assert!(matches!(
        bench.store.acquire_lease(&id).await.unwrap(),
        Acquired::Held(_)
    ));
    let set = |expires: i64| {
        database(&bench)
            .execute("UPDATE leases SET expires_ms = ?1", [expires])
            .unwrap();
    };
    // An end that no lease can have: the clock was set back since.
    set(howdah_store::now_ms() + 24 * 3_600_000);
    assert!(!bench.store.lease(&id).await.unwrap().unwrap().holds());
    set(howdah_store::now_ms() - 1);
    assert_eq!(
        bench.engine.adopt_orphans().await.unwrap(),
        std::slice::from_ref(&id)
    );
    assert_eq!(bench.end(&id).await.state, JobState::Succeeded);
}

fn database(bench: &Bench) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(bench.store.directory().join("howdah.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    database
}

/// Gives the lease to a worker on a machine that cannot be seen from here.
fn steal(bench: &Bench, id: &str) {
    let owner = serde_json::json!({
        "host": "far", "machine": "far", "boot": "far", "namespace": "far", "pid": 1, "started": "1",
    });
    let now = howdah_store::now_ms();
    database(bench)
        .execute(
            "INSERT INTO leases VALUES (?1, 99, ?2, ?3, ?3, ?3 + 30000) ON CONFLICT (job) DO UPDATE \
             SET token = excluded.token, owner_json = excluded.owner_json, expires_ms = excluded.expires_ms",
            (id, owner.to_string(), now),
        )
        .unwrap();
}
