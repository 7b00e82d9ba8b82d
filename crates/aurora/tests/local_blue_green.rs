//! The provider `local`: a green environment takes a cluster's place under load, whatever dies on the way; what cannot
//! follow is refused first; deployments that end.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other tests use more of it")]
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use howdah_aurora::{Action, BlueGreenStatus, ClusterStatus, Operation, Shape, Tier};
use howdah_core::ErrorKind;
use howdah_jobs::JobState;
use howdah_localpg::Installation;
use howdah_pg::Connection;
use world::World;
use world::clients::Clients;

const DATABASE: &str = "Shop's \"app\"";

/// A cluster that is down for a moment must find its port again, which another test's servers would take.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn on(cluster: &str, action: Action) -> Operation {
    Operation {
        provider: "local".into(),
        cluster: cluster.parse().unwrap(),
        action,
    }
}

fn green(version: Option<u16>) -> Operation {
    let action = Action::CreateBlueGreen {
        version,
        compute: None,
    };
    on("shop", action)
}

fn switch() -> Operation {
    on("shop", Action::SwitchBlueGreen { timeout_s: 300 })
}

fn end(keep: bool) -> Operation {
    on("shop", Action::DeleteBlueGreen { keep })
}

/// A major version whose definitions can be copied on this machine to itself.
fn blue_major() -> u16 {
    let whole = |found: &Installation| found.program("pg_dump").is_some() && found.program("psql").is_some();
    let all = Installation::all();
    all.iter()
        .find(|found| whole(found))
        .expect("the tests need pg_dump and psql")
        .major
}

async fn connected(world: &World, cluster: &str) -> Connection {
    let target = world.clusters.target(cluster).await.unwrap();
    Connection::connect(&target.conninfo).await.unwrap()
}

async fn one(connection: &mut Connection, sql: &str) -> String {
    let rows = connection.query(sql, &[]).await.unwrap();
    rows.first().unwrap().get(0).unwrap().to_owned()
}

