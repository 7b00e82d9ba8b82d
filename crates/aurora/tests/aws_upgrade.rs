//! Upgrades in place of clusters of AWS against moto behind the recorder, with every fault at every call, and workers that
//! are killed at it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[macro_use]
mod account;

use account::case::{Case, PRODUCTION, on};
use account::{Account, in_account, names};
use howdah_aurora::{Action, Operation, Tier, Upgrade};
use howdah_core::{Error, ErrorKind};
use howdah_jobs::JobState;
use serde_json::{Value, json};

fn upgrade(cluster: &str, to: &str) -> Operation {
    on(cluster, Action::Upgrade(asked(to)))
}

fn asked(to: &str) -> Upgrade {
    Upgrade {
        from: "16.8".parse().unwrap(),
        to: to.parse().unwrap(),
        snapshot: "before".parse().unwrap(),
        in_window: false,
        unchecked: false,
    }
}

async fn risk(account: &Account, operation: &Operation) -> String {
    match account.clusters.tier(operation).await.unwrap() {
        Tier::Risk { effect } => effect,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cluster_gets_another_version() {
    in_account("body_upgrade");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of an upgrade"]
async fn body_upgrade() {
    let account = Account::with(PRODUCTION);
    account.reset(&json!({ "blue": 2, "shop": 1 }), &json!({}));
    let effect = risk(&account, &upgrade("blue", "17.10")).await;
    for part in [
        "from 16.8 to 17.10 together",
        "no way back to 16.8 but a restore of the snapshot before",
        "statistics are not carried over",
        "new parameter group, howdah-blue-pg17",
        "howdah cluster blue-green create blue --pg-version 17",
    ] {
        assert!(effect.contains(part), "{part}: {effect}");
    }
    let job = account.succeed(&upgrade("blue", "17.10")).await;
    let state = account.state();
    let blue = &state["clusters"]["blue"];
    assert_eq!(blue["version"], "17.10");
    assert_eq!(blue["group"], "howdah-blue-pg17");
    assert_eq!(
        state["groups"]["howdah-blue-pg17"],
        json!({ "rds.logical_replication": "1" }),
        "what was set is set still"
    );
    assert_eq!(state["snapshots"], json!(["before"]));
    assert_eq!(
        state["upgrades"],
        json!([{ "EngineVersion": "17.10", "AllowMajorVersionUpgrade": true, "ApplyImmediately": true,
                 "DBClusterParameterGroupName": "howdah-blue-pg17" }])
    );
    let result = job.result.clone().unwrap();
    assert_eq!(
        (&result["status"], &result["version"], &result["snapshot"]),
        (&json!("available"), &json!("17.10"), &json!("before"))
    );
    // No server is behind the endpoint of this account.
    let left = result["left_to_do"].to_string();
    assert!(
        left.contains("vacuumdb --all --analyze-in-stages") && left.contains("ALTER EXTENSION"),
        "{left}"
    );
    account.assert_clean(Some(&job)).await;

    // Of a minor version neither groups nor statistics change.
    let minor = Operation {
        action: Action::Upgrade(Upgrade {
            snapshot: "before-minor".parse().unwrap(),
            ..asked("16.10")
        }),
        ..upgrade("shop", "16.10")
    };
    let effect = risk(&account, &minor).await;
    assert!(
        effect.contains("about a minute") && !effect.contains("statistics"),
        "{effect}"
    );
    let job = account.succeed(&minor).await;
    let state = account.state();
    assert_eq!(state["clusters"]["shop"]["version"], "16.10");
    assert_eq!(state["clusters"]["shop"]["group"], "default.aurora-postgresql16");
    assert_eq!(
        state["upgrades"][1],
        json!({ "EngineVersion": "16.10", "ApplyImmediately": true })
    );
    assert_eq!(job.result.unwrap().get("left_to_do"), None);
    account.assert_clean(None).await;
}

#[test]
fn aws_says_to_which_versions_it_goes() {
    in_account("body_paths");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of paths"]
async fn body_paths() {
    let account = Account::with("");
    account.reset(&json!({ "shop": 1, "blue": 1, "blue-made": 1 }), &json!({}));
    let path = async |wanted: &str| -> Result<String, Error> {
        let (plane, cluster) = account.clusters.find("shop").await?;
        let (from, to) = plane.upgrade_path(&cluster, wanted.parse()?).await?;
        assert_eq!(from.to_string(), "16.8");
        Ok(to.to_string())
    };
    assert_eq!(path("17").await.unwrap(), "17.10", "numbers are no texts");
    assert_eq!(path("17.4").await.unwrap(), "17.4");
    assert_eq!(path("16").await.unwrap(), "16.10");
    for (wanted, message, hint) in [
        (
            "18",
            "does not upgrade the cluster shop from 16.8 to 18",
            "It can go to 16.9, 16.10, 17.4, 17.5, 17.10.",
        ),
        ("17.99", "to 17.99", "17.10"),
        ("16.8", "has 16.8 already", "It can go to"),
        ("15", "from 16.8 to 15", "No server goes back"),
        ("seventeen", "no version of PostgreSQL", "17.4"),
    ] {
        let error = path(wanted).await.unwrap_err();
        assert!(error.message.contains(message), "{wanted}: {error:?}");
        assert!(error.hint.as_ref().unwrap().contains(hint), "{wanted}: {error:?}");
    }

    let refused = async |operation: &Operation| account.clusters.check(operation).await.unwrap_err();
    let error = refused(&upgrade("blue-made", "17.4")).await;
    assert!(
        error.message.contains("part of a blue/green deployment"),
        "{error:?}"
    );
    assert!(error.hint.unwrap().contains("blue-green delete blue-made"));
    let error = refused(&upgrade("shop", "18.1")).await;
    assert!(error.message.contains("to 18.1"), "{error:?}");
    let stale = Action::Upgrade(Upgrade {
        from: "16.6".parse().unwrap(),
        ..asked("17.4")
    });
    let error = refused(&on("shop", stale)).await;
    assert!(error.message.contains("has 16.8 by now, not 16.6"), "{error:?}");
    let snapshot = "before".parse().unwrap();
    account.succeed(&on("shop", Action::Snapshot { snapshot })).await;
    let error = refused(&upgrade("shop", "17.4")).await;
    assert!(error.message.contains("snapshot before already"), "{error:?}");
    // A green environment wants another password here, so that the upgrade in place is what there is.
    let effect = risk(&account, &upgrade("shop", "17.4")).await;
    assert!(
        effect.contains("not possible as it is") && effect.contains("Secrets Manager"),
        "{effect}"
    );
    assert_eq!(account.state()["upgrades"], json!([]));
    account.assert_clean(None).await;
}

#[test]
fn an_upgrade_waits_for_its_window() {
    in_account("body_window");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of windows"]
async fn body_window() {
    let account = Account::with("");
    account.reset(&json!({ "blue": 1 }), &json!({}));
    let operation = on(
        "blue",
        Action::Upgrade(Upgrade {
            in_window: true,
            ..asked("17.4")
        }),
    );
    assert!(risk(&account, &operation).await.contains("maintenance window"));
    let job = account.succeed(&operation).await;
    let state = account.state();
    assert_eq!(state["clusters"]["blue"]["version"], "16.8");
    assert_eq!(state["upgrades"].as_array().unwrap().len(), 1);
    assert_eq!(state["upgrades"][0]["ApplyImmediately"], false);
    let result = job.result.unwrap();
    assert_eq!(result["status"], "scheduled");
    assert!(
        result["left_to_do"].to_string().contains("--analyze-in-stages"),
        "{result}"
    );
    // It waits already.
    let again = Action::Upgrade(Upgrade {
        snapshot: "another".parse().unwrap(),
        ..asked("17.4")
    });
    let error = account.clusters.check(&on("blue", again)).await.unwrap_err();
    assert!(
        error
            .message
            .contains("to 17.4 waits for its maintenance window already"),
        "{error:?}"
    );
    account.assert_clean(None).await;
}

#[test]
fn what_aws_takes_back_is_told_with_its_reason() {
    in_account("body_taken_back");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of what is taken back"]
async fn body_taken_back() {
    let account = Account::with("");
    account.reset(&json!({ "blue": 1 }), &json!({ "takes_back": true }));
    let job = account.run(&upgrade("blue", "17.4")).await;
    assert_eq!(job.state, JobState::Failed);
    let error = job.error.clone().unwrap();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("has 16.8 as before") && message.contains("logical replication slots"),
        "{error}"
    );
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("check-upgrade blue --to 17.4"),
        "{error}"
    );
    let state = account.state();
    assert_eq!(state["upgrades"].as_array().unwrap().len(), 1, "asked once");
    untouched(&state);
    account.assert_clean(Some(&job)).await;
}

#[test]
fn statistics_are_gathered_in_every_database() {
    in_account("body_statistics");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of statistics"]
async fn body_statistics() {
    let server = howdah_testkit::private(howdah_testkit::ServerOptions::default()).await;
    let ca = server.ca_file().display();
    let account = Account::with(&format!("iam_user = 'postgres'\nca_file = '{ca}'"));
    let mut databases = Vec::new();
    for name in ["The \"Shop\"", "other"] {
        let database = server.database_named(name).await;
        database
            .execute("CREATE TABLE numbers (n int); ALTER TABLE numbers SET (autovacuum_enabled = off); INSERT INTO numbers SELECT generate_series(1, 5000)")
            .await;
        databases.push(database);
    }
    account.reset(&json!({ "blue": 1 }), &json!({ "endpoint_port": server.port() }));
    let job = account.succeed(&upgrade("blue", "17.4")).await;
    for database in &databases {
        let row = database
            .probe()
            .await
            .query_one("SELECT array_length(histogram_bounds::text::int[], 1) FROM pg_stats WHERE tablename = 'numbers'", &[])
            .await
            .unwrap();
        assert_eq!(row.get::<_, i32>(0), 101, "the last pass is a full one");
    }
    let left = job.result.unwrap()["left_to_do"].to_string();
    assert!(
        !left.contains("vacuumdb") && left.contains("ALTER EXTENSION"),
        "{left}"
    );
    account.assert_clean(None).await;
}

#[test]
fn ministack_knows_versions_and_no_way_between_them() {
    in_account("body_ministack");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of MiniStack"]
async fn body_ministack() {
    let account = Account::with("");
    account.reset(&json!({}), &json!({ "ministack": true }));
    account
        .succeed(&account::case::create("shop", howdah_aurora::Preset::Dev, 0))
        .await;
    let (plane, cluster) = account.clusters.find("shop").await.unwrap();
    let error = plane
        .upgrade_path(&cluster, "17".parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("to 17"), "{error:?}");
    assert!(error.hint.unwrap().contains("names no version"));
    account.assert_clean(None).await;
}

/// Blue is as it was, and nothing is left of the job.
fn untouched(state: &Value) {
    assert_eq!(state["clusters"]["blue"]["version"], "16.8");
    assert_eq!(state["clusters"]["blue"]["group"], "howdah-blue");
    assert_eq!(names(&state["groups"]), ["howdah-blue"]);
    assert_eq!(state["snapshots"], json!([]));
}

fn upgrading() -> Case {
    Case {
        operation: upgrade("blue", "17.4"),
        seed: json!({ "blue": 1 }),
        done: |state| {
            assert_eq!(state["clusters"]["blue"]["version"], "17.4");
            assert_eq!(state["clusters"]["blue"]["group"], "howdah-blue-pg17");
            assert_eq!(names(&state["groups"]), ["howdah-blue", "howdah-blue-pg17"]);
            assert_eq!(state["snapshots"], json!(["before"]));
            assert_eq!(state["upgrades"].as_array().unwrap().len(), 1, "asked once");
        },
        undone: |state| match state["clusters"]["blue"]["version"] == "16.8" {
            true => untouched(state),
            // Once begun it goes on, and the way back is kept.
            false => assert_eq!(state["snapshots"], json!(["before"])),
        },
        // What AWS says on the way is for reading alone.
        spared: &["DescribeEvents"],
    }
}

fn by_minor() -> Case {
    Case {
        operation: upgrade("shop", "16.10"),
        seed: json!({ "shop": 1 }),
        done: |state| {
            assert_eq!(state["clusters"]["shop"]["version"], "16.10");
            assert_eq!(state["snapshots"], json!(["before"]));
            assert_eq!(names(&state["groups"]), [""; 0]);
        },
        undone: |state| match state["clusters"]["shop"]["version"] == "16.8" {
            true => assert_eq!(state["snapshots"], json!([])),
            false => assert_eq!(state["snapshots"], json!(["before"])),
        },
        spared: &["DescribeEvents"],
    }
}

scenarios! {
    an_upgrade_survives_every_fault body_faults [upgrading(), by_minor()], with_faults;
    an_upgrade_survives_kills body_kills [upgrading()], with_kills;
}
