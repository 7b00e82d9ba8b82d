//! What a backfill makes grow is as small afterwards as the bounds say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use howdah_change::Ended;
use howdah_testkit::{majors, server};

/// Leaves without any room, in another order than the rows: every new entry splits one.
const SETUP: &str = "
    CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, pad text);
    INSERT INTO t SELECT g, g * 7919 % 40009, repeat('x', 90) FROM generate_series(1, 40000) g;
    CREATE UNIQUE INDEX \"t V\" ON t (v) WITH (fillfactor = 100);";

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_the_backfill_split_is_built_anew() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("growth").await;
        database.execute(SETUP).await;
        database.execute("VACUUM (ANALYZE) t").await;
        let client = database.probe().await;
        let sizes = "SELECT pg_relation_size('\"t V\"')::float8, pg_relation_size('t')::float8, '\"t V\"'::regclass::oid";
        let before = client.query_one(sizes, &[]).await.unwrap();
        let (_, ended) = support::run(
            &database.url(),
            "ALTER TABLE t ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid()",
        )
        .await
        .unwrap();
        assert_eq!(ended, Ended::Done);
        let after = client.query_one(sizes, &[]).await.unwrap();
        assert_ne!(
            before.get::<_, u32>(2),
            after.get::<_, u32>(2),
            "{major}: never built anew"
        );
        let grown = |at: usize| after.get::<_, f64>(at) / before.get::<_, f64>(at);
        assert!(
            grown(0) < 1.3,
            "{major}: the index is {} times as large",
            grown(0)
        );
        // 16 bytes of value in each row of 124.
        assert!(
            grown(1) < 1.5,
            "{major}: the table is {} times as large",
            grown(1)
        );
        let left = "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisvalid";
        assert_eq!(
            client.query_one(left, &[]).await.unwrap().get::<_, i64>(0),
            0,
            "{major}"
        );
    }
}
