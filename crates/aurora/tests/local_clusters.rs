//! The provider `local`, driven by jobs on real servers, worker processes that
//! are killed at every step included.
#![allow(clippy::unwrap_used)]

mod world;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use howdah_aurora::events::{EventKind, summed_up};
use howdah_aurora::{Action, ClusterStatus, InstanceStatus, Operation, Shape, SnapshotCopy};
use howdah_core::ErrorKind;
use howdah_jobs::{JobRecord, JobState, StepState};
use howdah_pg::Connection;
use howdah_store::samples::Window;
use world::World;

fn create(readers: u8) -> Action {
    Action::Create {
        version: None,
        readers,
        database: "My \"App\"".into(),
        shape: Shape::default(),
    }
}

fn copied(source: &str, snapshot: &str) -> Action {
    Action::CopySnapshot(SnapshotCopy {
        source: source.parse().unwrap(),
        snapshot: snapshot.parse().unwrap(),
        region: None,
        kms_key: None,
    })
}

fn on(cluster: &str, action: Action) -> Operation {
    Operation {
        provider: "local".into(),
        cluster: cluster.parse().unwrap(),
        action,
    }
}

async fn connect(world: &World, cluster: &str) -> Connection {
    let target = world.clusters.target(cluster).await.unwrap();
    Connection::connect(&target.conninfo).await.unwrap()
}

