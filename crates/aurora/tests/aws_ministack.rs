//! The provider `aws` against MiniStack, which knows other things of AWS than moto does: its versions, its states and its own
//! AlreadyExists. What it has not (blue/green, restores, copies of snapshots) is tested against moto alone.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod account;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use account::case::{PRODUCTION, create, on};
use account::{Account, in_account, names};
use howdah_aurora::events::EventKind;
use howdah_aurora::{Action, ClusterStatus, Modification, Operation, Preset, Role, Shape};
use howdah_jobs::JobState;
use howdah_store::samples::Window;
use serde_json::{Value, json};

fn snapshot(cluster: &str, name: &str) -> Operation {
    on(
        cluster,
        Action::Snapshot {
            snapshot: name.parse().unwrap(),
        },
    )
}

fn delete(cluster: &str, last: &str) -> Operation {
    on(
        cluster,
        Action::Delete {
            final_snapshot: Some(last.parse().unwrap()),
        },
    )
}

fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// An account of MiniStack that has nothing, and a plan for the calls that follow.
fn reset(account: &Account, plan: &Value) {
    let mut plan = plan.clone();
    plan["ministack"] = true.into();
    account.reset(&json!({}), &plan);
}

#[test]
fn a_cluster_through_its_whole_life() {
    in_account("body_life");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of a whole life"]
async fn body_life() {
    let account = Account::with(PRODUCTION);
    reset(&account, &json!({}));
    let job = account.succeed(&create("shop", Preset::Production, 1)).await;
    let result = job.result.clone().unwrap();
    assert_eq!(result["status"], "available", "{result}");
    account.assert_clean(Some(&job)).await;
    let roles = async || -> Vec<(String, Role)> {
        let described = account.clusters.describe("shop").await.unwrap();
        let instances = described.instances.into_iter();
        instances.map(|one| (one.name, one.role)).collect()
    };
    let of = |name: &str, role| (name.to_owned(), role);
    assert_eq!(
        roles().await,
        [of("shop-1", Role::Writer), of("shop-2", Role::Reader)]
    );
    let described = account.clusters.describe("shop").await.unwrap();
    assert_eq!(described.details["Deletion protection"], "yes", "{described:?}");
    assert_eq!(described.details["Scaling"], "Serverless v2, 2 to 16 ACU");
    assert!(
        described.details["Parameters"].contains("rds.force_ssl=1"),
        "{described:?}"
    );

    // A name is taken once.
    let error = account
        .clusters
        .check(&create("shop", Preset::Dev, 0))
        .await
        .unwrap_err();
    assert!(error.message.contains("already"), "{error:?}");

    account.succeed(&snapshot("shop", "monday")).await;
    let to = Some("shop-2".to_owned());
    account.succeed(&on("shop", Action::Failover { to })).await;
    assert!(roles().await.contains(&of("shop-2", Role::Writer)));
    account.succeed(&on("shop", Action::AddReader)).await;
    assert_eq!(roles().await.len(), 3);
    let reader = "shop-1".to_owned();
    account
        .succeed(&on("shop", Action::RemoveReader { reader }))
        .await;
    assert_eq!(roles().await.len(), 2);

    let change = Modification {
        compute: Some("1-8".parse().unwrap()),
        retention_days: Some(30),
        deletion_protection: Some(false),
        parameters: [("log_min_duration_statement".to_owned(), Some("250".to_owned()))].into(),
        ..Modification::default()
    };
    account.succeed(&on("shop", Action::Modify(change))).await;
    let described = account.clusters.describe("shop").await.unwrap();
    assert_eq!(described.details["Scaling"], "Serverless v2, 1 to 8 ACU");
    assert_eq!(described.details["Deletion protection"], "no");
    assert!(
        described.details["Parameters"].contains("log_min_duration_statement=250"),
        "{described:?}"
    );

    account.succeed(&on("shop", Action::Stop)).await;
    let status = async || account.clusters.describe("shop").await.unwrap().status;
    assert_eq!(status().await, ClusterStatus::Stopped);
    account.succeed(&on("shop", Action::Start)).await;
    assert_eq!(status().await, ClusterStatus::Available);

    // It notes what restarts, and takes no times that AWS would not.
    account.order(&json!({ "ministack": true, "reboot": "shop-2" }));
    let events = async |from: i64, to: i64| {
        let window = Window {
            from_s: now_s() + from,
            to_s: now_s() + to,
        };
        account.clusters.events("shop", window).await.unwrap().1
    };
    let begun = Instant::now();
    let mut seen = events(-14 * 86_400, 5).await;
    while seen.is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "no event of the restart"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
        seen = events(-14 * 86_400, 5).await;
    }
    assert_eq!(seen[0].source, "shop-2");
    assert_eq!(seen[0].kind, EventKind::Restart);
    assert!((seen[0].at_s - now_s()).abs() < 60, "{seen:?}");
    assert_eq!(events(-7_200, -3_600).await, []);

    // By the protocol of our SDK it shows no dimensions of an alarm: what an alarm is about is tested against the recorder's
    // own. A composite one wants the alarms that it names.
    let topics = Vec::new();
    account
        .succeed(&on("shop", Action::CreateAlarms { topics }))
        .await;
    let calls = account.state()["calls"].clone();
    let made = |call: &str| names(&calls).iter().filter(|name| **name == call).count();
    assert!(
        made("PutMetricAlarm") > 5 && made("PutCompositeAlarm") > 0,
        "{calls}"
    );
    account.succeed(&on("shop", Action::DeleteAlarms)).await;

    // It takes no final snapshot; and a job says so of one that is not there.
    let job = account.run(&delete("shop", "last")).await;
    assert_eq!(job.state, JobState::Failed);
    let error = job.error.unwrap();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("snapshot last is not there"), "{error}");
    assert_eq!(account.clusters.list().await.unwrap().clusters, vec![]);
    let left = account.clusters.snapshots().await.unwrap();
    let left: Vec<&str> = left.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(left, ["monday"]);
    let snapshot = "monday".parse().unwrap();
    account
        .succeed(&on("shop", Action::DeleteSnapshot { snapshot }))
        .await;
    assert_eq!(account.clusters.snapshots().await.unwrap(), vec![]);
    account.assert_clean(None).await;
}

