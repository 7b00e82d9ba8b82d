//! The provider `local`: a reader becomes the writer under load, whether the old one lives or not, whatever dies on the
//! way; readers that come and go; clones.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other tests use more of it")]
mod world;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use howdah_aurora::{Action, ClusterStatus, Operation, Role, Shape, Tier};
use howdah_core::ErrorKind;
use howdah_jobs::JobState;
use howdah_pg::Connection;
use world::World;
use world::clients::Clients;

const DATABASE: &str = "app";

/// A writer that is down for a moment must find its port again, which another test's servers would take.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn create(readers: u8) -> Action {
    Action::Create {
        version: None,
        readers,
        database: DATABASE.into(),
        shape: Shape::default(),
    }
}

fn on(cluster: &str, action: Action) -> Operation {
    Operation {
        provider: "local".into(),
        cluster: cluster.parse().unwrap(),
        action,
    }
}

fn failover(to: Option<&str>) -> Operation {
    on(
        "shop",
        Action::Failover {
            to: to.map(Into::into),
        },
    )
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

/// Every number that was acknowledged is in the writer and in each reader, which all follow it.
async fn verify(world: &World, acknowledged: &BTreeSet<u64>, readers: usize) {
    let shop = world.clusters.describe("shop").await.unwrap();
    assert_eq!(shop.status, ClusterStatus::Available, "{shop:?}");
    assert_eq!(shop.instances.len(), readers + 1, "{shop:?}");
    let mut writer = world.instance(&shop.instances[0].endpoint, DATABASE).await;
    let rows = writer.query("SELECT n FROM t", &[]).await.unwrap();
    let there: BTreeSet<u64> = rows.iter().map(|row| row.parse(0).unwrap()).collect();
    let lost: Vec<&u64> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    writer.batch("INSERT INTO t VALUES (0)").await.unwrap();
    let count = one(&mut writer, "SELECT count(*) FROM t").await;
    for instance in &shop.instances[1..] {
        assert_eq!(instance.role, Role::Reader);
        world
            .eventually(&instance.endpoint, DATABASE, "SELECT count(*) FROM t", &count)
            .await;
    }
    writer.batch("DELETE FROM t WHERE n = 0").await.unwrap();
    // What the old writer kept for its readers holds up nothing.
    for instance in &shop.instances[1..] {
        let mut reader = world.instance(&instance.endpoint, DATABASE).await;
        assert_eq!(
            one(&mut reader, "SELECT count(*) FROM pg_replication_slots").await,
            "0"
        );
    }
}

async fn with_table(readers: u8) -> World {
    let world = World::new();
    world.succeed(on("shop", create(readers))).await;
    let target = world.clusters.target("shop").await.unwrap();
    let mut writer = Connection::connect(&target.conninfo).await.unwrap();
    writer
        .batch("CREATE TABLE t (n bigint PRIMARY KEY)")
        .await
        .unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_becomes_the_writer_under_load() {
    let _alone = ALONE.lock().await;
    let world = with_table(2).await;
    let before = world.clusters.describe("shop").await.unwrap();
    let tier = world.clusters.tier(&failover(None)).await.unwrap();
    assert!(matches!(tier, Tier::Risk { .. }), "{tier:?}");

    let clients = Clients::start(&world, 1, "").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let job = world.succeed(failover(Some("reader-2"))).await;
    assert_eq!(job.result.unwrap()["instances"][0], "reader-2");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (acknowledged, gap) = clients.stop().await;
    eprintln!(
        "stopped in order: {} acknowledged, {gap:?} without",
        acknowledged.len()
    );
    assert!(gap < Duration::from_secs(60), "{gap:?}");
    verify(&world, &acknowledged, 2).await;
    let after = world.clusters.describe("shop").await.unwrap();
    assert_eq!(
        before.connection, after.connection,
        "clients find all where it was"
    );

    // The writer dies in the middle of its work.
    let clients = Clients::start(&world, 1_000_000, "").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let data = world.home().join("clusters/shop/writer/data");
    let postmaster = world::postmaster(&data);
    world::kill(postmaster);
    let job = world.succeed(failover(None)).await;
    assert_eq!(job.state, JobState::Succeeded);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (more, gap) = clients.stop().await;
    eprintln!("killed: {} acknowledged, {gap:?} without", more.len());
    verify(&world, &acknowledged.union(&more).copied().collect(), 2).await;

    // It can still be restored to a moment before both.
    let restorable = world
        .clusters
        .describe("shop")
        .await
        .unwrap()
        .restorable_since
        .unwrap();
    let restore = Action::RestoreToTime {
        source: "shop".parse().unwrap(),
        time: restorable,
        readers: 0,
        shape: Shape::default(),
    };
    world.succeed(on("then", restore)).await;
    // And it stops and starts as ever.
    world.succeed(on("shop", Action::Stop)).await;
    let error = world.clusters.check(&failover(None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
    world.succeed(on("shop", Action::Start)).await;
    verify(&world, &acknowledged, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_readers_find_a_writer_whose_port_was_taken() {
    let _alone = ALONE.lock().await;
    let world = with_table(2).await;
    let port = |cluster: &howdah_aurora::Cluster| cluster.instances[0].endpoint.clone();
    let before = world.clusters.describe("shop").await.unwrap();
    world::kill(world::postmaster(&world.home().join("clusters/shop/writer/data")));
    let start = Instant::now();
    let _taken = loop {
        match std::net::TcpListener::bind(port(&before)) {
            Ok(listener) => break listener,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(60), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    world.succeed(failover(None)).await;
    let after = world.clusters.describe("shop").await.unwrap();
    assert_ne!(port(&before), port(&after));
    verify(&world, &BTreeSet::new(), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_or_cancelled_at_every_step_of_a_failover() {
    let _alone = ALONE.lock().await;
    let world = with_table(1).await;
    let mut all = BTreeSet::new();
    for (round, delay) in [0, 40, 150].into_iter().enumerate() {
        let clients = Clients::start(&world, 1, "").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let job = failover(None).start(&world.engine, "test").await.unwrap();
        let mut kills = 0;
        for step in 0..job.steps.len() {
            kills += usize::from(
                world
                    .kill_worker_in(&job.id, step, Duration::from_millis(delay))
                    .await,
            );
            if round == 1 && step == 2 {
                // Too late or not: whatever it comes to, the cluster is whole.
                drop(world.engine.cancel(&job.id, "test").await);
            }
        }
        let job = world.finished(&job.id).await;
        let is_cancelled = round == 1 && job.state == JobState::Cancelled;
        assert!(
            job.state == JobState::Succeeded || is_cancelled,
            "{:?}",
            job.error
        );
        assert!(kills > 0 || round > 0);
        let (acknowledged, _) = clients.stop().await;
        all.extend(acknowledged);
        // Clients made their own numbers each time.
        verify(&world, &all, 1).await;
        let target = world.clusters.target("shop").await.unwrap();
        let mut writer = Connection::connect(&target.conninfo).await.unwrap();
        writer.batch("TRUNCATE t").await.unwrap();
        all.clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_come_and_go_and_clones_are_made() {
    let _alone = ALONE.lock().await;
    let world = with_table(0).await;
    let error = world.clusters.check(&failover(None)).await.unwrap_err();
    assert!(error.hint.unwrap().contains("add-reader shop"));
    let job = on("shop", Action::AddReader)
        .start(&world.engine, "test")
        .await
        .unwrap();
    for step in 0..job.steps.len() {
        world
            .kill_worker_in(&job.id, step, Duration::from_millis(60))
            .await;
    }
    let job = world.finished(&job.id).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(job.result.unwrap()["instances"][0], "reader-1");
    world.succeed(on("shop", Action::AddReader)).await;
    verify(&world, &BTreeSet::new(), 2).await;

    let remove = |reader: &str| {
        on(
            "shop",
            Action::RemoveReader {
                reader: reader.into(),
            },
        )
    };
    let error = world.clusters.check(&remove("writer")).await.unwrap_err();
    assert!(error.hint.unwrap().contains("reader-1, reader-2"));
    world.succeed(remove("reader-1")).await;
    verify(&world, &BTreeSet::new(), 1).await;
    let shop = world.clusters.describe("shop").await.unwrap();
    assert_eq!(shop.instances[1].name, "reader-2");
    let mut writer = world.instance(&shop.instances[0].endpoint, DATABASE).await;
    assert_eq!(
        one(
            &mut writer,
            "SELECT string_agg(slot_name, ',') FROM pg_replication_slots"
        )
        .await,
        "reader_2"
    );
    // A number that is free is given again, and a reader added to a stopped cluster is refused.
    world.succeed(on("shop", Action::AddReader)).await;
    assert_eq!(
        world.clusters.describe("shop").await.unwrap().instances[1].name,
        "reader-1"
    );

    writer
        .batch("INSERT INTO t SELECT generate_series(1, 1000)")
        .await
        .unwrap();
    let clone = |name: &str| {
        on(
            name,
            Action::Clone {
                source: "shop".parse().unwrap(),
                readers: 1,
                shape: Shape::default(),
            },
        )
    };
    let job = clone("copy").start(&world.engine, "test").await.unwrap();
    for step in 0..job.steps.len() {
        world
            .kill_worker_in(&job.id, step, Duration::from_millis(60))
            .await;
    }
    assert_eq!(world.finished(&job.id).await.state, JobState::Succeeded);
    writer.batch("DELETE FROM t").await.unwrap();
    let copy = world.clusters.target("copy").await.unwrap();
    let mut copy = Connection::connect(&copy.conninfo).await.unwrap();
    assert_eq!(one(&mut copy, "SELECT count(*) FROM t").await, "1000");
    assert_ne!(
        std::fs::read_to_string(world.home().join("clusters/copy/password")).unwrap(),
        std::fs::read_to_string(world.home().join("clusters/shop/password")).unwrap()
    );
    // Of a stopped one too.
    world.succeed(on("shop", Action::Stop)).await;
    let error = world
        .clusters
        .check(&on("shop", Action::AddReader))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
    world.succeed(clone("again")).await;
    let again = world.clusters.target("again").await.unwrap();
    let mut again = Connection::connect(&again.conninfo).await.unwrap();
    assert_eq!(one(&mut again, "SELECT count(*) FROM t").await, "0");
}

/// The worker of all these jobs: not a test.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, as their worker"]
async fn worker() {
    world::work().await;
}
