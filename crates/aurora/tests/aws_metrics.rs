//! What CloudWatch and Performance Insights have measured, in the samples of a cluster's database: in a
//! file and on a server.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod account;

use std::collections::BTreeMap;
use std::sync::Arc;

use account::{Account, in_account};
use howdah_aurora::elsewhere::{Elsewhere, Topic};
use howdah_pg::{ConnInfo, NoEnvironment, Origin, Target};
use howdah_store::Store;
use howdah_store::samples::{Activity, By, History, Samples, Seen, Window};
use howdah_testkit::{Server, ServerOptions, private};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The samples of a database in a file, and of another one on a server.
async fn kept(server: &Server, home: &tempfile::TempDir, name: &str) -> [Samples; 2] {
    let url = server.database("history").await.url();
    let info = ConnInfo::parse_with(&url, &NoEnvironment).unwrap();
    let on = History::On {
        server: Arc::new(Target::new("history", info, Origin::Config)),
        schema: "howdah_history".to_owned(),
    };
    [
        History::Beside(Store::open(home.path().join("store"))).samples(name),
        on.samples(name),
    ]
}

async fn server() -> Server {
    private(ServerOptions::default()).await
}

fn window(from_s: i64, to_s: i64) -> Window {
    Window { from_s, to_s }
}

fn metric(name: &str, of: &str, points: impl IntoIterator<Item = (i64, f64)>) -> Value {
    let kind = match of.contains('-') {
        true => "DBInstanceIdentifier",
        false => "DBClusterIdentifier",
    };
    json!({ "name": name, "kind": kind, "of": of, "points": points.into_iter().collect::<Vec<_>>() })
}

async fn values(samples: &Samples, window: Window, name: &str) -> BTreeMap<i64, f64> {
    let found = samples.metrics(window, name).await.unwrap();
    let points = found.get(name).cloned().unwrap_or_default();
    points.iter().map(|point| (point.at_s, point.value)).collect()
}

/// When each call for values began and ended, its period and its questions.
fn asked(account: &Account) -> Vec<[i64; 4]> {
    serde_json::from_value(account.state()["windows"].clone()).unwrap()
}

const CPU: &str = "aws.shop-1.CPUUtilization";

