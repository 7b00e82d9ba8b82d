//! The provider `aws`, driven by jobs against moto behind a recorder that takes only what AWS
//! would take; with every fault at every call, and workers that are killed at it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[macro_use]
mod account;

use account::case::{Case, PRODUCTION, create, on};
use account::{Account, PLANTED, in_account, names};
use howdah_aurora::{Action, ClusterStatus, Modification, Operation, Preset, Role, Shape, Tier};
use howdah_core::ErrorKind;
use howdah_jobs::JobState;
use serde_json::json;

fn restore(snapshot: &str, cluster: &str) -> Operation {
    let snapshot = snapshot.parse().unwrap();
    on(
        cluster,
        Action::Restore {
            snapshot,
            readers: 0,
            shape: Shape::default(),
        },
    )
}

fn clone(source: &str, cluster: &str) -> Operation {
    let source = source.parse().unwrap();
    on(
        cluster,
        Action::Clone {
            source,
            readers: 1,
            shape: Shape::default(),
        },
    )
}

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

fn modify(cluster: &str, change: Modification) -> Operation {
    on(cluster, Action::Modify(change))
}

#[test]
fn a_cluster_through_its_whole_life() {
    in_account("body_life");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of a whole life"]
async fn body_life() {
    let account = Account::with(PRODUCTION);
    assert_eq!(account.clusters.list().await.unwrap().clusters, vec![]);
    let job = account.succeed(&create("Shop", Preset::Production, 1)).await;
    let result = job.result.clone().unwrap();
    assert_eq!(result["cluster"], "shop");
    assert_eq!(result["status"], "available");
    assert_eq!(result["version"], "16.8");
    assert!(
        result["secret"]
            .as_str()
            .unwrap()
            .starts_with("arn:aws:secretsmanager:"),
        "{result}"
    );
    account.assert_clean(Some(&job)).await;

    // The guide's list for production.
    let state = account.state();
    let shop = &state["clusters"]["shop"];
    assert_eq!(shop["protected"], true);
    assert_eq!(shop["encrypted"], true);
    assert_eq!(shop["retention"], 14);
    assert_eq!(shop["iam"], true);
    assert_eq!(shop["managed"], true);
    assert_eq!(shop["logs"], json!(["postgresql"]));
    assert_eq!(shop["group"], "howdah-shop");
    assert_eq!(shop["tags"]["howdah:job"], job.id);
    assert_eq!(names(&shop["members"]), ["shop-1", "shop-2"]);
    assert_eq!(state["groups"]["howdah-shop"]["rds.force_ssl"], "1");
    assert_eq!(
        state["groups"]["howdah-shop"]["log_min_duration_statement"],
        "1000"
    );

    let described = account.clusters.describe("shop").await.unwrap();
    assert_eq!(described.status, ClusterStatus::Available, "{described:?}");
    assert_eq!(
        described.instances.iter().map(|one| one.role).collect::<Vec<_>>(),
        [Role::Writer, Role::Reader]
    );
    assert_eq!(described.details["Deletion protection"], "yes");
    assert_eq!(described.details["Scaling"], "Serverless v2, 2 to 16 ACU");
    // A list leaves out what a further call has to be made for.
    let mut listed = described.clone();
    let set = listed.details.remove("Parameters").unwrap();
    assert!(set.contains("rds.force_ssl=1"), "{set}");
    assert_eq!(account.clusters.list().await.unwrap().clusters, vec![listed]);

    // The target has the secret's password, and shows it to nobody.
    let target = account.clusters.target("shop").await.unwrap();
    assert!(account.clusters.url("shop").await.unwrap().contains(PLANTED[0]));
    assert!(!format!("{target:?}").contains(PLANTED[0]));
    let roots = std::fs::read_to_string(described.connection.unwrap().ca_file).unwrap();
    assert!(roots.matches("BEGIN CERTIFICATE").count() > 50);

    // A name is taken once, and what is protected is not deleted.
    let error = account
        .clusters
        .check(&create("shop", Preset::Dev, 0))
        .await
        .unwrap_err();
    assert!(
        error.message.contains("already") && error.message.contains(&job.id),
        "{error:?}"
    );
    let error = account.clusters.check(&delete("shop", "last")).await.unwrap_err();
    assert!(
        error.message.contains("protected") && error.hint.unwrap().contains("--deletion-protection false")
    );

    account.succeed(&snapshot("shop", "monday")).await;
    let taken = account.clusters.snapshots().await.unwrap();
    assert_eq!(
        taken.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["monday"]
    );
    let error = account
        .clusters
        .check(&snapshot("shop", "monday"))
        .await
        .unwrap_err();
    assert!(error.message.contains("already"), "{error:?}");

    account.succeed(&restore("monday", "copy")).await;
    account.succeed(&clone("shop", "twin")).await;
    let state = account.state();
    for (cluster, members) in [("copy", 1), ("twin", 2)] {
        assert_eq!(
            state["clusters"][cluster]["members"].as_array().unwrap().len(),
            members
        );
        assert_eq!(
            state["clusters"][cluster]["managed"], true,
            "a restored cluster's password is managed too"
        );
        assert_eq!(state["clusters"][cluster]["group"], format!("howdah-{cluster}"));
    }
    let time = account
        .clusters
        .describe("shop")
        .await
        .unwrap()
        .restorable_since
        .unwrap();
    let then = Action::RestoreToTime {
        source: "shop".parse().unwrap(),
        time,
        readers: 0,
        shape: Shape::default(),
    };
    account.succeed(&on("then", then)).await;

    account.succeed(&on("shop", Action::AddReader)).await;
    assert_eq!(
        names(&account.state()["clusters"]["shop"]["members"]),
        ["shop-1", "shop-2", "shop-3"]
    );
    account
        .succeed(&on(
            "shop",
            Action::Failover {
                to: Some("shop-3".into()),
            },
        ))
        .await;
    assert_eq!(account.state()["clusters"]["shop"]["writer"], "shop-3");
    let error = account
        .clusters
        .check(&on(
            "shop",
            Action::RemoveReader {
                reader: "shop-3".into(),
            },
        ))
        .await
        .unwrap_err();
    assert!(error.message.contains("is the writer"), "{error:?}");
    account
        .succeed(&on(
            "shop",
            Action::RemoveReader {
                reader: "shop-1".into(),
            },
        ))
        .await;

    let change = Modification {
        compute: Some("1-8".parse().unwrap()),
        retention_days: Some(30),
        deletion_protection: Some(false),
        ..Modification::default()
    };
    account.succeed(&modify("shop", change)).await;
    let state = account.state();
    assert_eq!(state["clusters"]["shop"]["retention"], 30);
    assert_eq!(state["clusters"]["shop"]["protected"], false);
    let change = Modification {
        compute: Some("db.r8g.large".parse().unwrap()),
        ..Modification::default()
    };
    account.succeed(&modify("shop", change)).await;
    assert_eq!(account.state()["instances"]["shop-2"], "db.r8g.large");

    account.succeed(&on("shop", Action::Stop)).await;
    assert_eq!(
        account.clusters.describe("shop").await.unwrap().status,
        ClusterStatus::Stopped
    );
    let error = account.clusters.target("shop").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.hint.unwrap().contains("howdah cluster start shop"));
    let error = account.clusters.check(&delete("shop", "last")).await.unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::Unavailable,
        "AWS deletes no instance of a stopped cluster"
    );
    account.succeed(&on("shop", Action::Start)).await;

    account.succeed(&delete("shop", "last")).await;
    for cluster in ["copy", "twin", "then"] {
        account
            .succeed(&on(cluster, Action::Delete { final_snapshot: None }))
            .await;
    }
    let state = account.state();
    assert_eq!(names(&state["clusters"]), [""; 0]);
    assert_eq!(names(&state["instances"]), [""; 0]);
    assert_eq!(names(&state["groups"]), [""; 0]);
    assert_eq!(names(&state["snapshots"]), ["last", "monday"]);
    for name in ["last", "monday"] {
        account
            .succeed(&on(
                "shop",
                Action::DeleteSnapshot {
                    snapshot: name.parse().unwrap(),
                },
            ))
            .await;
    }
    assert_eq!(names(&account.state()["snapshots"]), [""; 0]);
    account.assert_clean(None).await;
}

