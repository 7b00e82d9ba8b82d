//! Two plans of a statement, made by a server, and why the later one takes longer.

use howdah_advise::plan::{compare, read_json};
use howdah_testkit::{majors, server};

use super::pages::explained;

/// What is done between the two plans, and what must be said of it.
const CASES: &[(&str, &str)] = &[
    (
        "DROP INDEX orders_customer_idx",
        "orders is read by Seq Scan in place of",
    ),
    (
        "SET work_mem = '64kB'",
        "work_mem is 64kB in place of its default",
    ),
    (
        "INSERT INTO orders SELECT i, 17, md5(i::text) FROM generate_series(1, 100000) i",
        "the planner expected",
    ),
];

#[tokio::test]
async fn a_regression_is_explained() {
    for major in majors() {
        for (damage, expected) in CASES {
            let database = server(major).await.database("compare").await;
            let client = database.probe().await;
            client
                .batch_execute(
                    "SET jit = off; SET max_parallel_workers_per_gather = 0;
                     CREATE TABLE orders AS SELECT i AS id, i % 5000 AS customer, md5(i::text) AS note FROM generate_series(1, 100000) i;
                     CREATE INDEX ON orders (customer);",
                )
                .await
                .unwrap();
            client.batch_execute("VACUUM ANALYZE orders").await.unwrap();
            let sql = "SELECT note, count(*) FROM orders WHERE customer = 17 GROUP BY note ORDER BY note";
            let options = "ANALYZE, VERBOSE, SETTINGS, FORMAT JSON";
            let before = read_json(&explained(&client, options, sql).await)
                .unwrap()
                .remove(0);
            client.batch_execute(damage).await.unwrap();
            let after = read_json(&explained(&client, options, sql).await)
                .unwrap()
                .remove(0);
            let comparison = compare(&before, &after);
            let said: Vec<&str> = comparison
                .changes
                .iter()
                .map(|change| change.message.as_str())
                .collect();
            assert!(
                said.iter().any(|message| message.contains(expected)),
                "{major}: {damage}: {comparison:#?}"
            );
            if expected.contains("orders is read") || expected.contains("expected") {
                assert!(
                    comparison.verdict.starts_with("Regressed"),
                    "{major}: {comparison:#?}"
                );
                assert!(comparison.verdict.contains(expected), "{major}: {comparison:#?}");
                let back = compare(&after, &before);
                assert!(back.verdict.starts_with("Faster"), "{major}: {back:#?}");
            }
            assert!(compare(&after, &after).verdict.starts_with("As before"));
            // With estimates alone there is as much to say.
            let options = "VERBOSE, FORMAT JSON";
            let estimated = read_json(&explained(&client, options, sql).await)
                .unwrap()
                .remove(0);
            assert!(compare(&estimated, &estimated).changes.is_empty());
        }
    }
}