async fn one(connection: &mut Connection, sql: &str) -> String {
    connection
        .query(sql, &[])
        .await
        .unwrap()
        .first()
        .unwrap()
        .get(0)
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_through_its_whole_life() {
    let world = World::new();
    let started = Instant::now();
    let job = world.succeed(on("Shop", create(2))).await;
    eprintln!("created with 2 readers in {:?}", started.elapsed());
    let result = job.result.unwrap();
    assert_eq!(result["cluster"], "shop");
    assert_eq!(result["status"], "available");
    assert_eq!(result["endpoint"], "localhost");
    assert_eq!(result["target"], "shop");
    assert_eq!(result["reader_endpoints"].as_array().unwrap().len(), 2);
    let password = std::fs::read_to_string(result["password_file"].as_str().unwrap()).unwrap();

    // Over TLS, verified, with the password of the file.
    let mut writer = connect(&world, "shop").await;
    assert!(writer.is_tls());
    assert_eq!(one(&mut writer, "SELECT current_database()").await, "My \"App\"");
    writer
        .batch("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id")
        .await
        .unwrap();

    let shop = world.clusters.describe("SHOP").await.unwrap();
    assert_eq!(shop.status, ClusterStatus::Available, "{shop:?}");
    assert!(shop.size_bytes.unwrap() > 1_000_000);
    assert_eq!(shop.instances.len(), 3);
    assert!(
        shop.instances[1..]
            .iter()
            .all(|reader| reader.lag_bytes.is_some()),
        "{shop:?}"
    );
    for reader in &shop.instances[1..] {
        world
            .eventually(&reader.endpoint, "My \"App\"", "SELECT count(*) FROM t", "1000")
            .await;
        let mut connection = world.instance(&reader.endpoint, "My \"App\"").await;
        let error = connection.query("DELETE FROM t", &[]).await.unwrap_err();
        assert!(error.to_string().contains("read-only"), "{error}");
    }

    // Nothing that is printed or stored knows the password.
    let url = world.clusters.url("shop").await.unwrap();
    assert!(url.contains(&password));
    assert!(!format!("{shop:?}{:?}", world.clusters.target("shop").await.unwrap()).contains(&password));
    world.assert_not_stored(&password);

    // A name is taken once.
    let error = world.clusters.check(&on("shop", create(0))).await.unwrap_err();
    assert!(
        error.message.contains("already") && error.message.contains(&job.id),
        "{error:?}"
    );

    // A snapshot of the running cluster, while it is written to.
    let noise = tokio::spawn({
        let mut noise = connect(&world, "shop").await;
        async move {
            for _ in 0..200 {
                noise
                    .batch("INSERT INTO t SELECT generate_series(1, 100)")
                    .await
                    .unwrap();
            }
        }
    });
    let snapshot = Action::Snapshot {
        snapshot: "monday".parse().unwrap(),
    };
    world.succeed(on("shop", snapshot.clone())).await;
    noise.await.unwrap();
    let taken = world.clusters.snapshots().await.unwrap();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].size_bytes > 10_000_000);
    let error = world.clusters.check(&on("shop", snapshot)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error:?}");

    // A copy of it is one of its own: it stays when the first goes.
    let job = world.succeed(on("shop", copied("monday", "tuesday"))).await;
    assert_eq!(job.result.unwrap()["copy_of"], "monday");
    let monday = "monday".parse().unwrap();
    world
        .succeed(on("shop", Action::DeleteSnapshot { snapshot: monday }))
        .await;
    let kept = world.clusters.snapshots().await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].name.as_str(), kept[0].created.as_str()),
        ("tuesday", taken[0].created.as_str())
    );

    // Stop and start keep data, ports and roles.
    world.succeed(on("shop", Action::Stop)).await;
    let stopped = world.clusters.describe("shop").await.unwrap();
    assert_eq!(stopped.status, ClusterStatus::Stopped);
    assert!(
        stopped
            .instances
            .iter()
            .all(|instance| instance.status == InstanceStatus::Stopped)
    );
    assert_eq!(world.servers(), 0);
    let error = world.clusters.target("shop").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.hint.unwrap().contains("howdah cluster start shop"));
    world.succeed(on("shop", Action::Start)).await;
    let again = world.clusters.describe("shop").await.unwrap();
    assert_eq!(again.status, ClusterStatus::Available, "{again:?}");
    assert_eq!(without_ports(again.connection), without_ports(shop.connection));
    let mut writer = connect(&world, "shop").await;
    assert_eq!(one(&mut writer, "SELECT count(*) FROM t").await, "21000");

    // A restored cluster has the data of the moment and a password of its own.
    let restore = Action::Restore {
        snapshot: "tuesday".parse().unwrap(),
        readers: 1,
        shape: Shape::default(),
    };
    world.succeed(on("copy", restore)).await;
    let mut copy = connect(&world, "copy").await;
    let rows: u64 = one(&mut copy, "SELECT count(*) FROM t").await.parse().unwrap();
    assert!(
        (1000..=21000).contains(&rows) && rows.is_multiple_of(100),
        "{rows}"
    );
    assert!(!world.clusters.url("copy").await.unwrap().contains(&password));
    assert_eq!(world.clusters.list().await.unwrap().clusters.len(), 2);

    // Deleting keeps what the final snapshot has, and nothing else.
    world
        .succeed(on(
            "shop",
            Action::Delete {
                final_snapshot: Some("last".parse().unwrap()),
            },
        ))
        .await;
    world
        .succeed(on("copy", Action::Delete { final_snapshot: None }))
        .await;
    assert_eq!(world.servers(), 0);
    assert_eq!(world.left_of_clusters(), Vec::<String>::new());
    let error = world.clusters.describe("shop").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    let restore = Action::Restore {
        snapshot: "last".parse().unwrap(),
        readers: 0,
        shape: Shape::default(),
    };
    world.succeed(on("shop", restore)).await;
    let mut back = connect(&world, "shop").await;
    assert_eq!(one(&mut back, "SELECT count(*) FROM t").await, "21000");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_before_a_job_is_begun() {
    let world = World::new();
    let refused = async |operation| world.clusters.check(&operation).await.unwrap_err();

    let error = refused(Operation {
        provider: "azure".into(),
        ..on("shop", create(0))
    })
    .await;
    assert!(
        error.message.contains("\"azure\"") && error.message.contains("local"),
        "{error:?}"
    );
    let error = refused(on("shop", create(16))).await;
    assert!(error.message.contains("at most 15"), "{error:?}");
    let error = refused(on(
        "shop",
        Action::Create {
            version: Some(9),
            readers: 0,
            database: "d".into(),
            shape: Shape::default(),
        },
    ))
    .await;
    assert!(
        error.message.contains("PostgreSQL 9 is not installed"),
        "{error:?}"
    );
    let error = refused(on(
        "shop",
        Action::Create {
            version: None,
            readers: 0,
            database: String::new(),
            shape: Shape::default(),
        },
    ))
    .await;
    assert_eq!(error.kind, ErrorKind::Invalid);
    for action in [
        Action::Stop,
        Action::Start,
        Action::Delete { final_snapshot: None },
    ] {
        assert_eq!(refused(on("none", action)).await.kind, ErrorKind::NotFound);
    }
    let restore = Action::Restore {
        snapshot: "none".parse().unwrap(),
        readers: 0,
        shape: Shape::default(),
    };
    assert_eq!(refused(on("shop", restore)).await.kind, ErrorKind::NotFound);
    assert_eq!(
        refused(on("shop", copied("none", "new"))).await.kind,
        ErrorKind::NotFound
    );
    let error = refused(on("shop", copied("rds:shop-2026-05-01-03-04", "new"))).await;
    assert!(error.message.contains("copy what is elsewhere"), "{error:?}");
    assert_eq!(
        world.clusters.target("../../etc").await.unwrap_err().kind,
        ErrorKind::NotFound
    );
    assert_eq!(world.clusters.list().await.unwrap().clusters, vec![]);
    assert!(!world.home().join("clusters").exists(), "asking makes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_creations_of_one_name() {
    let world = World::new();
    let first = on("shop", create(0)).start(&world.engine, "test").await.unwrap();
    let error = on("shop", create(0))
        .start(&world.engine, "test")
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error:?}");
    assert!(format!("{error:?}").contains(&first.id), "{error:?}");
    assert_eq!(world.finished(&first.id).await.state, JobState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_die_show_and_come_back() {
    let world = World::new();
    world.succeed(on("shop", create(1))).await;
    let data = world.home().join("clusters/shop/reader-1/data");
    world::kill(world::postmaster(&data));
    while world::postmaster_runs(&data) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let shop = world.clusters.describe("shop").await.unwrap();
    assert_eq!(shop.status, ClusterStatus::Degraded);
    let data = world.home().join("clusters/shop/writer/data");
    world::kill(world::postmaster(&data));
    while world::postmaster_runs(&data) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        world.clusters.describe("shop").await.unwrap().status,
        ClusterStatus::Down
    );
    let error = world.clusters.target("shop").await.unwrap_err();
    assert!(error.hint.unwrap().contains("howdah cluster start shop"));
    world.succeed(on("shop", Action::Start)).await;
    assert_eq!(
        world.clusters.describe("shop").await.unwrap().status,
        ClusterStatus::Available
    );

    // Their logs tell what happened, and of both.
    let (now, window) = (now_s(), |from, to| Window {
        from_s: from,
        to_s: to,
    });
    let (provider, events) = world
        .clusters
        .events("shop", window(now - 600, now + 5))
        .await
        .unwrap();
    assert_eq!(provider, "local");
    let groups = summed_up(events);
    let crashed = &groups[0];
    assert_eq!(crashed.kind, EventKind::Failure, "{groups:?}");
    assert!(crashed.message.contains("not properly shut down"), "{groups:?}");
    assert!(crashed.sources.contains(&"writer".to_owned()), "{groups:?}");
    let ready = groups
        .iter()
        .find(|one| one.message.contains("is ready to accept connections"));
    assert!(
        ready.unwrap().count >= 2 && !ready.unwrap().kind.matters(),
        "{groups:?}"
    );
    let (_, events) = world
        .clusters
        .events("shop", window(now - 9_000, now - 6_000))
        .await
        .unwrap();
    assert_eq!(events, []);
}

fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// The worker is killed as soon as a step has begun, and again in its midst.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_and_finished_all_the_same() {
    let world = World::new();
    let operations = [
        on("shop", create(1)),
        on(
            "shop",
            Action::Snapshot {
                snapshot: "one".parse().unwrap(),
            },
        ),
        on("shop", copied("one", "three")),
        on(
            "copy",
            Action::Restore {
                snapshot: "three".parse().unwrap(),
                readers: 1,
                shape: Shape::default(),
            },
        ),
        on("shop", Action::Stop),
        on("shop", Action::Start),
        on(
            "shop",
            Action::Delete {
                final_snapshot: Some("two".parse().unwrap()),
            },
        ),
        on(
            "shop",
            Action::DeleteSnapshot {
                snapshot: "one".parse().unwrap(),
            },
        ),
    ];
    for operation in operations {
        let job = operation.start(&world.engine, "test").await.unwrap();
        let mut kills = 0;
        for step in 0..job.steps.len() {
            for delay in [0, 60] {
                kills += usize::from(
                    world
                        .kill_worker_in(&job.id, step, Duration::from_millis(delay))
                        .await,
                );
            }
        }
        let job = world.finished(&job.id).await;
        assert_eq!(
            job.state,
            JobState::Succeeded,
            "{:?} {:?}",
            operation.action,
            job.error
        );
        eprintln!(
            "{:?}: killed {kills} times in {} steps",
            operation.action,
            job.steps.len()
        );
        // Removing a name is over before a kill arrives.
        let slow = !matches!(operation.action, Action::DeleteSnapshot { .. });
        assert!(
            !slow || kills >= job.steps.len() / 2,
            "too fast for this test: killed only {kills} times"
        );
    }
    let copy = world.clusters.describe("copy").await.unwrap();
    assert_eq!(copy.status, ClusterStatus::Available, "{copy:?}");
    assert!(copy.instances[1].lag_bytes.is_some());
    assert_eq!(world.servers(), 2, "a writer and a reader");
    assert_eq!(world.left_of_clusters(), vec!["copy"]);
    let mut snapshots = world.left_of_snapshots();
    snapshots.sort();
    assert_eq!(snapshots, vec!["three", "two"]);
    // Nothing half done is left inside either.
    let mut inside = world::names(&world.home().join("clusters/copy"));
    inside.sort();
    assert_eq!(
        inside,
        vec![
            "archive",
            "base",
            "cluster.json",
            "password",
            "reader-1",
            "tls",
            "writer"
        ]
    );
}

