//! The provider `local`: parameters of a cluster's servers, which stay when another one becomes the writer.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other tests use more of it")]
mod world;

use howdah_aurora::{Action, Modification, Operation, Shape, Tier};
use howdah_core::ErrorKind;
use howdah_jobs::JobState;
use howdah_pg::Connection;
use world::World;

fn on(action: Action) -> Operation {
    Operation {
        provider: "local".into(),
        cluster: "shop".parse().unwrap(),
        action,
    }
}

fn modify(parameters: &[(&str, Option<&str>)], restart: bool) -> Operation {
    let one = |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
    on(Action::Modify(Modification {
        parameters: parameters.iter().map(one).collect(),
        restart,
        ..Modification::default()
    }))
}

async fn shown(connection: &mut Connection, name: &str) -> String {
    let rows = connection.query(&format!("SHOW {name}"), &[]).await.unwrap();
    rows.first().unwrap().get(0).unwrap().to_owned()
}

/// What every server of the cluster has to say of a parameter, sooner or later.
async fn everywhere(world: &World, name: &str, value: &str) {
    let shop = world.clusters.describe("shop").await.unwrap();
    for instance in &shop.instances {
        let sql = format!("SELECT current_setting('{name}')");
        world.eventually(&instance.endpoint, "app", &sql, value).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_hold_on_every_server_and_after_a_failover() {
    let world = World::new();
    let create = Action::Create {
        version: None,
        readers: 1,
        database: "app".into(),
        shape: Shape::default(),
    };
    world.succeed(on(create)).await;
    let set = modify(
        &[
            ("work_mem", Some("7MB")),
            ("search_path", Some("\"$user\", public, extra")),
            ("app.colour", Some("it's blue")),
            ("max_connections", Some("123")),
        ],
        false,
    );
    let tier = world.clusters.tier(&set).await.unwrap();
    assert!(
        matches!(&tier, Tier::Confirm { effect } if effect.contains("max_connections")),
        "{tier:?}"
    );
    world.succeed(set).await;
    everywhere(&world, "work_mem", "7MB").await;
    everywhere(&world, "search_path", "\"$user\", public, extra").await;
    everywhere(&world, "app.colour", "it's blue").await;
    everywhere(&world, "max_connections", "100").await;
    let shop = world.clusters.describe("shop").await.unwrap();
    assert_eq!(shop.details["Waiting for a restart"], "max_connections");

    let restart = modify(&[], true);
    assert!(matches!(
        world.clusters.tier(&restart).await.unwrap(),
        Tier::Risk { .. }
    ));
    let job = restart.start(&world.engine, "test").await.unwrap();
    for delay in [0, 100] {
        let delay = std::time::Duration::from_millis(delay);
        world.kill_worker_in(&job.id, 0, delay).await;
    }
    assert_eq!(world.finished(&job.id).await.state, JobState::Succeeded);
    everywhere(&world, "max_connections", "123").await;
    assert!(world.clusters.describe("shop").await.unwrap().details.is_empty());

    // What the server refuses is set nowhere, nor what came with it.
    let job = modify(
        &[("autovacuum_naptime", Some("77s")), ("work_mem", Some("lots"))],
        false,
    )
    .start(&world.engine, "test")
    .await
    .unwrap();
    let job = world.finished(&job.id).await;
    assert_eq!(job.state, JobState::Failed);
    assert!(job.error.unwrap().to_string().contains("work_mem"));
    world.succeed(modify(&[("work_mem", Some("8MB"))], false)).await;
    everywhere(&world, "work_mem", "8MB").await;
    everywhere(&world, "autovacuum_naptime", "1min").await;

    for (name, value, kind) in [
        ("wal_level", Some("minimal"), ErrorKind::Refused),
        ("Listen_Addresses", Some("*"), ErrorKind::Refused),
        ("block_size", Some("1"), ErrorKind::Refused),
        ("max_connections", Some("50"), ErrorKind::Refused),
        ("max_connections", None, ErrorKind::Refused),
        ("work_memory", Some("1"), ErrorKind::NotFound),
    ] {
        let error = world
            .clusters
            .check(&modify(&[(name, value)], false))
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind, "{name}: {error:?}");
    }
    let error = world.clusters.check(&modify(&[], false)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid, "{error:?}");

    // Also what somebody has set on the writer alone is the cluster's.
    let target = world.clusters.target("shop").await.unwrap();
    let mut writer = Connection::connect(&target.conninfo).await.unwrap();
    writer
        .batch("ALTER SYSTEM SET maintenance_work_mem = '33MB'")
        .await
        .unwrap();
    drop(writer);
    world.succeed(on(Action::Failover { to: None })).await;
    let mut writer = Connection::connect(&target.conninfo).await.unwrap();
    for (name, value) in [
        ("maintenance_work_mem", "33MB"),
        ("work_mem", "8MB"),
        ("max_connections", "123"),
    ] {
        assert_eq!(shown(&mut writer, name).await, value);
    }
    drop(writer);
    world.succeed(modify(&[("work_mem", None)], false)).await;
    everywhere(&world, "work_mem", "4MB").await;
}

/// The worker of all these jobs: not a test.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, as their worker"]
async fn worker() {
    world::work().await;
}