#[test]
fn what_is_not_allowed_is_refused() {
    in_account("body_refusals");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of refusals"]
async fn body_refusals() {
    let account = Account::with("");
    account.reset(&json!({ "shop": 2, "solo": 1, "big": 1 }), &json!({}));
    let refused = async |operation: &Operation| account.clusters.check(operation).await.unwrap_err();
    for (operation, allow) in [
        (
            on("shop", Action::Delete { final_snapshot: None }),
            "delete-without-snapshot",
        ),
        (on("shop", Action::Failover { to: None }), "failover"),
    ] {
        let error = refused(&operation).await;
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.hint.unwrap().contains(allow));
    }
    let error = refused(&create("new", Preset::Production, 1)).await;
    assert!(error.hint.unwrap().contains("monitoring_role"));
    let error = refused(&create("new", Preset::Production, 0)).await;
    assert!(error.message.contains("reader beside the writer"), "{error:?}");
    let burstable = Shape {
        preset: Preset::Production,
        compute: Some("db.t4g.medium".parse().unwrap()),
    };
    let error = refused(&on(
        "new",
        Action::Create {
            version: None,
            readers: 1,
            database: "app".into(),
            shape: burstable,
        },
    ))
    .await;
    assert!(error.message.contains("Burstable"), "{error:?}");
    let odd = Action::Create {
        version: None,
        readers: 0,
        database: "a b".into(),
        shape: Shape::default(),
    };
    assert_eq!(refused(&on("new", odd)).await.kind, ErrorKind::Invalid);
    assert_eq!(
        refused(&create(&"x".repeat(61), Preset::Dev, 0)).await.kind,
        ErrorKind::Invalid
    );
    assert_eq!(
        refused(&create("new", Preset::Dev, 16)).await.kind,
        ErrorKind::Invalid
    );
    assert_eq!(refused(&restore("none", "new")).await.kind, ErrorKind::NotFound);
    assert_eq!(refused(&clone("none", "new")).await.kind, ErrorKind::NotFound);
    assert_eq!(refused(&on("none", Action::Stop)).await.kind, ErrorKind::NotFound);
    assert_eq!(
        refused(&modify("shop", Modification::default())).await.kind,
        ErrorKind::Invalid
    );
    let long = Modification {
        retention_days: Some(36),
        ..Modification::default()
    };
    assert_eq!(refused(&modify("shop", long)).await.kind, ErrorKind::Invalid);
    for time in ["yesterday", "2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z"] {
        let then = Action::RestoreToTime {
            source: "shop".parse().unwrap(),
            time: time.into(),
            readers: 0,
            shape: Shape::default(),
        };
        assert_eq!(refused(&on("new", then)).await.kind, ErrorKind::Invalid, "{time}");
    }

    // What needs a word, and why.
    let tier = async |operation: &Operation| account.clusters.tier(operation).await.unwrap();
    assert!(
        matches!(tier(&create("new", Preset::Dev, 2)).await, Tier::Confirm { effect } if effect.contains("0.5 to 4 ACU"))
    );
    assert!(
        matches!(tier(&clone("big", "new")).await, Tier::Confirm { effect } if effect.contains("db.r8g.large"))
    );
    assert!(
        matches!(tier(&delete("shop", "last")).await, Tier::Risk { effect } if effect.contains("snapshot last"))
    );
    assert!(matches!(
        tier(&on("shop", Action::Failover { to: None })).await,
        Tier::Risk { .. }
    ));
    let class = Modification {
        compute: Some("db.r8g.xlarge".parse().unwrap()),
        ..Modification::default()
    };
    assert!(
        matches!(tier(&modify("big", class)).await, Tier::Risk { effect } if effect.contains("restarts"))
    );
    let more = Modification {
        retention_days: Some(10),
        ..Modification::default()
    };
    assert!(matches!(tier(&modify("shop", more)).await, Tier::Confirm { .. }));
    let less = Modification {
        retention_days: Some(3),
        ..Modification::default()
    };
    assert!(
        matches!(tier(&modify("shop", less)).await, Tier::Risk { effect } if effect.contains("kept for 7 days"))
    );

    // A name that somebody else has is neither used nor taken back.
    let job = account.run(&create("shop", Preset::Dev, 0)).await;
    assert_eq!(job.state, JobState::Failed);
    let state = account.state();
    assert_eq!(names(&state["clusters"]["shop"]["members"]), ["shop-1", "shop-2"]);
    assert_eq!(
        names(&state["groups"]),
        [""; 0],
        "what the job made itself is gone"
    );
    account.assert_clean(Some(&job)).await;
}

