//! Blue/green deployments of AWS against moto behind the recorder, with every fault at every call, and workers
//! that are killed at it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[macro_use]
mod account;

use account::case::{Case, PRODUCTION, on};
use account::{Account, in_account, names};
use howdah_aurora::{Action, BlueGreenStatus, ClusterStatus, Operation, Tier};
use howdah_core::ErrorKind;
use howdah_jobs::JobState;
use serde_json::{Value, json};

fn create(cluster: &str, version: Option<u16>) -> Operation {
    let compute = None;
    on(cluster, Action::CreateBlueGreen { version, compute })
}

fn switch(cluster: &str) -> Operation {
    on(cluster, Action::SwitchBlueGreen { timeout_s: 120 })
}

fn delete(cluster: &str, keep: bool) -> Operation {
    on(cluster, Action::DeleteBlueGreen { keep })
}

fn clusters(state: &Value) -> usize {
    names(&state["clusters"]).len()
}

#[test]
fn green_takes_the_place_of_blue() {
    in_account("body_switch");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of a switch"]
async fn body_switch() {
    let account = Account::with(PRODUCTION);
    account.reset(&json!({ "blue": 2 }), &json!({}));
    match account.clusters.tier(&create("blue", Some(17))).await.unwrap() {
        Tier::Confirm { effect } => assert!(
            effect.contains("second cluster") && effect.contains("tables can follow was not seen"),
            "{effect}"
        ),
        other => panic!("{other:?}"),
    }
    let job = account.succeed(&create("blue", Some(17))).await;
    let state = account.state();
    assert_eq!(state["deployments"]["blue"]["status"], "AVAILABLE");
    let green = state["deployments"]["blue"]["target"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(job.result.unwrap()["target"], green);
    assert_eq!(state["clusters"][&green]["group"], "howdah-blue-pg17");
    assert_eq!(
        state["groups"]["howdah-blue-pg17"],
        json!({ "rds.logical_replication": "1" }),
        "what was set for blue is set for green"
    );
    let described = account.clusters.describe("blue").await.unwrap();
    let shown = described.blue_green.unwrap();
    assert_eq!(shown.status, BlueGreenStatus::Available);
    assert_eq!(
        (shown.blue.as_str(), shown.green.as_str()),
        ("blue", green.as_str())
    );

    // One at a time, and by the blue one's name.
    let error = account.clusters.check(&create("blue", None)).await.unwrap_err();
    assert!(error.message.contains("already"), "{error:?}");
    let error = account.clusters.check(&switch(&green)).await.unwrap_err();
    assert!(error.hint.unwrap().contains("blue"), "{:?}", error.message);

    assert!(matches!(
        account.clusters.tier(&switch("blue")).await.unwrap(),
        Tier::Risk { effect } if effect.contains("cannot be undone") && effect.contains("120 s")
    ));
    account.succeed(&switch("blue")).await;
    let described = account.clusters.describe("blue").await.unwrap();
    assert_eq!(described.status, ClusterStatus::Available, "{described:?}");
    assert!(described.version.starts_with("17"), "{described:?}");
    let shown = described.blue_green.unwrap();
    assert_eq!(shown.status, BlueGreenStatus::Switched);
    assert_eq!((shown.blue.as_str(), shown.green.as_str()), ("blue-old1", "blue"));
    let error = account.clusters.check(&switch("blue")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);

    account.succeed(&delete("blue", false)).await;
    let state = account.state();
    assert_eq!(names(&state["clusters"]), ["blue"]);
    assert_eq!(state["deployments"], json!({}));

    // The group that green came with goes with the cluster.
    let final_snapshot = None;
    account
        .succeed(&on("blue", Action::Delete { final_snapshot }))
        .await;
    let state = account.state();
    assert_eq!(names(&state["groups"]), [""; 0]);
    assert_eq!(names(&state["clusters"]), [""; 0]);
    account.assert_clean(None).await;
}

#[test]
fn what_is_in_the_way_is_said_before_anything_is_made() {
    in_account("body_in_the_way");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of refusals"]
async fn body_in_the_way() {
    let account = Account::with("");
    account.reset(
        &json!({ "shop": 1, "blue-made": 1, "blue-switched": 1 }),
        &json!({}),
    );
    let refused = async |operation: &Operation| account.clusters.check(operation).await.unwrap_err();
    let error = refused(&create("shop", Some(16))).await;
    for what in [
        "managed by Secrets Manager",
        "rds.logical_replication is off",
        "from version 16.8 to 16",
    ] {
        assert!(error.message.contains(what), "{what}: {error:?}");
    }
    let hint = error.hint.unwrap();
    assert!(
        hint.contains("howdah cluster modify shop --parameter rds.logical_replication=1 --restart"),
        "{hint}"
    );
    assert_eq!(
        refused(&switch("shop")).await.kind,
        ErrorKind::Refused,
        "not allowed"
    );
    assert_eq!(refused(&delete("shop", false)).await.kind, ErrorKind::NotFound);
    let error = refused(&delete("blue-switched", false)).await;
    assert!(error.hint.unwrap().contains("delete-without-snapshot"));
    account
        .clusters
        .check(&delete("blue-switched", true))
        .await
        .unwrap();
    account.clusters.check(&delete("blue-made", false)).await.unwrap();
    assert_eq!(
        names(&account.state()["deployments"]),
        ["blue-made", "blue-switched"]
    );
    account.assert_clean(None).await;
}

#[test]
fn what_is_kept_stays() {
    in_account("body_kept");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of what is kept"]
async fn body_kept() {
    let account = Account::with(PRODUCTION);
    for cluster in ["blue-made", "blue-switched"] {
        account.reset(&json!({ cluster: 1 }), &json!({}));
        account.succeed(&delete(cluster, true)).await;
        assert_eq!(clusters(&account.state()), 2, "{cluster}");
        assert_eq!(account.state()["deployments"], json!({}));
    }
    // A switch that was taken back by AWS says so, and that nothing has changed.
    account.reset(&json!({ "blue-made": 1 }), &json!({ "takes_back": true }));
    let job = account.run(&switch("blue-made")).await;
    assert_eq!(job.state, JobState::Failed);
    let error = job.error.unwrap();
    assert!(
        error["message"].as_str().unwrap().contains("taken back by AWS"),
        "{error}"
    );
    account.assert_clean(None).await;
}

#[test]
fn a_server_is_asked_what_green_would_lack_and_how_far_it_is_behind() {
    in_account("body_server");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of a server"]
async fn body_server() {
    let options = howdah_testkit::ServerOptions {
        settings: vec![("wal_level".to_owned(), "logical".to_owned())],
        ..Default::default()
    };
    let server = howdah_testkit::private(options).await;
    let ca = server.ca_file().display();
    let account = Account::with(&format!("{PRODUCTION}\niam_user = 'postgres'\nca_file = '{ca}'"));
    let shop = server.database_named("The \"Shop\"").await;
    shop.execute(
        "CREATE SCHEMA \"Sales\"; CREATE TABLE \"Sales\".\"Order\" (id int, note text);
         CREATE TABLE whole (id int); ALTER TABLE whole REPLICA IDENTITY FULL;
         CREATE TABLE keyed (id int PRIMARY KEY); CREATE UNLOGGED TABLE cache (id int PRIMARY KEY);
         SELECT lo_create(0)",
    )
    .await;
    let at_server = json!({ "endpoint_port": server.port() });
    account.reset(&json!({ "blue": 1, "blue-made": 1 }), &at_server);
    match account.clusters.tier(&create("blue", None)).await.unwrap() {
        Tier::Confirm { effect } => assert!(!effect.contains("was not seen"), "{effect}"),
        other => panic!("{other:?}"),
    }
    let error = account.clusters.check(&create("blue", None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    for part in [
        "The \"Shop\": the table \"Sales\".\"Order\" has no primary key",
        "public.cache is unlogged",
        "1 large objects",
    ] {
        assert!(error.message.contains(part), "{part}: {}", error.message);
    }
    assert!(
        !error.message.contains("whole") && !error.message.contains("keyed"),
        "{}",
        error.message
    );
    assert!(error.hint.as_ref().unwrap().contains("primary key"), "{error:?}");
    shop.execute(
        "ALTER TABLE \"Sales\".\"Order\" ADD PRIMARY KEY (id); DROP TABLE cache;
         SELECT lo_unlink(oid) FROM pg_largeobject_metadata",
    )
    .await;
    account.clusters.check(&create("blue", None)).await.unwrap();

    // A slot that nobody reads from is a green that does not follow, and nothing is switched.
    let slot = "SELECT pg_create_logical_replication_slot('green', 'pgoutput')";
    shop.execute(slot).await;
    shop.execute("INSERT INTO keyed SELECT generate_series(1, 10000)")
        .await;
    let shown = async || {
        let described = account.clusters.describe("blue-made").await.unwrap();
        described.blue_green.unwrap()
    };
    let behind = shown().await;
    assert_eq!(behind.status, BlueGreenStatus::Degraded);
    assert!(behind.lag_bytes.unwrap() > 100_000, "{behind:?}");
    let job = account.run(&switch("blue-made")).await;
    assert_eq!(job.state, JobState::Failed);
    let error = job.error.unwrap();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("does not follow, so nothing was switched"),
        "{error}"
    );
    assert_eq!(account.state()["deployments"]["blue-made"]["status"], "AVAILABLE");

    // One that follows is switched to.
    shop.execute("CREATE PUBLICATION changes FOR TABLE keyed").await;
    shop.execute("SELECT pg_drop_replication_slot('green')").await;
    shop.execute(slot).await;
    let green = server.database_named("green").await;
    green.execute("CREATE TABLE keyed (id int PRIMARY KEY)").await;
    let port = server.port();
    green
        .execute(&format!(
            "CREATE SUBSCRIPTION green CONNECTION 'host=127.0.0.1 port={port} user=postgres dbname=''The \"Shop\"''' \
             PUBLICATION changes WITH (create_slot = false, copy_data = false)"
        ))
        .await;
    let start = std::time::Instant::now();
    loop {
        let near = shown().await;
        if near.status == BlueGreenStatus::Available && near.lag_bytes.is_some_and(|bytes| bytes < 1 << 20) {
            break;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "{near:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    account.succeed(&switch("blue-made")).await;
    account.assert_clean(None).await;
}

fn creation() -> Case {
    Case {
        operation: create("blue", Some(17)),
        seed: json!({ "blue": 1 }),
        done: |state| {
            assert_eq!(clusters(state), 2);
            assert_eq!(names(&state["groups"]), ["howdah-blue", "howdah-blue-pg17"]);
        },
        undone: |state| {
            assert_eq!(names(&state["clusters"]), ["blue"]);
            assert_eq!(names(&state["groups"]), ["howdah-blue"]);
            assert_eq!(state["deployments"], json!({}));
        },
        spared: &[],
    }
}

fn switching() -> Case {
    Case {
        operation: switch("blue-made"),
        seed: json!({ "blue-made": 1 }),
        done: |state| {
            assert_eq!(clusters(state), 2);
            assert_eq!(
                state["clusters"]["blue-made-old1"]["members"],
                json!(["blue-made-1"])
            );
            assert_eq!(
                state["deployments"]["blue-made"]["status"],
                "SWITCHOVER_COMPLETED"
            );
        },
        undone: |state| assert_eq!(clusters(state), 2),
        // How far green is behind cannot be seen without it; AWS waits by itself.
        spared: &["DescribeDBClusters"],
    }
}

fn endings() -> Vec<Case> {
    let case = |cluster: &str, done| Case {
        operation: delete(cluster, false),
        seed: json!({ cluster: 1 }),
        done,
        undone: |_| {},
        spared: &[],
    };
    vec![
        case("blue-made", |state| {
            assert_eq!(names(&state["clusters"]), ["blue-made"]);
            assert_eq!(names(&state["instances"]), ["blue-made-1"]);
        }),
        case("blue-switched", |state| {
            assert_eq!(names(&state["clusters"]), ["blue-switched"]);
            assert_eq!(names(&state["instances"]).len(), 1);
        }),
    ]
}

scenarios! {
    making_green_survives_every_fault body_creation_faults [creation()], with_faults;
    a_switch_and_an_end_survive_every_fault body_switch_faults endings().into_iter().chain([switching()]), with_faults;
    blue_green_survives_kills body_kills endings().into_iter().chain([creation(), switching()]), with_kills;
}
