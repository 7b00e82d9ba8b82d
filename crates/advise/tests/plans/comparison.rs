//! Two plans of a statement, made by a server, and why the later one takes longer.

use howdah_advise::plan::{compare, read_json, read_text};
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

/// What is done between the two plans, the statement, and what the verdict gives as the reason.
const REASONS: &[(&str, &str, &str)] = &[
    (
        "SET max_parallel_workers = 0",
        "SELECT count(*) FROM orders WHERE id * 2 > customer",
        "Gather had 0 workers in place of 2",
    ),
    (
        "UPDATE orders SET note = note WHERE id % 2 = 0",
        "SELECT count(*) FROM orders WHERE customer < 4000",
        "looked up in the table",
    ),
    (
        "INSERT INTO small SELECT generate_series(100001, 300000); DELETE FROM small WHERE id > 100000; ANALYZE small",
        "SELECT count(*) FROM small",
        "for as many rows",
    ),
    (
        "CREATE TRIGGER slow BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION slow()",
        "UPDATE orders SET note = 'x' WHERE id <= 2000",
        "because triggers took",
    ),
    (
        "SET geqo = off; SET join_collapse_limit = 12",
        "SELECT count(*) FROM one a JOIN one b USING (id) JOIN one c USING (id) JOIN one d USING (id) JOIN one e USING (id) JOIN one f USING (id) JOIN one g USING (id) JOIN one h USING (id) JOIN one i USING (id) JOIN one j USING (id)",
        "because planning took",
    ),
];

#[tokio::test]
async fn the_reason_is_told_where_no_step_changed() {
    for major in majors() {
        for (change, sql, expected) in REASONS {
            let database = server(major).await.database("reason").await;
            let client = database.probe().await;
            let is_parallel = expected.contains("workers");
            client
                .batch_execute(&format!(
                    "SET jit = off; SET synchronous_commit = on; SET max_parallel_workers_per_gather = {};
                     SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0;
                     CREATE TABLE orders AS SELECT i AS id, i % 5000 AS customer, md5(i::text) AS note FROM generate_series(1, 100000) i;
                     CREATE INDEX ON orders (customer);
                     CREATE TABLE one AS SELECT 1 AS id;
                     CREATE TABLE small AS SELECT generate_series(1, 20000) AS id;
                     CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                         $$ BEGIN PERFORM count(*) FROM pg_class; RETURN NEW; END $$;",
                    if is_parallel { 2 } else { 0 }
                ))
                .await
                .unwrap();
            for table in ["orders", "one", "small"] {
                client
                    .batch_execute(&format!("VACUUM ANALYZE {table}"))
                    .await
                    .unwrap();
            }
            if expected.contains("looked up") {
                let settings = "SET enable_seqscan = off; SET enable_bitmapscan = off";
                client.batch_execute(settings).await.unwrap();
            }
            let mut plans = Vec::new();
            for step in ["", *change] {
                client.batch_execute(step).await.unwrap();
                // The second is of a warm cache, and the connection knows the relations.
                for _ in 0..2 {
                    let text = explained(&client, "ANALYZE, BUFFERS, SETTINGS", sql).await;
                    plans.push(read_text(&text).unwrap().remove(0));
                }
            }
            let comparison = compare(&plans[1], &plans[3]);
            let said = &comparison.changes;
            assert!(
                said.iter().any(|one| expected
                    .trim_start_matches("because ")
                    .split(" took")
                    .all(|part| one.message.contains(part))),
                "{major}: {change}: {comparison:#?}"
            );
            // How much more time the others take rests with the machine and its cache.
            if !expected.starts_with("because ") {
                continue;
            }
            let verdict = &comparison.verdict;
            assert!(
                verdict.starts_with("Regressed"),
                "{major}: {change}: {comparison:#?}"
            );
            assert!(verdict.contains(expected), "{major}: {change}: {comparison:#?}");
        }
    }
}