fn creation() -> Case {
    Case {
        operation: create("shop", Preset::Production, 1),
        seed: json!({}),
        done: |state| {
            assert_eq!(names(&state["clusters"]), ["shop"]);
            assert_eq!(names(&state["instances"]), ["shop-1", "shop-2"]);
            assert_eq!(names(&state["groups"]), ["howdah-shop"]);
        },
        undone: |state| {
            assert_eq!(names(&state["clusters"]), [""; 0]);
            assert_eq!(names(&state["instances"]), [""; 0]);
            assert_eq!(names(&state["groups"]), [""; 0]);
        },
        spared: &[],
    }
}

fn cloning() -> Case {
    Case {
        operation: clone("shop", "twin"),
        seed: json!({ "shop": 1 }),
        done: |state| {
            assert_eq!(names(&state["clusters"]), ["shop", "twin"]);
            assert_eq!(names(&state["instances"]), ["shop-1", "twin-1", "twin-2"]);
        },
        undone: |state| {
            assert_eq!(names(&state["clusters"]), ["shop"]);
            assert_eq!(names(&state["instances"]), ["shop-1"]);
            assert_eq!(names(&state["groups"]), [""; 0]);
        },
        spared: &[],
    }
}

fn deletion() -> Case {
    Case {
        operation: delete("shop", "last"),
        seed: json!({ "shop": 2 }),
        done: |state| {
            assert_eq!(names(&state["clusters"]), [""; 0]);
            assert_eq!(names(&state["instances"]), [""; 0]);
            assert_eq!(names(&state["snapshots"]), ["last"]);
        },
        undone: |state| {
            // Past the point of no return it is gone, with the snapshot that was asked for.
            match names(&state["clusters"]).is_empty() {
                true => assert_eq!(names(&state["snapshots"]), ["last"]),
                false => assert_eq!(names(&state["instances"]), ["shop-1", "shop-2"]),
            }
        },
        // Who may not see alarms or proxies has made none.
        spared: &["DescribeAlarms", "DescribeDBProxies"],
    }
}