#[test]
fn what_cloudwatch_measures_is_brought_into_the_samples() {
    in_account("body_figures");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of figures"]
async fn body_figures() {
    let account = Account::with("");
    let (server, home) = (server().await, tempfile::tempdir().unwrap());
    for samples in kept(&server, &home, "shop/app").await {
        figures(&account, &samples).await;
    }
}

async fn figures(account: &Account, samples: &Samples) {
    let claim = samples.claim().await.unwrap().expect("nobody else watches");
    let minutes = |from: i64, to: i64| (from..to).map(|n| (NOW + 60 * n, (n.rem_euclid(50)) as f64));
    // The 20 minutes before the last two are late by a minute.
    let late = |(at, _): &(i64, f64)| !(NOW - 22 * 60..NOW - 21 * 60).contains(at);
    let old = [
        (NOW - 10 * DAY, 30.0),
        (NOW - 10 * DAY + 60, 50.0),
        (NOW - 100 * DAY, 7.0),
    ];
    let cpu: Vec<(i64, f64)> = old.into_iter().chain(minutes(-180, 0).filter(late)).collect();
    account.reset(
        &json!({ "shop": 2 }),
        &json!({ "metrics": [
            metric("CPUUtilization", "shop-1", cpu),
            metric("ReadLatency", "shop-2", [(NOW - 600, 0.002)]),
            metric("VolumeBytesUsed", "shop", [(NOW - HOUR, 5e9)]),
        ] }),
    );
    let mut elsewhere = Elsewhere::new(Arc::clone(&account.clusters), "shop", samples.clone());
    let went = elsewhere.fetch(NOW).await;
    assert!(went[&Topic::Figures].is_ok(), "{went:?}");
    // Days, weeks and months back, each in the spans in which they are kept.
    let calls = asked(account);
    assert_eq!(
        calls.iter().map(|call| call[2]).collect::<Vec<_>>(),
        [60, 600, 21_600]
    );
    assert!(calls[2][0] < NOW - 390 * DAY, "{calls:?}");
    let hour = window(NOW - HOUR, NOW);
    let found = values(samples, hour, CPU).await;
    assert_eq!(found.len(), 59, "{found:?}");
    assert_eq!(found[&(NOW - 60)], 49.0);
    assert_eq!(
        values(samples, hour, "aws.shop-2.ReadLatency").await[&(NOW - 600)],
        2.0,
        "milliseconds"
    );
    assert_eq!(
        values(samples, hour, "aws.shop.VolumeBytesUsed").await[&(NOW - HOUR)],
        5e9
    );
    let weeks = values(samples, window(NOW - 20 * DAY, NOW - 5 * DAY), CPU).await;
    assert_eq!(
        weeks.into_values().collect::<Vec<_>>(),
        [40.0],
        "the mean of ten minutes"
    );
    let months = values(samples, window(NOW - 200 * DAY, NOW - 60 * DAY), CPU).await;
    assert_eq!(months.into_values().collect::<Vec<_>>(), [7.0]);

    // Insights are off on the writer: said with what to do, and all else was brought.
    let error = went[&Topic::Sessions].as_ref().unwrap_err();
    assert!(
        error.to_text().contains("--performance-insights true"),
        "{error:?}"
    );

    // What comes late is taken, though its span was summed up; what is new is all that is asked for.
    samples.keep(NOW + 60).await.unwrap();
    let span = NOW - 22 * 60 - (NOW - 22 * 60).rem_euclid(600);
    let of_span = async || values(samples, window(NOW - 3 * DAY, NOW), CPU).await[&span];
    let whole: Vec<f64> = minutes(-180, 0)
        .filter(|(at, _)| (span..span + 600).contains(at))
        .map(|(_, value)| value)
        .collect();
    let mean = whole.iter().sum::<f64>() / whole.len() as f64;
    assert!((of_span().await - mean).abs() > 0.1, "it is not there so far");
    account.order(&json!({ "metrics": [metric("CPUUtilization", "shop-1", minutes(-180, 1))] }));
    assert!(elsewhere.fetch(NOW + 60).await[&Topic::Figures].is_ok());
    let calls = asked(account);
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0][0] >= NOW - 35 * 60 && calls[0][2] == 60, "{calls:?}");
    assert_eq!(values(samples, window(NOW - HOUR, NOW + 60), CPU).await.len(), 61);
    assert!(
        (of_span().await - mean).abs() < 1e-9,
        "{} is not {mean}",
        of_span().await
    );

    // What is not allowed is said with what to allow, is not asked for again at once, and is made up for.
    account.order(&json!({ "always": { "GetMetricData": "denied" } }));
    let went = elsewhere.fetch(NOW + 120).await;
    let error = went[&Topic::Figures].as_ref().unwrap_err();
    assert!(
        error.to_text().contains("allow cloudwatch:GetMetricData"),
        "{error:?}"
    );
    assert!(elsewhere.fetch(NOW + 180).await.is_empty());
    account.order(&json!({ "always": { "GetMetricData": "throttled" } }));
    let went = elsewhere.fetch(NOW + 800).await;
    assert!(
        went[&Topic::Figures]
            .as_ref()
            .unwrap_err()
            .message
            .contains("too many calls"),
        "{went:?}"
    );

    // A watcher that was down fills what is missing, from where the samples end.
    let mut elsewhere = Elsewhere::new(Arc::clone(&account.clusters), "shop", samples.clone());
    let later = NOW + 5 * HOUR;
    account.order(&json!({ "metrics": [metric("CPUUtilization", "shop-1", minutes(-180, 300))] }));
    assert!(elsewhere.fetch(later).await[&Topic::Figures].is_ok());
    assert_eq!(values(samples, window(NOW, later), CPU).await.len(), 300);
    let calls = asked(account);
    let of_cpu = calls
        .iter()
        .filter(|call| call[2] == 60 && call[0] > NOW - HOUR && call[0] <= NOW)
        .count();
    assert!(of_cpu >= 1, "{calls:?}");
    // Twice the same is once.
    elsewhere.fetch(later + 1).await;
    assert_eq!(values(samples, window(NOW, later), CPU).await.len(), 300);
    account.assert_clean(None).await;
    claim.release().await;
}

