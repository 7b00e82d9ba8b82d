//! What AWS and CloudWatch say of a cluster, and what AWS asks for now, as costs see it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod account;

use account::{Account, in_account};
use howdah_aurora::cost::{Decimal, Prices, estimate};
use serde_json::{Value, json};

fn decimal(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

#[test]
fn a_cluster_is_described_and_measured() {
    in_account("body_usage");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of a measured cluster"]
async fn body_usage() {
    let account = Account::with("");
    let metric = |name: &str, kind: &str, of: &str, values: Value| json!({"name": name, "kind": kind, "of": of, "values": values, "hours": 200});
    let of_cluster = |name: &str, values: Value| metric(name, "DBClusterIdentifier", "shop", values);
    account.reset(
        &json!({ "shop": 2, "young": 1 }),
        &json!({ "metrics": [
            of_cluster("VolumeReadIOPs", json!([1000.0])),
            of_cluster("VolumeWriteIOPs", json!([500.0])),
            of_cluster("VolumeBytesUsed", json!([107_374_182_400_u64])),
            of_cluster("BackupRetentionPeriodStorageUsed", json!([161_061_273_600_u64])),
            of_cluster("ServerlessDatabaseCapacity", json!([1.0, 3.0])),
            metric("DatabaseConnections", "DBInstanceIdentifier", "shop-1", json!([0.0])),
            metric("DatabaseConnections", "DBInstanceIdentifier", "shop-2", json!([0.0])),
        ] }),
    );
    let given = account.clusters.usage("shop").await.unwrap();
    account.assert_clean(None).await;
    assert_eq!(
        (given.region.as_str(), given.size.as_str(), given.instances),
        ("eu-central-1", "1-4", 2)
    );
    assert_eq!(given.version.as_deref(), Some("16.8"));
    assert!(!given.io_optimized);
    assert_eq!(given.metrics_hours, 200);
    // 1500 in each of 2400 times five minutes, for 730 of 200 hours.
    assert_eq!(given.io_requests, decimal("13140000"));
    assert_eq!(given.storage_gib, decimal("100"));
    assert_eq!(given.backup_gib, decimal("150"));
    assert_eq!(
        (
            given.acu_avg.clone(),
            given.acu_max.clone(),
            given.acu_steady.clone()
        ),
        (decimal("2"), decimal("3"), decimal("1"))
    );
    assert_eq!(given.idle_hours, decimal("730"));
    // It can be reckoned with as it is.
    let prices = Prices {
        region: "eu-central-1".into(),
        ..Prices::built_in("us-east-1").unwrap()
    };
    let estimate = estimate(&given, &prices).unwrap();
    let compute = &estimate.items[0];
    assert_eq!(compute.value, decimal("350.4").unwrap(), "{compute:?}");

    let young = account.clusters.usage("young").await.unwrap();
    assert_eq!(
        (young.metrics_hours, young.io_requests, young.acu_avg),
        (0, None, None)
    );
    let error = account.clusters.usage("nobody").await.unwrap_err();
    assert!(error.to_text().contains("nobody"), "{error}");
}

fn product(engine: &str, usage: &str, price: &str) -> Value {
    json!({
        "product": {"attributes": {"databaseEngine": engine, "usagetype": usage, "regionCode": "eu-central-1"}},
        "terms": {"OnDemand": {"A.B": {"priceDimensions": {"A.B.C": {"pricePerUnit": {"USD": price}}}}}},
    })
}

#[test]
fn the_prices_of_now_are_asked_for() {
    in_account("body_prices");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of the prices"]
async fn body_prices() {
    let account = Account::with("");
    let error = account.clusters.live_prices("eu-central-1").await.unwrap_err();
    assert!(error.to_text().contains("--prices FILE"), "{error}");
    account.reset(
        &json!({}),
        &json!({ "products": [
            product("Aurora PostgreSQL", "EUC1-Aurora:ServerlessV2Usage", "0.1400000000"),
            product("Aurora PostgreSQL", "EUC1-Aurora:ServerlessV2IOOptimizedUsage", "0.1820000000"),
            product("Aurora PostgreSQL", "EUC1-Aurora:BackupUsage", "0.0230000000"),
            product("Aurora PostgreSQL", "EUC1-InstanceUsage:db.r6g.large", "0.3130000000"),
            product("Any", "EUC1-Aurora:StorageUsage", "0.1190000000"),
            product("Any", "EUC1-Aurora:IO-OptimizedStorageUsage", "0.2680000000"),
            product("Any", "EUC1-Aurora:StorageIOUsage", "0.0000002200"),
            product("MySQL", "EUC1-InstanceUsage:db.r6g.xlarge", "9.0000000000"),
        ] }),
    );
    let prices = account.clusters.live_prices("eu-central-1").await.unwrap();
    account.assert_clean(None).await;
    assert_eq!(prices.region, "eu-central-1");
    assert_eq!(prices.acu_hour, decimal("0.14").unwrap());
    assert_eq!(prices.io_million, decimal("0.22").unwrap());
    assert_eq!(prices.classes.keys().collect::<Vec<_>>(), ["db.r6g.large"]);
    // Each page is asked for, and each engine.
    let calls = account.state()["calls"].clone();
    assert_eq!(calls.as_array().unwrap().len(), 7, "{calls}");

    // An account that may not ask is told so, and the caller has other prices.
    account.order(&json!({ "always": { "GetProducts": "denied" } }));
    assert!(account.clusters.live_prices("eu-central-1").await.is_err());
}

/// The worker of jobs: not a test.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, as their worker"]
async fn worker() {
    account::work().await;
}
