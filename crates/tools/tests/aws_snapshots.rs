//! Snapshots and events of clusters of AWS in the built program, as a person and as an agent meet them.
#![allow(clippy::unwrap_used)]

#[path = "aws/account.rs"]
mod account;

use std::sync::Arc;

use account::Account;
use howdah_testkit::mcp::Person;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_to_a_cluster_is_summed_up() {
    let account = Account::new();
    let events = json!([
        { "kind": "db-cluster", "of": "shop", "ago": 3_600, "categories": ["failover"], "message": "Completed failover to DB instance: shop-2" },
        { "kind": "db-instance", "of": "shop-1", "ago": 3_700, "categories": ["availability"], "message": "DB instance restarted" },
        { "kind": "db-instance", "of": "shop-1", "ago": 259_200, "categories": ["backup"], "message": "Backing up DB instance" },
    ]);
    account.order(&json!({ "reset": true, "seed": { "shop": 2 }, "events": events }));
    let text = account.text(&["cluster", "events", "shop"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].contains("3 events of the cluster shop")
            && lines[0].contains("1 failover, 1 restart among them"),
        "{text}"
    );
    let place = |what: &str| lines.iter().position(|line| line.contains(what)).unwrap();
    assert!(
        place("Completed failover") < place("DB instance restarted"),
        "{text}"
    );
    assert!(place("DB instance restarted") < place("Backing up"), "{text}");
    let shown = account.text(&["cluster", "show", "shop"]);
    assert!(
        shown.contains("1 failover, 1 restart in the last 24 hours: howdah cluster events shop"),
        "{shown}"
    );
    let refused = account.refusal(&["cluster", "events", "shop", "--last", "3w"]);
    assert!(refused.contains("14 days"), "{refused}");
    let agent = account.agent(None).await;
    let told = account
        .call(&agent, "show_events", json!({ "name": "shop", "last": "2h" }))
        .await;
    assert_eq!(
        told["structuredContent"]["mattered"], "1 failover, 1 restart",
        "{told}"
    );
    assert_eq!(
        told["structuredContent"]["groups"][0]["kind"], "failover",
        "{told}"
    );
    account.order(&json!({ "always": { "DescribeEvents": "denied" } }));
    assert!(!account.text(&["cluster", "show", "shop"]).contains("Lately"));
    account.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_copied_and_shared_by_people_and_agents() {
    let account = Account::new();
    account.order(&json!({ "reset": true, "seed": {
        "shop": 1,
        "monday": { "of": "shop", "key": "aws" },
        "far": { "of": "shop", "region": "us-east-1", "key": "own" },
    } }));
    let refused = account.refusal(&[
        "cluster",
        "share-snapshot",
        "monday",
        "--account",
        "111111111111",
        "--yes",
    ]);
    assert!(
        refused.contains("howdah cluster copy-snapshot monday monday-to-share --kms-key"),
        "{refused}"
    );
    account.text(&[
        "cluster",
        "copy-snapshot",
        "monday",
        "to-share",
        "--kms-key",
        "alias/own",
        "--wait",
    ]);
    account.text(&[
        "cluster",
        "copy-snapshot",
        "far",
        "near",
        "--from-region",
        "us-east-1",
        "--kms-key",
        "alias/own",
        "--wait",
    ]);
    let refused = account.refusal(&[
        "cluster",
        "share-snapshot",
        "to-share",
        "--account",
        "111111111111",
    ]);
    assert!(
        refused.contains("needs your word")
            && refused.contains("can restore and copy all its data")
            && refused.contains("howdah cluster share-snapshot to-share --account 111111111111 --yes"),
        "{refused}"
    );
    account.text(&[
        "cluster",
        "share-snapshot",
        "to-share",
        "--account",
        "111111111111",
        "--yes",
        "--wait",
    ]);
    for command in [vec!["cluster", "list"], vec!["cluster", "show", "shop"]] {
        let shown = account.text(&command);
        assert!(
            shown.contains("Shared with") && shown.contains("111111111111") && shown.contains("near"),
            "{shown}"
        );
    }

    let question = json!({ "name": "to-share", "action": "share_snapshot", "accounts": ["222222222222"] });
    let agent = account.agent(None).await;
    let refused = account.call(&agent, "start_cluster_job", question.clone()).await;
    assert!(
        refused
            .to_string()
            .contains("howdah cluster share-snapshot to-share --account 222222222222 --yes"),
        "{refused}"
    );
    let yes: Person = Arc::new(|question| {
        let message = question["message"].as_str().unwrap();
        assert!(
            message.starts_with("Share the snapshot to-share with the account 222222222222?"),
            "{message}"
        );
        json!({ "action": "accept", "content": { "confirm": true } })
    });
    let agent = account.agent(Some(yes)).await;
    let started = account.call(&agent, "start_cluster_job", question).await;
    let id = started["structuredContent"]["job_id"].as_str().unwrap();
    account.text(&["job", "show", id, "--follow"]);
    let shown = account
        .call(&agent, "describe_clusters", json!({ "name": "shop" }))
        .await;
    let snapshots = shown["structuredContent"]["snapshots"].as_array().unwrap();
    let shared = snapshots.iter().find(|one| one["name"] == "to-share").unwrap();
    assert_eq!(shared["shared_with"], json!(["111111111111", "222222222222"]));
    account.text(&[
        "cluster",
        "unshare-snapshot",
        "to-share",
        "--account",
        "222222222222",
        "--wait",
    ]);
    account.assert_clean();
}