#[test]
fn sessions_are_those_of_insights_where_nobody_watched() {
    in_account("body_sessions");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of sessions"]
async fn body_sessions() {
    let account = Account::with("");
    let (server, home) = (server().await, tempfile::tempdir().unwrap());
    for samples in kept(&server, &home, "shop/app").await {
        sessions(&account, &samples).await;
    }
}

async fn sessions(account: &Account, samples: &Samples) {
    let claim = samples.claim().await.unwrap().expect("nobody else watches");
    // We looked ourselves in five minutes, ten minutes ago.
    let ours: Vec<Activity> = (0..30)
        .map(|n| Activity {
            at_s: NOW - 900 + 10 * n,
            ticks: 10,
            seen: vec![Seen {
                wait: "Lock:tuple".to_owned(),
                query_id: Some(42),
                role: "ours".to_owned(),
                count: 10,
            }],
        })
        .collect();
    samples.record_activity(ours).await.unwrap();
    samples.keep(NOW).await.unwrap();
    let of = |at: i64, wait: [&str; 2], statement: i64, user: &str, load: f64| json!({ "at": at, "wait": wait, "statement": [statement, format!("SELECT {statement} + ?")], "user": user, "load": load });
    let mut load = Vec::new();
    for minute in (-40..0).chain([-4 * 24 * 60]) {
        let at = NOW + 60 * minute;
        load.push(of(at, ["CPU", "CPU"], 7, "app", 1.5));
        load.push(of(at, ["IO", "DataFileRead"], -8, "batch", 0.5));
    }
    account.reset(
        &json!({ "shop": 1 }),
        &json!({ "insights": ["shop-1"], "load": load }),
    );
    let mut elsewhere = Elsewhere::new(Arc::clone(&account.clusters), "shop", samples.clone());
    let went = elsewhere.fetch(NOW).await;
    assert!(went[&Topic::Sessions].is_ok(), "{went:?}");
    account.assert_clean(None).await;

    // The load as it was elsewhere, but where we looked ourselves; the last three minutes are awaited.
    let points = samples.load(window(NOW - 2400, NOW), 60, By::Wait).await.unwrap();
    assert_eq!(points.len(), 37, "{points:?}");
    for point in &points {
        assert_eq!(point.ticks, 60, "{point:?}");
        let expected = match (NOW - 900..NOW - 600).contains(&point.at_s) {
            true => BTreeMap::from([("Lock:tuple".to_owned(), 60)]),
            false => BTreeMap::from([("CPU".to_owned(), 90), ("IO:DataFileRead".to_owned(), 30)]),
        };
        assert_eq!(point.seen, expected);
    }
    let sum = |points: Vec<howdah_store::samples::LoadPoint>, key: &str| -> i64 {
        points.iter().filter_map(|point| point.seen.get(key)).sum()
    };
    let day = window(NOW - 2400, NOW);
    assert_eq!(
        sum(samples.load(day, 60, By::Role).await.unwrap(), "app"),
        32 * 90
    );
    assert_eq!(
        sum(samples.load(day, 60, By::Statement).await.unwrap(), "-8"),
        32 * 30
    );
    let waits = samples.waits_of_statements(day).await.unwrap();
    assert_eq!(waits[&7], BTreeMap::from([("CPU".to_owned(), 32 * 90)]));
    assert!(
        samples.texts().await.unwrap()[&7].contains("SELECT"),
        "the text is there"
    );
    // What is older than minutes are kept is in the longer spans, which were summed up before.
    let before = window(NOW - 5 * DAY, NOW - 3 * DAY);
    assert_eq!(sum(samples.load(before, 600, By::Wait).await.unwrap(), "CPU"), 90);
    let week = window(NOW - 6 * DAY, NOW);
    assert_eq!(
        sum(samples.load(week, DAY, By::Wait).await.unwrap(), "CPU"),
        33 * 90
    );

    // A minute on, and nothing twice.
    assert!(elsewhere.fetch(NOW + 60).await[&Topic::Sessions].is_ok());
    let points = samples.load(window(NOW - 2400, NOW), 60, By::Wait).await.unwrap();
    assert_eq!(
        (points.len(), points.iter().map(|point| point.ticks).sum::<i64>()),
        (38, 38 * 60)
    );

    account.order(&json!({ "insights": ["shop-1"], "always": { "GetResourceMetrics": "denied" } }));
    let went = elsewhere.fetch(NOW + 600).await;
    let error = went[&Topic::Sessions].as_ref().unwrap_err();
    assert!(
        error
            .to_text()
            .contains("pi:GetResourceMetrics and pi:DescribeDimensionKeys"),
        "{error:?}"
    );
    assert!(went[&Topic::Figures].is_ok());
    account.assert_clean(None).await;
    claim.release().await;
}
