//! The provider `local`: a range of ACU caps every server of a cluster, as server and operating system say.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other tests use more of it")]
mod world;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use howdah_aurora::{Action, Modification, Operation, Preset, Shape, Tier};
use howdah_core::ErrorKind;
use howdah_jobs::JobState;
use howdah_pg::{ConnInfo, Connection, NoEnvironment};
use world::World;

fn on(cluster: &str, action: Action) -> Operation {
    Operation {
        provider: "local".into(),
        cluster: cluster.parse().unwrap(),
        action,
    }
}

fn shape(size: &str) -> Shape {
    Shape {
        preset: Preset::Dev,
        compute: Some(size.parse().unwrap()),
    }
}

fn create(size: &str, readers: u8) -> Operation {
    let action = Action::Create {
        version: None,
        readers,
        database: "app".into(),
        shape: shape(size),
    };
    on("shop", action)
}

fn resize(size: &str, restart: bool) -> Operation {
    let change = Modification {
        compute: Some(size.parse().unwrap()),
        restart,
        ..Modification::default()
    };
    on("shop", Action::Modify(change))
}

async fn connected(world: &World, cluster: &str) -> Connection {
    let target = world.clusters.target(cluster).await.unwrap();
    Connection::connect(&target.conninfo).await.unwrap()
}

async fn one(connection: &mut Connection, sql: &str) -> String {
    let rows = connection.query(sql, &[]).await.unwrap();
    rows.first().unwrap().get(0).unwrap().to_owned()
}

/// What every server of the cluster has to say of a setting, sooner or later.
async fn everywhere(world: &World, name: &str, value: &str) {
    let shop = world.clusters.describe("shop").await.unwrap();
    for instance in &shop.instances {
        let sql = format!("SELECT current_setting('{name}')");
        world.eventually(&instance.endpoint, "app", &sql, value).await;
    }
}

async fn details(world: &World, cluster: &str) -> BTreeMap<String, String> {
    world.clusters.describe(cluster).await.unwrap().details
}

/// The same once every server has answered: on a busy machine one may not in time.
async fn answered(world: &World, cluster: &str) -> BTreeMap<String, String> {
    let start = Instant::now();
    loop {
        let shown = details(world, cluster).await;
        if shown
            .get("Capacity, enforced")
            .is_some_and(|text| !text.contains("not answer"))
        {
            return shown;
        }
        assert!(start.elapsed() < Duration::from_secs(100), "{shown:?}");
    }
}

/// What the kernel says of the session's process: on how many processors it may run, and its memory's bound.
async fn held(connection: &mut Connection) -> (u32, String) {
    let pid = one(connection, "SELECT pg_backend_pid()").await;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed:"));
    let processors = mask
        .unwrap()
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(u32::count_ones)
        .sum();
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max data size"));
    (
        processors,
        line.unwrap().split_whitespace().next().unwrap().to_owned(),
    )
}

