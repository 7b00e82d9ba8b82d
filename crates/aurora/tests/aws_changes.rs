//! Changes of a cluster of AWS and what watches it: parameters and restarts, alarms; against moto behind
//! the recorder, with every fault at every call, and workers that are killed at it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[macro_use]
mod account;

use std::collections::BTreeMap;

use account::case::{Case, PRODUCTION, on};
use account::{Account, in_account, names};
use howdah_aurora::{Action, AlarmState, Modification, Operation, Tier};
use howdah_core::ErrorKind;
use serde_json::json;

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:on-call";

fn parameters(given: &[(&str, Option<&str>)], restart: bool) -> Modification {
    Modification {
        parameters: given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
            .collect(),
        restart,
        ..Modification::default()
    }
}

fn modify(cluster: &str, change: Modification) -> Operation {
    on(cluster, Action::Modify(change))
}

fn create_alarms(topics: &[&str]) -> Operation {
    let topics = topics.iter().map(|&topic| topic.to_owned()).collect();
    on("shop", Action::CreateAlarms { topics })
}

#[test]
fn parameters_are_set_reset_and_in_force_after_a_restart() {
    in_account("body_parameters");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of parameters"]
async fn body_parameters() {
    let account = Account::with("");
    account.reset(&json!({ "shop": 2, "other": 1 }), &json!({}));
    let tier = async |operation: &Operation| account.clusters.tier(operation).await.unwrap();

    // On a default group: the cluster gets its own, in force with a restart.
    let change = parameters(&[("log_min_duration_statement", Some("500"))], false);
    match tier(&modify("shop", change.clone())).await {
        Tier::Confirm { effect } => assert!(
            effect.contains("howdah-shop")
                && effect.contains("becomes 500 with the next restart")
                && effect.contains("default.aurora-postgresql16"),
            "{effect}"
        ),
        other => panic!("{other:?}"),
    }
    account.succeed(&modify("shop", change)).await;
    let state = account.state();
    assert_eq!(state["clusters"]["shop"]["group"], "howdah-shop");
    assert_eq!(
        state["groups"]["howdah-shop"]["log_min_duration_statement"],
        "500"
    );
    assert_eq!(state["pending"], json!(["shop-1", "shop-2"]));
    let described = account.clusters.describe("shop").await.unwrap();
    assert_eq!(described.details["Parameters"], "log_min_duration_statement=500");
    assert_eq!(described.details["Waiting for a restart"], "shop-1, shop-2");

    // Those that wait are restarted, the writer last; nobody else.
    let restart = modify("shop", parameters(&[], true));
    assert!(
        matches!(tier(&restart).await, Tier::Risk { effect } if effect.contains("writes fail for a minute"))
    );
    account.succeed(&restart).await;
    assert_eq!(account.state()["reboots"], json!(["shop-2", "shop-1"]));
    assert_eq!(account.state()["pending"], json!([]));
    account.succeed(&restart).await;
    assert_eq!(
        account.state()["reboots"],
        json!(["shop-2", "shop-1"]),
        "nothing waited any more"
    );

    // In a group of its own: what is dynamic at once, what is static with a restart; many at a time.
    let many: Vec<String> = (0..30).map(|number| format!("made_up_{number:02}")).collect();
    let mut given: BTreeMap<String, Option<String>> = many
        .iter()
        .map(|name| (name.clone(), Some("7".to_owned())))
        .collect();
    given.insert("rds.logical_replication".into(), Some("1".into()));
    given.insert("log_min_duration_statement".into(), None);
    let change = Modification {
        parameters: given,
        restart: true,
        ..Modification::default()
    };
    match tier(&modify("shop", change.clone())).await {
        Tier::Risk { effect } => assert!(
            effect.contains("rds.logical_replication (0) becomes 1 with the next restart.")
                && effect.contains("made_up_07 (1) becomes 7 at once.")
                && effect.contains("log_min_duration_statement (500) goes back to its default at once."),
            "{effect}"
        ),
        other => panic!("{other:?}"),
    }
    account.succeed(&modify("shop", change)).await;
    let state = account.state();
    assert_eq!(state["groups"]["howdah-shop"].as_object().unwrap().len(), 31);
    assert_eq!(state["groups"]["howdah-shop"]["made_up_29"], "7");
    assert_eq!(state["groups"]["howdah-shop"]["rds.logical_replication"], "1");
    assert_eq!(state["pending"], json!([]));

    // Another cluster with the same group is named before it changes too.
    account.order(&json!({ "group_of": { "other": "howdah-shop" } }));
    let change = parameters(&[("made_up_01", Some("9"))], false);
    assert!(
        matches!(tier(&modify("shop", change)).await, Tier::Risk { effect } if effect.contains("also that of other"))
    );

    // The rest of what can be changed.
    let change = Modification {
        port: Some(6432),
        backup_window: Some("01:00-02:00".into()),
        maintenance_window: Some("sun:03:00-sun:04:00".into()),
        log_export: Some(false),
        performance_insights: Some(true),
        ..Modification::default()
    };
    match tier(&modify("shop", change.clone())).await {
        Tier::Risk { effect } => assert!(
            effect.contains("port 6432") && effect.contains("CloudWatch Logs"),
            "{effect}"
        ),
        other => panic!("{other:?}"),
    }
    account.succeed(&modify("shop", change)).await;
    assert_eq!(account.state()["clusters"]["shop"]["port"], 6432);
    account.assert_clean(None).await;
}

#[test]
fn changes_that_aws_would_refuse_are_refused_first() {
    in_account("body_refused_changes");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of refusals"]
async fn body_refused_changes() {
    let account = Account::with("");
    account.reset(&json!({ "shop": 1 }), &json!({}));
    let refused =
        async |change: Modification| account.clusters.check(&modify("shop", change)).await.unwrap_err();
    let error = refused(parameters(&[("log_min_duration", Some("500"))], false)).await;
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.hint.unwrap().contains("log_min_duration_statement"));
    let error = refused(parameters(&[("log_line_prefix", Some("%t"))], false)).await;
    assert!(error.message.contains("nobody change"), "{error:?}");
    let error = refused(parameters(&[("log_min_duration_statement", Some("fast"))], false)).await;
    assert!(error.hint.unwrap().contains("-1-2147483647"));
    let error = refused(parameters(&[("rds.force_ssl", Some("on"))], false)).await;
    assert!(error.hint.unwrap().contains("0,1"));
    let error = refused(parameters(&[("rds.force_ssl", Some(""))], false)).await;
    assert!(error.hint.unwrap().contains("--reset-parameter"));
    let error = refused(parameters(&[("rds.force_ssl", None)], false)).await;
    assert!(error.message.contains("default already"), "{error:?}");
    for change in [
        Modification::default(),
        Modification {
            port: Some(22),
            ..Modification::default()
        },
        Modification {
            backup_window: Some("2-3".into()),
            ..Modification::default()
        },
        Modification {
            maintenance_window: Some("03:00-04:00".into()),
            ..Modification::default()
        },
    ] {
        assert_eq!(refused(change).await.kind, ErrorKind::Invalid);
    }
    let error = account
        .clusters
        .check(&create_alarms(&["on-call"]))
        .await
        .unwrap_err();
    assert!(error.message.contains("no topic of SNS"), "{error:?}");
    let error = account
        .clusters
        .check(&create_alarms(&[TOPIC; 6]))
        .await
        .unwrap_err();
    assert!(error.message.contains("5 topics"), "{error:?}");
    let error = account
        .clusters
        .check(&on("shop", Action::DeleteAlarms))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert_eq!(account.state()["alarms"], json!({}));
    assert_eq!(names(&account.state()["groups"]), [""; 0]);
    account.assert_clean(None).await;
}

#[test]
fn alarms_follow_the_cluster() {
    in_account("body_alarms");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of alarms"]
async fn body_alarms() {
    let account = Account::with(PRODUCTION);
    account.reset(&json!({ "shop": 2, "shop-two": 1, "big": 1 }), &json!({}));
    match account.clusters.tier(&create_alarms(&[])).await.unwrap() {
        Tier::Confirm { effect } => {
            assert!(
                effect.contains("16 of metrics") && effect.contains("They tell nobody"),
                "{effect}"
            );
        }
        other => panic!("{other:?}"),
    }
    let job = account.succeed(&create_alarms(&[TOPIC])).await;
    assert_eq!(job.result.unwrap()["new_alarms"], 18);
    let state = account.state();
    let made = &state["alarms"];
    let connections = &made["howdah/shop/shop-1/connections"];
    assert_eq!(connections["MetricName"], "DatabaseConnections");
    assert_eq!(connections["Threshold"], 658.0, "four fifths of the 823 of 4 ACU");
    assert_eq!(
        connections["Tags"],
        json!([{ "Key": "howdah:job", "Value": job.id }])
    );
    assert!(connections["AlarmActions"].is_null(), "it tells nobody by itself");
    let slow = &made["howdah/shop/slow"];
    assert_eq!(slow["AlarmActions"], json!([TOPIC]));
    assert_eq!(slow["ActionsSuppressor"], "howdah/shop/urgent");
    assert_eq!(slow["AlarmRule"].as_str().unwrap().matches("ALARM(").count(), 10);

    // Shown with how they are, and with those that somebody else made.
    account.order(&json!({ "gone_off": ["howdah/shop/shop-2/memory", "howdah/shop/urgent"] }));
    let shown = account.clusters.alarms("shop").await.unwrap();
    assert_eq!(shown.len(), 18);
    let gone_off: Vec<&str> = shown
        .iter()
        .filter(|one| one.state == AlarmState::Alarm)
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(gone_off, ["howdah/shop/urgent", "howdah/shop/shop-2/memory"]);
    let memory = shown
        .iter()
        .find(|one| one.name.ends_with("shop-2/memory"))
        .unwrap();
    assert_eq!(memory.about, "shop-2");
    assert!(memory.condition.starts_with("FreeableMemory < "), "{memory:?}");
    assert!(memory.condition.ends_with("for 15 minutes"), "{memory:?}");
    assert!(account.clusters.alarms("shop-two").await.unwrap().is_empty());

    // The same again makes nothing new; a reader that is gone takes its alarms along.
    let job = account.succeed(&create_alarms(&[TOPIC])).await;
    assert_eq!(job.result.unwrap()["new_alarms"], 0);
    let reader = "shop-2".to_owned();
    account
        .succeed(&on("shop", Action::RemoveReader { reader }))
        .await;
    account.succeed(&create_alarms(&[TOPIC])).await;
    let state = account.state();
    assert_eq!(names(&state["alarms"]).len(), 9);
    assert!(
        names(&state["alarms"])
            .iter()
            .all(|name| !name.contains("shop-2"))
    );

    // Limits go by the class; those of one cluster are not another's.
    let topics = Vec::new();
    account.succeed(&on("big", Action::CreateAlarms { topics })).await;
    assert_eq!(
        account.state()["alarms"]["howdah/big/big-1/cpu"]["Threshold"],
        80.0
    );
    account.succeed(&on("big", Action::DeleteAlarms)).await;
    assert_eq!(names(&account.state()["alarms"]).len(), 9);

    // They go with their cluster.
    let final_snapshot = None;
    account
        .succeed(&on("shop", Action::Delete { final_snapshot }))
        .await;
    assert_eq!(account.state()["alarms"], json!({}));
    account.assert_clean(None).await;
}

#[test]
fn logs_come_to_this_machine() {
    in_account("body_logs");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of logs"]
async fn body_logs() {
    let account = Account::with("");
    let lines = |text: &str| format!("2026-05-01 09:00:00 UTC LOG:  {text}\n").repeat(5);
    let logs = json!({ "logs": {
        "shop-1": {
            "error/postgresql.log.2026-05-01-0900": { "written": 1_777_626_000_000_i64, "text": lines("first") },
            "error/postgresql.log.2026-05-01-1000": { "written": 1_777_629_600_000_i64, "text": lines("ü < & second") },
            "instance/other.log": { "written": 1_777_629_600_000_i64, "text": "no log of the server" },
        },
        "shop-2": { "error/postgresql.log": { "written": 1_777_629_600_000_i64, "text": lines("of the reader") } },
    }});
    account.reset(&json!({ "shop": 2 }), &logs);
    let read = async || {
        let files = account.clusters.logs("shop").await.unwrap();
        let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
        texts.collect::<Vec<_>>()
    };
    let whole = [lines("first"), lines("ü < & second"), lines("of the reader")];
    assert_eq!(read().await, whole);

    // What has not grown is not fetched again; what has is.
    let downloads = || {
        names(&account.state()["calls"])
            .iter()
            .filter(|call| call.starts_with("Download"))
            .count()
    };
    let before = downloads();
    assert_eq!(read().await, whole);
    assert_eq!(downloads(), before);
    let mut logs = logs;
    logs["logs"]["shop-2"]["error/postgresql.log"] =
        json!({ "written": 1_777_629_660_000_i64, "text": lines("of the reader").repeat(2) });
    account.order(&logs);
    assert_eq!(read().await[2], whole[2].repeat(2));
    assert!((1..=before).contains(&downloads()), "{}", downloads());

    // What AWS has no more goes here too.
    logs["logs"]["shop-1"]
        .as_object_mut()
        .unwrap()
        .remove("error/postgresql.log.2026-05-01-0900");
    account.order(&logs);
    let files = account.clusters.logs("shop").await.unwrap();
    assert_eq!(files.len(), 2);
    let directory = files[0].parent().unwrap();
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 1);
    account.assert_clean(None).await;
}

fn setting() -> Case {
    Case {
        operation: modify(
            "shop",
            parameters(
                &[("rds.logical_replication", Some("1")), ("made_up_01", Some("5"))],
                true,
            ),
        ),
        seed: json!({ "shop": 2 }),
        done: |state| {
            assert_eq!(state["clusters"]["shop"]["group"], "howdah-shop");
            assert_eq!(
                state["groups"]["howdah-shop"],
                json!({ "rds.logical_replication": "1", "made_up_01": "5" })
            );
            assert_eq!(state["pending"], json!([]));
        },
        undone: |_| {},
        spared: &[],
    }
}

fn alarming() -> Case {
    Case {
        operation: create_alarms(&[TOPIC]),
        seed: json!({ "shop": 1 }),
        done: |state| assert_eq!(names(&state["alarms"]).len(), 9),
        undone: |state| assert_eq!(names(&state["alarms"]), [""; 0]),
        spared: &[],
    }
}

scenarios! {
    setting_parameters_survives_every_fault body_setting_faults [setting()], with_faults;
    making_alarms_survives_every_fault body_alarm_faults [alarming()], with_faults;
    parameters_and_alarms_survive_kills body_kills [setting(), alarming()], with_kills;
}
