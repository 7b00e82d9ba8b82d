//! A change that is asked for again once it is done: what only looks after something is done again, whatever
//! stands beside something else is not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use howdah_change::Ended;
use howdah_testkit::tokio_postgres::Client;
use howdah_testkit::{majors, server};

const SETUP: &str = r#"
    CREATE TABLE t (id int PRIMARY KEY, a int);
    INSERT INTO t SELECT g, g FROM generate_series(1, 100) g;
    CREATE MATERIALIZED VIEW "M v" AS SELECT id, a FROM t;
    CREATE UNIQUE INDEX ON "M v" (id);
    CREATE MATERIALIZED VIEW other AS SELECT count(*) AS n FROM t;
    CREATE UNIQUE INDEX ON other (n);
    CREATE MATERIALIZED VIEW bare AS SELECT 1 AS one WITH NO DATA;
    CREATE TABLE log (id int);
"#;

async fn count(probe: &Client, sql: &str) -> i64 {
    probe.query_one(sql, &[]).await.unwrap().get(0)
}

async fn ended(url: &str, sql: &str) -> Ended {
    support::run(url, sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_done_again_and_nothing_beside_it() {
    for major in majors() {
        let database = server(major).await.database("again").await;
        database.execute(SETUP).await;
        let probe = database.probe().await;
        let url = database.url();
        let view = r#"SELECT count(*) FROM "M v""#;

        let script = r#"REFRESH MATERIALIZED VIEW "M v"; REFRESH MATERIALIZED VIEW other"#;
        for rows in [100, 101, 102] {
            assert_eq!(ended(&url, script).await, Ended::Done, "{major}");
            assert_eq!(count(&probe, view).await, rows);
            assert_eq!(count(&probe, "SELECT n FROM other").await, rows);
            probe
                .batch_execute("INSERT INTO t SELECT max(id) + 1, 0 FROM t")
                .await
                .unwrap();
        }
        // Others that look after something go with it.
        for _ in 0..2 {
            let with_others = r#"VACUUM t; ANALYZE t; REFRESH MATERIALIZED VIEW "M v""#;
            assert_eq!(ended(&url, with_others).await, Ended::Done);
        }
        assert_eq!(count(&probe, view).await, 103);

        // Beside anything else it is done once: the rows are there once, those that came since stay.
        let mixed = r#"INSERT INTO log VALUES (1); REFRESH MATERIALIZED VIEW "M v""#;
        let empties = r#"TRUNCATE log; REFRESH MATERIALIZED VIEW other"#;
        assert_eq!(ended(&url, empties).await, Ended::Done);
        assert_eq!(ended(&url, mixed).await, Ended::Done);
        probe
            .batch_execute("INSERT INTO t SELECT max(id) + 1, 0 FROM t")
            .await
            .unwrap();
        assert_eq!(ended(&url, mixed).await, Ended::WasDone);
        assert_eq!(ended(&url, empties).await, Ended::WasDone);
        assert_eq!(count(&probe, "SELECT count(*) FROM log").await, 1);
        assert_eq!(count(&probe, view).await, 103);

        // Nobody reads a view without data; once it has some, a refresh would keep readers out.
        let fills = "REFRESH MATERIALIZED VIEW bare";
        assert_eq!(ended(&url, fills).await, Ended::Done);
        let error = support::run(&url, fills).await.unwrap_err();
        assert!(error.to_string().contains("unique index"), "{error}");
        assert_eq!(count(&probe, "SELECT count(*) FROM bare").await, 1);
    }
}