/// On every server a new session is held to that.
async fn held_everywhere(world: &World, memory_bytes: u64) {
    for instance in world.clusters.describe("shop").await.unwrap().instances {
        let mut session = world.instance(&instance.endpoint, "app").await;
        assert_eq!(
            held(&mut session).await,
            (1, memory_bytes.to_string()),
            "{}",
            instance.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_caps_every_server_and_follows_changes() {
    let world = World::new();
    let job = world.succeed(create("1-1", 1)).await;
    let said = job.result.unwrap()["capacity"].as_str().unwrap().to_owned();
    assert!(
        said.starts_with("1 to 1 ACU: each server has up to 2.0 GiB of memory, 1 of "),
        "{said}"
    );
    assert!(said.contains("189 connections"), "{said}");
    for (name, value) in [
        ("max_connections", "189"),
        ("shared_buffers", "512MB"),
        ("effective_cache_size", "1536MB"),
        ("max_parallel_workers", "1"),
    ] {
        everywhere(&world, name, value).await;
    }
    let shown = answered(&world, "shop").await;
    assert_eq!(shown["Capacity"], said);
    let by_settings = &shown["Capacity, by settings alone"];
    assert!(
        by_settings.contains("all sessions together") && by_settings.contains("shared_buffers 512.0 MiB"),
        "{shown:?}"
    );
    assert!(
        shown["Capacity, enforced"].contains("189 connections by the server"),
        "{shown:?}"
    );
    if cfg!(target_os = "linux") {
        let enforced = &shown["Capacity, enforced"];
        assert!(
            enforced.contains("1 of ") && enforced.contains("1.5 GiB"),
            "{enforced}"
        );
        held_everywhere(&world, 3 << 29).await;
        // A session that wants more is told so, and goes on; so does the server.
        let mut greedy = connected(&world, "shop").await;
        let two = "SELECT length(repeat('a', 900000000 + random()::int)) + length(repeat('b', 900000000 + random()::int))";
        let error = greedy.query(two, &[]).await.unwrap_err();
        assert_eq!(error.sqlstate(), Some("53200"), "{error}");
        assert_eq!(one(&mut greedy, "SELECT 1").await, "1");
    }

    // So many sessions, and no more.
    let writer = howdah_localpg::Instance::open(&world.home().join("clusters/shop/writer")).unwrap();
    let text = format!(
        "host={} port={} user=postgres dbname=app",
        writer.socket_dir().display(),
        writer.port()
    );
    // Without TLS and password, which cost more than all else here.
    let info = ConnInfo::parse_with(&text, &NoEnvironment).unwrap();
    let mut sessions = Vec::new();
    let error = loop {
        match Connection::connect(&info).await {
            Ok(session) => sessions.push(session),
            Err(error) => break error,
        }
        assert!(sessions.len() < 300);
    };
    assert_eq!(error.sqlstate(), Some("53300"), "{error}");
    let first = sessions.first_mut().unwrap();
    let count = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    assert_eq!(one(first, count).await, "189");
    drop(sessions);

    // Up: some of it at once, the rest with a restart.
    let up = resize("1-2", false);
    let tier = world.clusters.tier(&up).await.unwrap();
    assert!(
        matches!(&tier, Tier::Confirm { effect } if effect.contains("400 connections") && effect.contains("next restart")),
        "{tier:?}"
    );
    let job = world.succeed(up).await;
    assert!(
        job.result.unwrap()["capacity"]
            .as_str()
            .unwrap()
            .contains("400 connections")
    );
    everywhere(&world, "max_connections", "189").await;
    everywhere(&world, "effective_cache_size", "3GB").await;
    let start = Instant::now();
    while details(&world, "shop")
        .await
        .get("Waiting for a restart")
        .map(String::as_str)
        != Some("max_connections, shared_buffers")
    {
        assert!(start.elapsed() < Duration::from_secs(100));
    }
    let restart = Modification {
        restart: true,
        ..Modification::default()
    };
    world.succeed(on("shop", Action::Modify(restart.clone()))).await;
    everywhere(&world, "max_connections", "400").await;
    everywhere(&world, "shared_buffers", "1GB").await;
    if cfg!(target_os = "linux") {
        held_everywhere(&world, 3 << 30).await;
    }

    // More than the machine has is not asked for, and that is said.
    let job = world.succeed(resize("1-256", true)).await;
    let said = job.result.unwrap()["capacity"].as_str().unwrap().to_owned();
    assert!(said.contains("this machine has no more"), "{said}");
    if cfg!(target_os = "linux") {
        let machine = u32::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
        let mut session = connected(&world, "shop").await;
        assert_eq!(held(&mut session).await.0, machine);
    }

    // Down, with the restart, whose worker dies on the way: readers too, which may not have less before they have
    // replayed what their writer wrote when it had more.
    let down = resize("1-1", true);
    assert!(matches!(
        world.clusters.tier(&down).await.unwrap(),
        Tier::Risk { .. }
    ));
    let job = down.start(&world.engine, "test").await.unwrap();
    for (step, delay) in [(0, 0), (1, 0), (1, 300), (1, 900)] {
        world
            .kill_worker_in(&job.id, step, Duration::from_millis(delay))
            .await;
    }
    let job = world.finished(&job.id).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    everywhere(&world, "max_connections", "189").await;
    everywhere(&world, "shared_buffers", "512MB").await;
    assert!(
        !details(&world, "shop")
            .await
            .contains_key("Waiting for a restart")
    );

    // It stays whatever becomes of the servers, and those that come have it.
    world.succeed(on("shop", Action::Failover { to: None })).await;
    world.succeed(on("shop", Action::AddReader)).await;
    world.succeed(on("shop", Action::Stop)).await;
    assert!(details(&world, "shop").await["Capacity"].starts_with("1 to 1 ACU"));
    world.succeed(on("shop", Action::Start)).await;
    assert_eq!(world.clusters.describe("shop").await.unwrap().instances.len(), 3);
    everywhere(&world, "max_connections", "189").await;
    if cfg!(target_os = "linux") {
        held_everywhere(&world, 3 << 29).await;
    }

    // What somebody has set wins, and that is said.
    let change = Modification {
        parameters: [("max_connections".to_owned(), Some("250".to_owned()))].into(),
        ..restart
    };
    world.succeed(on("shop", Action::Modify(change))).await;
    everywhere(&world, "max_connections", "250").await;
    let shown = answered(&world, "shop").await;
    assert!(
        shown["Capacity, set otherwise"].starts_with("max_connections: "),
        "{shown:?}"
    );
    assert!(
        shown["Capacity, enforced"].contains("250 connections by the server"),
        "{shown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_have_the_cap_of_what_they_are_copies_of() {
    let world = World::new();
    world.succeed(create("0.5-1", 0)).await;
    let mut shop = connected(&world, "shop").await;
    shop.batch("CREATE TABLE t AS SELECT 1 AS n").await.unwrap();
    let now = one(
        &mut shop,
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    )
    .await;
    drop(shop);
    let snapshot = || "monday".parse().unwrap();
    world
        .succeed(on("shop", Action::Snapshot { snapshot: snapshot() }))
        .await;
    let source = || "shop".parse().unwrap();
    let copies = [
        (
            "restored",
            "512MB",
            Action::Restore {
                snapshot: snapshot(),
                readers: 0,
                shape: Shape::default(),
            },
        ),
        (
            "larger",
            "1GB",
            Action::Restore {
                snapshot: snapshot(),
                readers: 1,
                shape: shape("1-2"),
            },
        ),
        (
            "then",
            "512MB",
            Action::RestoreToTime {
                source: source(),
                time: now,
                readers: 0,
                shape: Shape::default(),
            },
        ),
        (
            "clone",
            "512MB",
            Action::Clone {
                source: source(),
                readers: 1,
                shape: Shape::default(),
            },
        ),
    ];
    for (name, shared, action) in copies {
        world.succeed(on(name, action)).await;
        let mut copy = connected(&world, name).await;
        assert_eq!(one(&mut copy, "SHOW shared_buffers").await, shared, "{name}");
        assert_eq!(one(&mut copy, "SELECT n FROM t").await, "1", "{name}");
        let range = if name == "larger" {
            "1 to 2 ACU"
        } else {
            "0.5 to 1 ACU"
        };
        assert!(
            details(&world, name).await["Capacity"].starts_with(range),
            "{name}"
        );
        if cfg!(target_os = "linux") {
            assert_eq!(held(&mut copy).await.0, 1, "{name}");
        }
        drop(copy);
        world
            .succeed(on(name, Action::Delete { final_snapshot: None }))
            .await;
    }

    // There are no classes here, and no presets.
    let class = || shape("db.r8g.large");
    let production = Shape {
        preset: Preset::Production,
        compute: None,
    };
    for (name, action) in [
        (
            "new",
            Action::Create {
                version: None,
                readers: 0,
                database: "app".into(),
                shape: class(),
            },
        ),
        (
            "new",
            Action::Create {
                version: None,
                readers: 0,
                database: "app".into(),
                shape: production,
            },
        ),
        (
            "new",
            Action::Restore {
                snapshot: snapshot(),
                readers: 0,
                shape: class(),
            },
        ),
        (
            "new",
            Action::Clone {
                source: source(),
                readers: 0,
                shape: class(),
            },
        ),
        (
            "shop",
            Action::CreateBlueGreen {
                version: None,
                compute: class().compute,
            },
        ),
        (
            "shop",
            Action::Modify(Modification {
                compute: class().compute,
                ..Modification::default()
            }),
        ),
    ] {
        let error = world.clusters.check(&on(name, action)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{error:?}");
    }
    // Without a range nothing is capped.
    let free = Action::Create {
        version: None,
        readers: 0,
        database: "app".into(),
        shape: Shape::default(),
    };
    world.succeed(on("free", free)).await;
    assert!(details(&world, "free").await.is_empty());
    let mut free = connected(&world, "free").await;
    assert_eq!(one(&mut free, "SHOW max_connections").await, "100");
    if cfg!(target_os = "linux") {
        assert_eq!(held(&mut free).await.1, "unlimited");
    }
}

/// The worker of all these jobs: not a test.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, as their worker"]
async fn worker() {
    world::work().await;
}
