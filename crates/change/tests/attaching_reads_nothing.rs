//! What a CHECK proves, the server does not read: for every kind of bound, counted by the server itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use howdah_change::Action;
use howdah_testkit::tokio_postgres::SimpleQueryMessage;
use howdah_testkit::{majors, server};

/// The partition key, and the bound of a table `x` whose rows are `(5, 'e', '2024-01-05')` and the like.
const BOUNDS: [(&str, &str); 12] = [
    ("RANGE (a)", "FROM (5) TO (6)"),
    ("RANGE (a)", "FROM (MINVALUE) TO (6)"),
    ("RANGE (a)", "FROM (5) TO (MAXVALUE)"),
    ("RANGE (\"At\")", "FROM ('2024-01-05') TO ('2024-02-01')"),
    ("RANGE (a, \"At\")", "FROM (5, '2024-01-01') TO (5, '2024-02-01')"),
    ("RANGE (a, \"At\")", "FROM (4, '2024-01-01') TO (6, '2024-02-01')"),
    ("RANGE (a, \"At\")", "FROM (4, MINVALUE) TO (6, MAXVALUE)"),
    (
        "RANGE (a, \"At\", b)",
        "FROM (5, '2024-01-01', 'a') TO (5, '2024-02-01', MAXVALUE)",
    ),
    ("LIST (b)", "IN ('e')"),
    ("LIST (b)", "IN ('it''s', 'e', 'f')"),
    ("LIST (b)", "IN ('e', NULL)"),
    ("HASH (a)", "WITH (MODULUS 1, REMAINDER 0)"),
];

#[tokio::test(flavor = "multi_thread")]
async fn attaching_reads_no_row() {
    for major in majors() {
        let database = server(major).await.database("attach").await;
        let probe = database.probe().await;
        for (key, bound) in BOUNDS {
            let default = if key.starts_with("HASH") {
                ""
            } else {
                "CREATE TABLE rest PARTITION OF t DEFAULT; INSERT INTO t VALUES (1000, 'zz', '2030-01-01');"
            };
            database
                .execute(&format!(
                    "DROP TABLE IF EXISTS t, x; CREATE TABLE t (a int, b text, \"At\" date) PARTITION BY {key}; {default}
                     CREATE TABLE x (a int, b text, \"At\" date); INSERT INTO x SELECT 5, 'e', '2024-01-05' FROM generate_series(1, 10);"
                ))
                .await;
            // Only where the rest of all values stays outside.
            if bound.contains("TO (MAXVALUE)") {
                database.execute("DELETE FROM t").await;
            }
            let attach = format!("ALTER TABLE t ATTACH PARTITION x FOR VALUES {bound}");
            let target = support::target(&database.url());
            let mut session = target.session().await.unwrap();
            let plan = howdah_change::plan(&mut session, &attach).await.unwrap();
            assert!(
                plan.refusals.is_empty(),
                "{major} {key} {bound}: {:?}",
                plan.refusals
            );
            for step in &plan.steps {
                if step.title.starts_with("Attach") {
                    break;
                }
                match &step.action {
                    Action::Transaction { statements, .. } => database.execute(&statements.join(";")).await,
                    Action::Autocommit { sql, .. } => database.execute(sql).await,
                    _ => {}
                }
            }
            let counted = probe
                .simple_query(&format!(
                    "BEGIN; {attach}; SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables WHERE relname IN ('x', 'rest'); ROLLBACK"
                ))
                .await
                .unwrap_or_else(|error| panic!("{major} {key} {bound}: {error:?}"));
            let scans: Vec<&str> = counted
                .iter()
                .filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => row.get(0),
                    _ => None,
                })
                .collect();
            assert_eq!(scans, ["0"], "PostgreSQL {major}: {key}, {bound}");
        }
        // The count is one that counts: without the checks it is not 0.
        let naive = probe
            .simple_query(
                "DROP TABLE t, x; CREATE TABLE t (a int) PARTITION BY RANGE (a); CREATE TABLE x (a int); INSERT INTO x VALUES (5);
                 BEGIN; ALTER TABLE t ATTACH PARTITION x FOR VALUES FROM (5) TO (6);
                 SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname = 'x'; ROLLBACK",
            )
            .await
            .unwrap();
        assert!(
            naive
                .iter()
                .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("1")))
        );
    }
}
