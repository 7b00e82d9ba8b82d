//! Clusters of express configuration: no emulator has it, so the recorder has moto make what AWS would, of a request that
//! it has judged by the model; with every fault at every call, and workers that are killed at it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[macro_use]
mod account;

use account::case::{Case, on};
use account::{Account, in_account, names};
use howdah_aurora::{Action, ClusterStatus, Operation, Preset, ProxyOptions, Shape, Tier};
use howdah_core::ErrorKind;
use serde_json::json;

const ALLOWED: &str = "allow = ['delete-without-snapshot', 'public-access']";

fn express(cluster: &str, size: Option<&str>) -> Operation {
    let shape = Shape {
        preset: Preset::Express,
        compute: size.map(|size| size.parse().unwrap()),
    };
    on(
        cluster,
        Action::Create {
            version: None,
            readers: 0,
            database: "postgres".into(),
            shape,
        },
    )
}

#[test]
fn a_cluster_is_there_at_once_and_let_in_by_tokens() {
    in_account("body_life");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of a life"]
async fn body_life() {
    let account = Account::with(&format!(
        "{ALLOWED}\nsubnet_group = 'private'\nkms_key = 'alias/own'"
    ));
    account.reset(&json!({}), &json!({}));
    match account.clusters.tier(&express("quick", None)).await.unwrap() {
        Tier::Confirm { effect } => assert!(
            effect.contains("a writer (Serverless v2, 0 to 16 ACU), preset express")
                && effect.contains("over the internet")
                && effect.contains("blue/green deployments, RDS Proxy, Global Database and zero-ETL")
                && effect.contains("subnet_group, kms_key does not hold"),
            "{effect}"
        ),
        other => panic!("{other:?}"),
    }
    let job = account.succeed(&express("quick", None)).await;
    let result = job.result.clone().unwrap();
    assert_eq!(result["status"], "available", "{result}");
    assert_eq!(result["version"], "17.4", "{result}");
    assert_eq!(result["user"], "postgres", "{result}");
    assert!(result.get("secret").is_none(), "{result}");
    let state = account.state();
    assert_eq!(names(&state["groups"]), [""; 0], "AWS lays its parameters down");
    assert_eq!(state["clusters"]["quick"]["tags"]["howdah:job"], job.id);
    account.assert_clean(Some(&job)).await;

    let shown = account.clusters.describe("quick").await.unwrap();
    assert_eq!(shown.status, ClusterStatus::Available, "{shown:?}");
    assert_eq!(shown.instances[0].name, "quick-instance-1");
    assert!(
        shown.details["Network"].contains("IAM tokens alone")
            && shown.details["Network"].contains("zero-ETL"),
        "{shown:?}"
    );
    let roots = std::fs::read_to_string(shown.connection.unwrap().ca_file).unwrap();
    assert!(
        roots.matches("BEGIN CERTIFICATE").count() > 54,
        "both authorities"
    );
    let url = account.clusters.url("quick").await.unwrap();
    assert!(
        url.contains("postgres:") && url.contains("X-Amz-Signature"),
        "{url}"
    );

    // What it never has is refused before anything is made, with the way out.
    let green = Action::CreateBlueGreen {
        version: None,
        compute: None,
    };
    let proxy = Action::CreateProxy(ProxyOptions::default());
    for (action, what) in [(green, "express configuration"), (proxy, "express configuration")] {
        let error = account.clusters.check(&on("quick", action)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.contains(what), "{error:?}");
        assert!(error.hint.unwrap().contains("Take a snapshot of it"));
    }
    let changes = ["CreateBlueGreenDeployment", "CreateDBProxy"];
    let calls = account.state()["calls"].clone();
    assert!(
        names(&calls).iter().all(|call| !changes.contains(call)),
        "{calls}"
    );

    // It can have readers like every other.
    account.succeed(&on("quick", Action::AddReader)).await;
    assert_eq!(
        names(&account.state()["clusters"]["quick"]["members"]),
        ["quick-1", "quick-instance-1"]
    );

    // The way out.
    let snapshot = "monday".parse().unwrap();
    account.succeed(&on("quick", Action::Snapshot { snapshot })).await;
    let snapshot = "monday".parse().unwrap();
    let restore = Action::Restore {
        snapshot,
        readers: 0,
        shape: Shape::default(),
    };
    account.succeed(&on("ordinary", restore)).await;
    assert_eq!(account.state()["clusters"]["ordinary"]["managed"], true);
    account
        .succeed(&on("quick", Action::Delete { final_snapshot: None }))
        .await;
    assert_eq!(names(&account.state()["clusters"]), ["ordinary"]);
    account.assert_clean(None).await;
}

#[test]
fn what_aws_lays_down_cannot_be_asked_for() {
    in_account("body_refusals");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of refusals"]
async fn body_refusals() {
    let closed = Account::with("");
    closed.reset(&json!({ "shop": 1 }), &json!({}));
    let error = closed.clusters.check(&express("quick", None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.hint.unwrap().contains("public-access"));

    let account = Account::with(ALLOWED);
    let refused = async |operation: Operation| account.clusters.check(&operation).await.unwrap_err();
    let asked = |version, readers, database: &str| {
        let shape = Shape {
            preset: Preset::Express,
            compute: None,
        };
        let database = database.into();
        on(
            "quick",
            Action::Create {
                version,
                readers,
                database,
                shape,
            },
        )
    };
    for (operation, hint) in [
        (asked(Some(16), 0, "postgres"), "Leave the version out"),
        (asked(None, 1, "postgres"), "howdah cluster add-reader quick"),
        (asked(None, 0, "app"), "CREATE DATABASE app"),
        (express("quick", Some("db.r8g.large")), "range of ACU"),
    ] {
        let error = refused(operation).await;
        assert_eq!(error.kind, ErrorKind::Invalid, "{error:?}");
        assert!(error.hint.clone().unwrap().contains(hint), "{error:?}");
    }
    let clone = Action::Clone {
        source: "shop".parse().unwrap(),
        readers: 0,
        shape: Shape {
            preset: Preset::Express,
            compute: None,
        },
    };
    assert!(
        refused(on("twin", clone))
            .await
            .message
            .contains("for new clusters")
    );
    assert!(refused(express("shop", None)).await.message.contains("already"));

    // A range may be given.
    account.succeed(&express("quick", Some("0.5-2"))).await;
    let scaling = account.state()["clusters"]["quick"]["scaling"].clone();
    assert_eq!(scaling["MaxCapacity"], 2.0, "{scaling}");
    account.assert_clean(None).await;
}

fn creation() -> Case {
    Case {
        operation: express("quick", None),
        seed: json!({}),
        done: |state| {
            assert_eq!(names(&state["clusters"]), ["quick"]);
            assert_eq!(names(&state["instances"]), ["quick-instance-1"]);
        },
        undone: |state| {
            assert_eq!(names(&state["clusters"]), [""; 0]);
            assert_eq!(names(&state["instances"]), [""; 0]);
        },
        spared: &[],
    }
}

scenarios! {
    a_creation_survives_every_fault body_faults [creation()], with_faults;
    a_creation_survives_kills body_kills [creation()], with_kills;
}
