//! What RDS noticed of a cluster, page by page, against the recorder.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod account;

use std::time::{SystemTime, UNIX_EPOCH};

use account::{Account, in_account, names};
use howdah_aurora::events::{EventKind, summed_up, what_mattered};
use howdah_core::ErrorKind;
use howdah_store::samples::Window;
use serde_json::{Value, json};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// So many seconds before now until then.
fn ago(from: i64, to: i64) -> Window {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(since.as_secs()).unwrap();
    Window {
        from_s: now - from,
        to_s: now - to,
    }
}

fn event(kind: &str, of: &str, ago: i64, categories: &[&str], message: &str) -> Value {
    json!({ "kind": kind, "of": of, "ago": ago, "categories": categories, "message": message })
}

#[test]
fn events_of_cluster_instances_and_snapshots_are_summed_up() {
    in_account("body_events");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of events"]
async fn body_events() {
    let account = Account::with("");
    let restarts = (1..=5).map(|n| {
        event(
            "db-instance",
            "shop-1",
            n * HOUR,
            &["availability"],
            "DB instance restarted",
        )
    });
    let mut events: Vec<Value> = restarts.collect();
    events.extend([
        event(
            "db-instance",
            "shop-2",
            2 * DAY,
            &["availability"],
            "DB instance restarted",
        ),
        event(
            "db-cluster",
            "shop",
            90 * 60,
            &["failover"],
            "Completed failover to DB instance: shop-2",
        ),
        event(
            "db-cluster",
            "shop",
            10 * DAY,
            &["maintenance"],
            "Database cluster engine version upgrade started.",
        ),
        event(
            "db-cluster-snapshot",
            "monday",
            60,
            &["backup"],
            "Manual cluster snapshot created",
        ),
        event("db-cluster", "other", 60, &["failure"], "of another cluster"),
        event("db-instance", "other-1", 60, &["failure"], "of another cluster"),
    ]);
    let seed = json!({ "shop": 2, "other": 1, "monday": { "of": "shop", "key": "own" } });
    account.reset(&seed, &json!({ "events": events }));
    let (provider, found) = account.clusters.events("shop", ago(14 * DAY, -5)).await.unwrap();
    assert_eq!(provider, "aws");
    let groups = summed_up(found);
    let told: Vec<(EventKind, u64, &str)> = groups
        .iter()
        .map(|one| (one.kind, one.count, one.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                EventKind::Failover,
                1,
                "Completed failover to DB instance: shop-2"
            ),
            (EventKind::Restart, 6, "DB instance restarted"),
            (
                EventKind::Maintenance,
                1,
                "Database cluster engine version upgrade started."
            ),
            (EventKind::Backup, 1, "Manual cluster snapshot created"),
        ]
    );
    assert_eq!(groups[1].sources, ["shop-1", "shop-2"]);
    assert_eq!(groups[1].last_s - groups[1].first_s, 2 * DAY - HOUR);
    assert_eq!(
        what_mattered(&groups).unwrap(),
        "1 failover, 6 restarts, maintenance once"
    );

    // A window in the past; one in which nothing was; one that AWS does not have.
    let (_, found) = account
        .clusters
        .events("shop", ago(3 * HOUR + 60, 90 * 60 + 60))
        .await
        .unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    let (_, found) = account
        .clusters
        .events("shop", ago(6 * DAY, 5 * DAY))
        .await
        .unwrap();
    assert_eq!(found, []);
    for window in [ago(15 * DAY, 0), ago(16 * DAY, 15 * DAY)] {
        let error = account.clusters.events("shop", window).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.message.contains("14 days") && error.hint.unwrap().contains("--last 14d"));
    }
    let error = account.clusters.events("none", ago(DAY, 0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);

    // A call that was throttled or not answered is made again; who may not see them hears what is missing.
    for fault in ["throttled", "lost", "truncated", "unavailable"] {
        account.order(&json!({ "events": events, "at": 3, "fault": fault }));
        let (_, found) = account.clusters.events("shop", ago(14 * DAY, -5)).await.unwrap();
        assert_eq!(found.len(), 9, "{fault}");
    }
    account.order(&json!({ "always": { "DescribeEvents": "denied" } }));
    let error = account.clusters.events("shop", ago(DAY, 0)).await.unwrap_err();
    assert!(error.hint.unwrap().contains("rds:DescribeEvents"));
    assert!(names(&account.state()["calls"]).contains(&"DescribeEvents"));
    account.assert_clean(None).await;
}