/// The worker is killed in a step, and the job cancelled before another one comes.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_and_taken_back() {
    let world = World::new();
    let steps = on("shop", create(1)).start(&world.engine, "test").await.unwrap();
    world.finished(&steps.id).await;
    world
        .succeed(on("shop", Action::Delete { final_snapshot: None }))
        .await;
    for (step, delay) in (0..steps.steps.len()).zip([0, 100].into_iter().cycle()) {
        let job = on("shop", create(1)).start(&world.engine, "test").await.unwrap();
        world
            .kill_worker_in(&job.id, step, Duration::from_millis(delay))
            .await;
        let job: JobRecord = match world.engine.cancel(&job.id, "test").await {
            Ok(_) => world.finished(&job.id).await,
            // It was faster than the kill.
            Err(_) => world.engine.job(&job.id).await.unwrap(),
        };
        if job.state == JobState::Succeeded {
            world
                .succeed(on("shop", Action::Delete { final_snapshot: None }))
                .await;
        } else {
            assert_eq!(job.state, JobState::Cancelled, "{job:?}");
            assert!(job.steps.iter().all(|step| step.state != StepState::UndoFailed));
        }
        assert_eq!(world.servers(), 0, "after {} + {delay} ms", job.steps[step].name);
        assert_eq!(world.left_of_clusters(), Vec::<String>::new());
    }
}