#[test]
fn what_is_lost_on_the_way_is_looked_into() {
    in_account("body_lost");
}

/// MiniStack has its own answer to what is asked for twice; a job knows its own cluster by it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that"]
async fn body_lost() {
    let account = Account::with(PRODUCTION);
    reset(&account, &json!({}));
    account.succeed(&create("shop", Preset::Dev, 1)).await;
    let calls = account.state()["calls"].clone();
    let mut faults = 0;
    for (at, call) in names(&calls).into_iter().enumerate() {
        if call.starts_with("Describe") {
            continue;
        }
        for fault in ["lost", "throttled", "truncated"] {
            let what = format!("{fault} at call {} ({call})", at + 1);
            reset(&account, &json!({ "at": at + 1, "fault": fault }));
            let job = account.run(&create("shop", Preset::Dev, 1)).await;
            assert_eq!(job.state, JobState::Succeeded, "{what}: {:?}", job.error);
            let clusters = account.clusters.list().await.unwrap().clusters;
            let members: Vec<usize> = clusters.iter().map(|one| one.instances.len()).collect();
            assert_eq!(members, [2], "{what}: {clusters:?}");
            account.assert_clean(Some(&job)).await;
            faults += 1;
        }
    }
    assert!(faults >= 9, "{faults} faults over {calls}");
}

#[test]
fn a_cluster_of_express_configuration_is_made_and_deleted() {
    in_account("body_express");
}

/// MiniStack knows nothing of it and takes the rest of the request; the recorder has judged the member by the model, and
/// makes the writer that AWS makes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that"]
async fn body_express() {
    let account = Account::with("allow = ['delete-without-snapshot', 'public-access']");
    reset(&account, &json!({}));
    let shape = Shape {
        preset: Preset::Express,
        compute: None,
    };
    let action = Action::Create {
        version: None,
        readers: 0,
        database: "postgres".into(),
        shape,
    };
    let job = account.succeed(&on("quick", action)).await;
    assert_eq!(job.result.unwrap()["status"], "available");
    let described = account.clusters.describe("quick").await.unwrap();
    assert_eq!(described.instances[0].name, "quick-instance-1");
    account
        .succeed(&on("quick", Action::Delete { final_snapshot: None }))
        .await;
    assert_eq!(account.clusters.list().await.unwrap().clusters, vec![]);
    account.assert_clean(None).await;
}