async fn with_table(readers: u8) -> World {
    let world = World::new();
    let create = Action::Create {
        version: Some(blue_major()),
        readers,
        database: DATABASE.into(),
        shape: Shape {
            compute: Some("1-1".parse().unwrap()),
            ..Shape::default()
        },
    };
    world.succeed(on("shop", create)).await;
    connected(&world, "shop")
        .await
        .batch(
            "CREATE ROLE clerk LOGIN PASSWORD 'of-the-clerk';
             CREATE SEQUENCE numbers START 5;
             CREATE TABLE t (n bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
             CREATE TABLE \"Odd one\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text);
             GRANT SELECT ON t TO clerk;
             INSERT INTO \"Odd one\" (t) SELECT repeat('x', 100) FROM generate_series(1, 1000);
             CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM \"Odd one\";",
        )
        .await
        .unwrap();
    world
}

/// Every number that was acknowledged is in the cluster, which is whole, and so is all that is no row.
async fn verify(world: &World, acknowledged: &BTreeSet<u64>, readers: usize) {
    let shop = world.clusters.describe("shop").await.unwrap();
    assert_eq!(shop.status, ClusterStatus::Available, "{shop:?}");
    assert_eq!(shop.instances.len(), readers + 1, "{shop:?}");
    // Its cap is that of the cluster whose place it took.
    assert!(shop.details["Capacity"].starts_with("1 to 1 ACU"), "{shop:?}");
    let mut writer = connected(world, "shop").await;
    assert_eq!(one(&mut writer, "SHOW max_connections").await, "189");
    let rows = writer.query("SELECT n FROM t", &[]).await.unwrap();
    let there: BTreeSet<u64> = rows.iter().map(|row| row.parse(0).unwrap()).collect();
    let lost: Vec<&u64> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let count: usize = one(&mut writer, "SELECT count(*) FROM t").await.parse().unwrap();
    let number: usize = one(&mut writer, "SELECT nextval('numbers')")
        .await
        .parse()
        .unwrap();
    assert!(number > count, "a value of the sequence would come again");
    assert_eq!(one(&mut writer, "SELECT count FROM counted").await, "1000");
    let inserted = "INSERT INTO \"Odd one\" (t) VALUES ('new') RETURNING id";
    let id: u64 = one(&mut writer, inserted).await.parse().unwrap();
    assert!(id > 1000, "{id}");
    writer
        .batch(&format!("DELETE FROM \"Odd one\" WHERE id = {id}"))
        .await
        .unwrap();
    assert_eq!(
        one(&mut writer, "SELECT has_table_privilege('clerk', 't', 'SELECT')").await,
        "t"
    );
    for instance in &shop.instances[1..] {
        world
            .eventually(
                &instance.endpoint,
                DATABASE,
                "SELECT count(*) FROM t",
                &count.to_string(),
            )
            .await;
    }
}

/// Nothing is left of the replication in a cluster.
async fn verify_alone(world: &World, cluster: &str) {
    let mut writer = connected(world, cluster).await;
    for nothing in [
        "SELECT count(*) FROM pg_subscription",
        "SELECT count(*) FROM pg_publication",
        "SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'logical'",
    ] {
        assert_eq!(one(&mut writer, nothing).await, "0", "{nothing}");
    }
}

async fn switched_under_load(version: Option<u16>) {
    let world = with_table(1).await;
    let first = Clients::start(&world, 1, "SELECT nextval('numbers')").await;
    world.succeed(green(version)).await;
    let before = world.clusters.describe("shop").await.unwrap();
    let deployment = before.blue_green.clone().unwrap();
    assert_eq!(deployment.status, BlueGreenStatus::Available, "{deployment:?}");
    assert!(deployment.lag_bytes.is_some());
    assert_eq!(deployment.green.as_str(), "shop-green");
    let mut on_green = connected(&world, "shop-green").await;
    let error = on_green.batch("DELETE FROM t").await.unwrap_err();
    assert_eq!(
        error.sqlstate(),
        Some("25006"),
        "green is closed to writes: {error}"
    );
    drop(on_green);
    let (mut acknowledged, _) = first.stop().await;

    let tier = world.clusters.tier(&switch()).await.unwrap();
    assert!(matches!(tier, Tier::Risk { .. }), "{tier:?}");
    let clients = Clients::start(&world, 1_000_000, "SELECT nextval('numbers')").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let job = world.succeed(switch()).await;
    for step in &job.steps {
        let took = step
            .finished_ms
            .zip(step.started_ms)
            .map(|(end, start)| end - start);
        eprintln!("{}: {took:?} ms", step.name);
    }
    assert_eq!(job.result.unwrap()["old_cluster"], "shop-old1");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (more, gap) = clients.stop().await;
    eprintln!("to {version:?}: {} acknowledged, {gap:?} without", more.len());
    acknowledged.extend(more);
    assert!(gap < Duration::from_secs(60), "{gap:?}");
    verify(&world, &acknowledged, 1).await;
    verify_alone(&world, "shop").await;

    let after = world.clusters.describe("shop").await.unwrap();
    assert_eq!(
        before.connection, after.connection,
        "clients find all where it was"
    );
    assert_eq!(after.blue_green.unwrap().status, BlueGreenStatus::Switched);
    let wanted = version.unwrap_or_else(blue_major).to_string();
    assert!(after.version.starts_with(&wanted), "{}", after.version);

    // The old one is there, stopped, and takes no writes once it is started.
    let old = world.clusters.describe("shop-old1").await.unwrap();
    assert_eq!(old.status, ClusterStatus::Stopped, "{old:?}");
    world.succeed(on("shop-old1", Action::Start)).await;
    let mut on_old = connected(&world, "shop-old1").await;
    assert_eq!(
        on_old.batch("DELETE FROM t").await.unwrap_err().sqlstate(),
        Some("25006")
    );
    drop(on_old);
    verify_alone(&world, "shop-old1").await;
    let delete = on("shop-old1", Action::Delete { final_snapshot: None });
    let error = world.clusters.check(&delete).await.unwrap_err();
    assert!(
        error.hint.unwrap().contains("blue-green delete shop"),
        "{}",
        error.message
    );
    world.succeed(end(false)).await;
    assert!(world.clusters.describe("shop-old1").await.is_err());
    verify(&world, &acknowledged, 1).await;
    // And it stops and starts as ever.
    world.succeed(on("shop", Action::Stop)).await;
    world.succeed(on("shop", Action::Start)).await;
    verify(&world, &acknowledged, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn green_of_the_same_version_takes_over_under_load() {
    let _alone = ALONE.lock().await;
    switched_under_load(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn green_of_a_newer_version_takes_over_under_load() {
    let _alone = ALONE.lock().await;
    let newest = Installation::require(None).unwrap().major;
    if newest == blue_major() {
        eprintln!("there is no newer version here than {newest}");
        return;
    }
    switched_under_load(Some(newest)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step() {
    let _alone = ALONE.lock().await;
    let world = with_table(1).await;
    let clients = Clients::start(&world, 1, "SELECT nextval('numbers')").await;
    for operation in [green(None), switch(), end(false)] {
        world.clusters.check(&operation).await.unwrap();
        let job = operation.start(&world.engine, "test").await.unwrap();
        let mut kills = 0;
        for step in 0..job.steps.len() {
            for delay in [5, 150] {
                let delay = Duration::from_millis(delay);
                kills += usize::from(world.kill_worker_in(&job.id, step, delay).await);
            }
        }
        let job = world.finished(&job.id).await;
        assert_eq!(job.state, JobState::Succeeded, "{operation:?}: {:?}", job.error);
        assert!(kills > 0, "{operation:?}");
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (acknowledged, _) = clients.stop().await;
    verify(&world, &acknowledged, 1).await;
    verify_alone(&world, "shop").await;
    assert_eq!(world.left_of_clusters(), ["shop"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_leaves_blue_as_it_was() {
    let _alone = ALONE.lock().await;
    let world = with_table(0).await;
    let before = world.clusters.describe("shop").await.unwrap();
    let clients = Clients::start(&world, 1, "SELECT nextval('numbers')").await;
    // Cancelled while rows are copied, or a little later or earlier.
    let job = green(None).start(&world.engine, "test").await.unwrap();
    world.kill_worker_in(&job.id, 3, Duration::ZERO).await;
    drop(world.engine.cancel(&job.id, "test").await);
    if world.finished(&job.id).await.state == JobState::Cancelled {
        assert_eq!(world.left_of_clusters(), ["shop"]);
        verify_alone(&world, "shop").await;
        world.succeed(green(None)).await;
    }
    for step in [1, 1, 2] {
        let job = switch().start(&world.engine, "test").await.unwrap();
        world.kill_worker_in(&job.id, step, Duration::ZERO).await;
        drop(world.engine.cancel(&job.id, "test").await);
        let job = world.finished(&job.id).await;
        if job.state == JobState::Succeeded {
            break;
        }
        assert_eq!(job.state, JobState::Cancelled, "{:?}", job.error);
        let deployment = world.clusters.describe("shop").await.unwrap().blue_green.unwrap();
        if deployment.status == BlueGreenStatus::Switched {
            break;
        }
        assert_eq!(deployment.blue.as_str(), "shop", "{deployment:?}");
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (acknowledged, _) = clients.stop().await;
    verify(&world, &acknowledged, 0).await;
    let after = world.clusters.describe("shop").await.unwrap();
    assert_eq!(before.connection, after.connection);
    // Whoever serves now, what was kept for the other can be ended.
    world.succeed(end(true)).await;
    verify(&world, &acknowledged, 0).await;
    assert_eq!(world.left_of_clusters().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_follow_is_refused_before_anything_is_made() {
    let _alone = ALONE.lock().await;
    let world = with_table(0).await;
    let mut writer = connected(&world, "shop").await;
    writer
        .batch(
            "CREATE TABLE \"no key\" (n int); CREATE UNLOGGED TABLE fleeting (n int PRIMARY KEY);
             SELECT lo_create(0);
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER always BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
             ALTER TABLE t ENABLE ALWAYS TRIGGER always;",
        )
        .await
        .unwrap();
    writer
        .query(
            "SELECT pg_create_logical_replication_slot('theirs', 'test_decoding')",
            &[],
        )
        .await
        .unwrap();
    let error = world.clusters.check(&green(None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error:?}");
    for told in [
        "public.\"no key\"",
        "public.fleeting",
        "Large objects",
        "always on t",
        "theirs",
    ] {
        assert!(error.message.contains(told), "{told}: {}", error.message);
    }
    assert!(error.hint.unwrap().contains("REPLICA IDENTITY FULL"));
    assert_eq!(world.left_of_clusters(), ["shop"]);
    let error = world.clusters.check(&green(Some(13))).await.unwrap_err();
    assert!(error.message.contains("older"), "{}", error.message);
    for operation in [switch(), end(false)] {
        let error = world.clusters.check(&operation).await.unwrap_err();
        assert!(error.hint.unwrap().contains("blue-green create shop"));
    }

    writer
        .batch(
            "ALTER TABLE \"no key\" REPLICA IDENTITY FULL; ALTER TABLE fleeting SET LOGGED;
             SELECT lo_unlink(oid) FROM pg_largeobject_metadata; ALTER TABLE t ENABLE TRIGGER always;
             SELECT pg_drop_replication_slot('theirs');",
        )
        .await
        .unwrap();
    world.succeed(green(None)).await;
    let failover = on("shop", Action::Failover { to: None });
    let error = world.clusters.check(&failover).await.unwrap_err();
    assert!(error.message.contains("blue/green"), "{}", error.message);
    let copy = Action::Clone {
        source: "shop-green".parse().unwrap(),
        readers: 0,
        shape: Shape::default(),
    };
    let error = world.clusters.check(&on("copy", copy)).await.unwrap_err();
    assert!(error.message.contains("follows shop"), "{}", error.message);

    // What green does not know of is found before anybody is cut off.
    writer
        .batch("ALTER TABLE t ADD COLUMN more int; CREATE TABLE later (n int PRIMARY KEY)")
        .await
        .unwrap();
    let job = switch().start(&world.engine, "test").await.unwrap();
    let job = world.finished(&job.id).await;
    assert_eq!(job.state, JobState::Failed);
    let told = job.error.unwrap().to_string();
    assert!(told.contains("table public.t in Shop's"), "{told}");
    assert!(told.contains("table public.later in Shop's"), "{told}");
    writer
        .batch("INSERT INTO later VALUES (1)")
        .await
        .expect("nobody was cut off");

    // Their password is in its file and nowhere else, and both sides have it.
    let password = |cluster: &str| world.home().join("clusters").join(cluster).join("password");
    let text = std::fs::read_to_string(password("shop")).unwrap();
    assert_eq!(text, std::fs::read_to_string(password("shop-green")).unwrap());
    world.succeed(end(false)).await;
    world.assert_not_stored(&text);
    verify_alone(&world, "shop").await;
    assert_eq!(world.left_of_clusters(), ["shop"]);
}

/// The worker of all these jobs: not a test.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, as their worker"]
async fn worker() {
    world::work().await;
}