/// What was committed at the moment is there, and nothing since; the worker is killed in each step.
#[tokio::test(flavor = "multi_thread")]
async fn restored_to_the_moment_before_the_damage() {
    let world = World::new();
    world.succeed(on("shop", create(0))).await;
    let mut shop = connect(&world, "shop").await;
    shop.batch("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id")
        .await
        .unwrap();
    let now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
    let before = one(&mut shop, now).await;
    shop.batch("DELETE FROM t; CREATE TABLE later ()").await.unwrap();

    let restore = |time: &str| Action::RestoreToTime {
        source: "shop".parse().unwrap(),
        time: time.to_owned(),
        readers: 1,
        shape: Shape::default(),
    };
    for (time, why) in [
        ("2020-01-01T00:00:00Z", "begins at"),
        ("2199-01-01T00:00:00+01:00", "not come yet"),
        ("yesterday", "RFC 3339"),
    ] {
        let error = world
            .clusters
            .check(&on("then", restore(time)))
            .await
            .unwrap_err();
        assert!(error.message.contains(why) && error.hint.is_some(), "{error:?}");
    }
    let operation = on("then", restore(&before));
    world.clusters.check(&operation).await.unwrap();
    let job = operation.start(&world.engine, "test").await.unwrap();
    for step in 0..job.steps.len() {
        world
            .kill_worker_in(&job.id, step, Duration::from_millis(40))
            .await;
    }
    let job = world.finished(&job.id).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    let mut then = connect(&world, "then").await;
    assert_eq!(one(&mut then, "SELECT count(*) FROM t").await, "1000");
    assert_eq!(one(&mut then, "SELECT to_regclass('later') IS NULL").await, "t");
    assert_eq!(one(&mut shop, "SELECT count(*) FROM t").await, "0");
    let described = world.clusters.describe("then").await.unwrap();
    assert_eq!(described.status, ClusterStatus::Available, "{described:?}");
    assert!(
        described.restorable_since.unwrap() > before,
        "it keeps a log of its own"
    );

    // Of a cluster that does not run the log ends before the moment.
    let last = one(&mut shop, now).await;
    drop(shop);
    world.succeed(on("shop", Action::Stop)).await;
    world.succeed(on("end", restore(&last))).await;
    let mut end = connect(&world, "end").await;
    assert_eq!(one(&mut end, "SELECT count(*) FROM t").await, "0");
    assert_eq!(one(&mut end, "SELECT to_regclass('later') IS NULL").await, "f");
}

