//! The provider `local`: a proxy that comes, goes and follows with its cluster.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other tests use more of it")]
mod world;

use std::time::{Duration, Instant};

use howdah_aurora::{Action, Operation, ProxyOptions, Shape};
use howdah_core::ErrorKind;
use howdah_jobs::JobState;
use howdah_localpg::{Installation, Pooler};
use howdah_pg::Connection;
use world::World;

fn on(cluster: &str, action: Action) -> Operation {
    Operation {
        provider: "local".into(),
        cluster: cluster.parse().unwrap(),
        action,
    }
}

async fn one(connection: &mut Connection, sql: &str) -> String {
    let rows = connection.query(sql, &[]).await.unwrap();
    rows.first().unwrap().get(0).unwrap().to_owned()
}

async fn proxy(world: &World) -> howdah_aurora::Proxy {
    world.clusters.describe("shop").await.unwrap().proxy.unwrap()
}

/// What a client says that comes through the proxy, sooner or later.
async fn through(world: &World, sql: &str, expected: &str) {
    let endpoint = proxy(world).await.endpoint;
    world.eventually(&endpoint, "app", sql, expected).await;
}

fn pid(world: &World) -> i32 {
    let path = world.home().join("clusters/shop/proxy/pgbouncer.pid");
    std::fs::read_to_string(path).unwrap().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_goes_where_its_cluster_goes() {
    if let Err(error) = Pooler::program() {
        eprintln!("not tried: {error}");
        return;
    }
    let world = World::new();
    let whole = |found: &&Installation| found.program("pg_dump").is_some() && found.program("psql").is_some();
    let all = Installation::all();
    let create = Action::Create {
        version: all.iter().find(whole).map(|found| found.major),
        readers: 1,
        database: "app".into(),
        shape: Shape::default(),
    };
    world.succeed(on("shop", create)).await;
    let error = world
        .clusters
        .check(&on("shop", Action::DeleteProxy))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}");

    let job = on("shop", Action::CreateProxy(ProxyOptions::default()))
        .start(&world.engine, "test")
        .await
        .unwrap();
    for delay in [0, 30] {
        world
            .kill_worker_in(&job.id, 0, Duration::from_millis(delay))
            .await;
    }
    let error = world.clusters.url_through_proxy("nothing").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}");
    let done = world.finished(&job.id).await;
    assert_eq!(done.state, JobState::Succeeded);
    let error = world
        .clusters
        .check(&on("shop", Action::CreateProxy(ProxyOptions::default())))
        .await
        .unwrap_err();
    assert!(error.hint.unwrap().contains("howdah cluster show shop"));
    let made = proxy(&world).await;
    assert_eq!(made.status, "available");
    let result = done.result.unwrap();
    assert_eq!(
        format!("{}:{}", result["endpoint"].as_str().unwrap(), result["port"]),
        made.endpoint,
        "the job says where it listens"
    );
    let url = world.clusters.url_through_proxy("shop").await.unwrap();
    let way = howdah_pg::ConnInfo::parse_with(&url, &howdah_pg::NoEnvironment).unwrap();
    let mut client = Connection::connect(&way).await.unwrap();
    assert_eq!(one(&mut client, "SELECT current_user").await, "postgres");
    drop(client);
    let options = ProxyOptions {
        iam: true,
        ..ProxyOptions::default()
    };
    let error = world
        .clusters
        .check(&on("shop", Action::CreateProxy(options)))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid, "{error:?}");
    assert_ne!(
        made.endpoint,
        world.clusters.describe("shop").await.unwrap().instances[0].endpoint
    );

    // Many clients, few sessions; over TLS, by password alone.
    let mut clients = Vec::new();
    for _ in 0..40 {
        clients.push(world.instance(&made.endpoint, "app").await);
    }
    for client in &mut clients {
        assert_eq!(one(client, "SELECT 1").await, "1");
    }
    let sessions = one(
        &mut clients[0],
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'app'",
    )
    .await;
    assert!(sessions.parse::<u32>().unwrap() <= 21, "{sessions}");
    drop(clients);
    let bad = howdah_pg::ConnInfo::parse_with(
        &format!(
            "host=localhost port={} user=postgres password=wrong dbname=app sslmode=require",
            made.endpoint.rsplit_once(':').unwrap().1
        ),
        &howdah_pg::NoEnvironment,
    );
    assert!(Connection::connect(&bad.unwrap()).await.is_err());
    use std::os::unix::fs::PermissionsExt;
    let users = world.home().join("clusters/shop/proxy/users.txt");
    assert_eq!(
        std::fs::metadata(users).unwrap().permissions().mode() & 0o777,
        0o600
    );

    // It follows, whoever is the writer.
    world.succeed(on("shop", Action::Failover { to: None })).await;
    through(&world, "SELECT pg_is_in_recovery()", "f").await;
    let green = Action::CreateBlueGreen {
        version: None,
        compute: None,
    };
    match world.clusters.check(&on("shop", green.clone())).await {
        Ok(()) => {
            world.succeed(on("shop", green)).await;
            world
                .succeed(on("shop", Action::SwitchBlueGreen { timeout_s: 300 }))
                .await;
            through(&world, "SELECT pg_is_in_recovery()", "f").await;
            world
                .succeed(on("shop", Action::DeleteBlueGreen { keep: false }))
                .await;
        }
        Err(error) => eprintln!("no green environment here: {error}"),
    }
    assert_eq!(proxy(&world).await.endpoint, made.endpoint);

    // It dies, and is started again though its number is still in its file; it stops and starts with the cluster.
    world::kill(pid(&world));
    let start = Instant::now();
    while proxy(&world).await.status != "stopped" {
        assert!(start.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let writer = world.clusters.target("shop").await.unwrap();
    Connection::connect(&writer.conninfo)
        .await
        .unwrap()
        .batch("CREATE ROLE clerk LOGIN")
        .await
        .unwrap();
    world.succeed(on("shop", Action::Start)).await;
    through(&world, "SELECT 1", "1").await;
    world.succeed(on("shop", Action::Stop)).await;
    assert_eq!(proxy(&world).await.status, "stopped");
    let error = world.clusters.url_through_proxy("shop").await.unwrap_err();
    assert!(error.hint.unwrap().contains("howdah cluster start shop"));
    world.succeed(on("shop", Action::Start)).await;
    through(&world, "SELECT 1", "1").await;

    let last = proxy(&world).await.endpoint.replace("localhost", "127.0.0.1");
    world.succeed(on("shop", Action::DeleteProxy)).await;
    assert!(world.clusters.describe("shop").await.unwrap().proxy.is_none());
    assert!(std::net::TcpStream::connect(&last).is_err(), "it is gone");
    world
        .succeed(on("shop", Action::CreateProxy(ProxyOptions::default())))
        .await;
    world
        .succeed(on("shop", Action::Delete { final_snapshot: None }))
        .await;
    assert!(world.left_of_clusters().is_empty());
}

/// The worker of all these jobs: not a test.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, as their worker"]
async fn worker() {
    world::work().await;
}
