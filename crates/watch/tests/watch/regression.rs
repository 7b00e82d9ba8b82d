use howdah_testkit::majors;
use howdah_watch::history::{Cause, Kind, Regression, Sensitivity, regressions};

use super::{MINUTE, START, Watched, counting, watched, window};

async fn found(watched: &Watched, minutes: i64) -> Vec<Regression> {
    let all = window(0, minutes * MINUTE);
    regressions(&watched.samples, all, Sensitivity::default())
        .await
        .unwrap()
}

/// A statement loses its index. Two minutes later it is found, with the cause and the change.
#[tokio::test]
async fn a_plan_that_flips_is_found_within_two_minutes() {
    for major in majors() {
        let server = counting(major).await;
        let database = server.database("flip").await;
        database
            .execute(
                "CREATE EXTENSION pg_stat_statements; \
                 CREATE TABLE orders (id int PRIMARY KEY, customer int, note text); \
                 INSERT INTO orders SELECT i, i % 5000, repeat('x', 100) FROM generate_series(1, 100000) i; \
                 CREATE INDEX orders_customer ON orders (customer); ANALYZE orders",
            )
            .await;
        let client = database.probe().await;
        let statement = client
            .prepare("SELECT count(note) FROM orders WHERE customer = $1")
            .await
            .unwrap();
        let mut watched = watched(&database.url()).await;
        watched.watcher.measure(START - 1).await.unwrap();
        watched.watcher.count(START - 1).await.unwrap();
        let is_flip =
            |found: &Regression| found.statement.contains("FROM orders") && found.cause == Cause::Plan;
        for minute in 0..8 {
            if minute == 6 {
                let before = found(&watched, minute).await;
                assert!(!before.iter().any(is_flip), "{before:#?}");
                database.execute("DROP INDEX orders_customer").await;
            }
            for customer in 0..100_i32 {
                client.query_one(&statement, &[&customer]).await.unwrap();
            }
            let end = START + minute * MINUTE + 59;
            watched.watcher.count(end).await.unwrap();
            watched.watcher.measure(end).await.unwrap();
        }
        let after = found(&watched, 8).await;
        let flip = after
            .iter()
            .find(|found| is_flip(found))
            .unwrap_or_else(|| panic!("{after:#?}"));
        assert_eq!(flip.kind, Kind::Mean);
        assert_eq!(flip.since_s, START + 6 * MINUTE);
        assert!(flip.factor > 2.0 && flip.after_ms > flip.before_ms, "{flip:#?}");
        assert!(
            flip.changes
                .iter()
                .any(|change| change.contains("index public.orders_customer: gone")),
            "{flip:#?}"
        );
        assert!((flip.after_per_minute - 100.0).abs() < 1.0, "{flip:#?}");
    }
}