/// A failing step takes everything back by itself, and says what the server said.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_leaves_nothing() {
    let world = World::new();
    let odd = Action::Create {
        version: None,
        readers: 0,
        database: "x\u{1}\u{7f}/../'\"; --".into(),
        shape: Shape::default(),
    };
    world.succeed(on("odd", odd)).await;
    world
        .succeed(on(
            "odd",
            Action::Snapshot {
                snapshot: "damaged".parse().unwrap(),
            },
        ))
        .await;
    std::fs::remove_file(world.home().join("snapshots/damaged/data/global/pg_control")).unwrap();
    let restore = Action::Restore {
        snapshot: "damaged".parse().unwrap(),
        readers: 1,
        shape: Shape::default(),
    };
    let job = on("copy", restore).start(&world.engine, "test").await.unwrap();
    let job = world.finished(&job.id).await;
    assert_eq!(job.state, JobState::Failed);
    assert!(job.error.unwrap().to_string().contains("pg_control"));
    assert_eq!(world.left_of_clusters(), vec!["odd"]);
    assert_eq!(world.servers(), 1);
}

/// What holds across a stop: a port may be taken by another program meanwhile.
fn without_ports(
    connection: Option<howdah_aurora::Connection>,
) -> Option<(String, String, String, String, usize)> {
    connection.map(|c| {
        (
            c.target,
            c.database,
            c.user,
            c.password_file.unwrap().display().to_string(),
            c.reader_endpoints.len(),
        )
    })
}

/// The worker of all these jobs: not a test.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, as their worker"]
async fn worker() {
    world::work().await;
}