fn small() -> Vec<Case> {
    let case = |operation, done, undone| Case {
        operation,
        seed: json!({ "shop": 2 }),
        done,
        undone,
        spared: &[],
    };
    vec![
        case(
            snapshot("shop", "monday"),
            |state| assert_eq!(names(&state["snapshots"]), ["monday"]),
            |state| assert_eq!(names(&state["snapshots"]), [""; 0]),
        ),
        case(
            on("shop", Action::AddReader),
            |state| assert_eq!(names(&state["instances"]), ["shop-1", "shop-2", "shop-3"]),
            |state| assert_eq!(names(&state["instances"]), ["shop-1", "shop-2"]),
        ),
        case(
            on(
                "shop",
                Action::RemoveReader {
                    reader: "shop-2".into(),
                },
            ),
            |state| assert_eq!(names(&state["instances"]), ["shop-1"]),
            |_| {},
        ),
        case(
            on("shop", Action::Failover { to: None }),
            |state| assert_eq!(state["clusters"]["shop"]["writer"], "shop-2"),
            |_| {},
        ),
        case(
            on("shop", Action::Stop),
            |state| assert_eq!(state["clusters"]["shop"]["status"], "stopped"),
            |_| {},
        ),
        case(
            modify(
                "shop",
                Modification {
                    compute: Some("db.r8g.large".parse().unwrap()),
                    retention_days: Some(9),
                    ..Modification::default()
                },
            ),
            |state| {
                assert_eq!(
                    state["instances"],
                    json!({ "shop-1": "db.r8g.large", "shop-2": "db.r8g.large" })
                );
                assert_eq!(state["clusters"]["shop"]["retention"], 9);
            },
            |_| {},
        ),
    ]
}

scenarios! {
    a_creation_survives_every_fault body_creation_faults [creation()], with_faults;
    a_clone_survives_every_fault body_clone_faults [cloning()], with_faults;
    a_deletion_survives_every_fault body_deletion_faults [deletion()], with_faults;
    the_other_operations_survive_every_fault body_small_faults small(), with_faults;
    a_creation_survives_kills body_creation_kills [creation()], with_kills;
    a_clone_and_a_deletion_survive_kills body_clone_kills [cloning(), deletion()], with_kills;
    the_other_operations_survive_kills body_small_kills small(), with_kills;
}
