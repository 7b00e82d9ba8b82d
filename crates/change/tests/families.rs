//! A partitioned table that gets another partition while its column changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use howdah_change::{ChangeError, Ended, Options, journal};
use howdah_testkit::{majors, server};

const SETUP: &str = "
    CREATE TABLE t (id int NOT NULL, at date NOT NULL, v int NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
    CREATE INDEX ON t (v);
    INSERT INTO t SELECT g, date '2024-01-01' + g % 31, g FROM generate_series(1, 3000) g;";

const SCRIPT: &str = "ALTER TABLE t ALTER COLUMN id TYPE bigint, ALTER COLUMN v TYPE bigint";

/// As a program that makes partitions ahead of time does it.
const LATER: &str = "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
    INSERT INTO t SELECT g, '2024-02-01', g FROM generate_series(1, 10) g;";

/// A key of all partitions would otherwise hold in those alone that the plan knew.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_comes_meanwhile_is_noticed() {
    for major in majors() {
        let server = server(major).await;
        let mut stages = 0;
        // Before the column is there, and between its steps.
        for statements in [2, 5, 9, 13] {
            let reference = server.database("reference").await;
            let changed = server.database("changed").await;
            reference.execute(SETUP).await;
            changed.execute(SETUP).await;
            let url = changed.url();
            match support::interrupted(&url, SCRIPT, statements, Options::default()).await {
                Err(ChangeError::Stopped) => {}
                other => panic!("{major}, {statements}: {other:?}"),
            }
            reference.execute(LATER).await;
            changed.execute(LATER).await;
            let error = match support::run(&url, SCRIPT).await {
                Err(error) => error.to_string(),
                Ok((_, ended)) => panic!("{major}, {statements}: {ended:?}"),
            };
            assert!(
                error.contains("was made or taken away") || error.contains("t2"),
                "{major}, {statements}: {error}"
            );
            stages += usize::from(error.contains("was made or taken away"));
            let mut session = support::target(&url).session().await.unwrap();
            let id = journal::list(&mut session, None).await.unwrap()[0]
                .plan
                .id
                .clone();
            drop(session);
            let back = support::executor(&url, Options::default()).rollback(&id).await;
            back.unwrap_or_else(|error| panic!("{major}, {statements}: {error} {error:?}"));
            let expected = support::schema(&reference.probe().await).await;
            let found = support::schema(&changed.probe().await).await;
            assert!(
                expected == found,
                "{major}, {statements}:\n{}",
                support::difference(&expected, &found)
            );
            // Known from the beginning it is like the others.
            assert_eq!(
                support::run(&url, SCRIPT).await.unwrap().1,
                Ended::Done,
                "{major}"
            );
            reference.execute(SCRIPT).await;
            let expected = support::data(&reference.probe().await).await;
            let found = support::data(&changed.probe().await).await;
            assert!(
                expected == found,
                "{major}, {statements}:\n{}",
                support::difference(&expected, &found)
            );
            let unready = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
            let left: i64 = changed
                .probe()
                .await
                .query_one(unready, &[])
                .await
                .unwrap()
                .get(0);
            assert_eq!(left, 0, "{major}, {statements}");
        }
        assert!(stages > 0, "{major}: the swap never met it");
    }
}
