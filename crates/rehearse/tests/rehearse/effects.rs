use howdah_testkit::majors;

use crate::world::{autocommit, in_transaction, lines, run, run_on, schema_of};

const SHOP: &str = "
    CREATE TABLE parent (id int PRIMARY KEY, name text);
    CREATE TABLE t (id bigint PRIMARY KEY, a int, b text, at timestamp, v varchar(50), n numeric, parent int);
    CREATE INDEX t_at ON t (at);
    CREATE INDEX t_invalid ON t (a);
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_invalid'::regclass;
    CREATE TABLE u (id int PRIMARY KEY, a int);
    CREATE TABLE coded (code varchar(20) UNIQUE);
    CREATE TABLE parts (k int, v int) PARTITION BY RANGE (k);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
    CREATE TABLE rest PARTITION OF parts DEFAULT;
    CREATE TABLE child (k int, v int);
    CREATE TYPE mood AS ENUM ('good');
    CREATE MATERIALIZED VIEW mv AS SELECT a FROM t;
    CREATE FUNCTION volatile_one() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
";

/// Each statement for itself, and what it does.
async fn check(cases: &[(&str, &str)]) {
    for major in majors() {
        let mut wrong = Vec::new();
        let schema = schema_of(major, SHOP).await;
        for (script, expected) in cases {
            let rehearsal = run_on(major, &schema, &autocommit(script), false).await;
            let found = lines(&rehearsal).join(" / ").replace("public.", "");
            // How a foreign key is checked is the planner's choice: by scan, or by index.
            let found = found.replace("Scan parent, ", "");
            if found != *expected {
                wrong.push(format!(
                    "{major}: {script}\n  expected {expected}\n  found    {found}\n  {:?}",
                    rehearsal.notes
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn changes_of_tables() {
    check(&[
        ("ALTER TABLE t ADD COLUMN c int", "AccessExclusive t"),
        ("ALTER TABLE t ADD COLUMN c int DEFAULT 5", "AccessExclusive t"),
        ("ALTER TABLE t ADD COLUMN c int DEFAULT volatile_one()", "AccessExclusive t, Rewrite t"),
        ("ALTER TABLE t ADD COLUMN c int CHECK (c > 0)", "AccessExclusive t, Scan t"),
        ("ALTER TABLE t ALTER a TYPE bigint", "failed 0A000"),
        ("ALTER TABLE t ALTER parent TYPE bigint", "AccessExclusive t, Rewrite t"),
        ("ALTER TABLE t ALTER v TYPE varchar(100)", "AccessExclusive t"),
        ("ALTER TABLE coded ALTER code TYPE varchar(40)", "AccessExclusive coded"),
        ("ALTER TABLE t ALTER v TYPE varchar(10)", "AccessExclusive t, Rewrite t"),
        ("SET timezone = 'UTC'; ALTER TABLE t ALTER at TYPE timestamptz", " / AccessExclusive t, IndexBuild t t_at"),
        ("ALTER TABLE t ALTER at TYPE timestamptz USING at AT TIME ZONE 'UTC'", "AccessExclusive t, Rewrite t"),
        ("ALTER TABLE t ALTER b SET NOT NULL", "AccessExclusive t, Scan t"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (b IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER b SET NOT NULL",
         "AccessExclusive t / Scan t / AccessExclusive t"),
        ("ALTER TABLE t DROP COLUMN b", "AccessExclusive t, lost column t.b"),
        ("ALTER TABLE t ADD FOREIGN KEY (parent) REFERENCES parent", "Scan t, ShareRowExclusive parent, ShareRowExclusive t"),
        ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES parent NOT VALID", "ShareRowExclusive parent, ShareRowExclusive t"),
        ("DROP TABLE u", "AccessExclusive u, lost table u"),
        ("TRUNCATE u", "AccessExclusive u, lost all rows of u"),
        ("DO $$ BEGIN TRUNCATE u; END $$", "AccessExclusive u, lost all rows of u"),
        ("VACUUM FULL u", "AccessExclusive u, Rewrite u"),
        ("CLUSTER u USING u_pkey", "AccessExclusive u, Rewrite u"),
        ("ALTER TABLE u SET UNLOGGED", "AccessExclusive u, Rewrite u"),
        ("REFRESH MATERIALIZED VIEW mv", "AccessExclusive mv, Rewrite mv, Scan t"),
        ("CREATE TABLE new (id int PRIMARY KEY); INSERT INTO new SELECT generate_series(1, 1000); ALTER TABLE new ADD COLUMN x int DEFAULT volatile_one()", " /  / "),
    ])
    .await;
}

#[tokio::test]
async fn indexes_and_partitions() {
    check(&[
        ("CREATE INDEX i ON t (b)", "IndexBuild t i, Share t"),
        ("CREATE INDEX CONCURRENTLY i ON t (b)", "IndexBuild t i"),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS t_invalid ON t (a)", "InvalidIndex(\"t_invalid\")"),
        ("CREATE INDEX IF NOT EXISTS t_at ON t (at)", "Share t"),
        ("DROP INDEX CONCURRENTLY t_at", ""),
        ("REINDEX INDEX CONCURRENTLY t_at", "IndexBuild t t_at"),
        ("ALTER TABLE t ADD UNIQUE (b)", "AccessExclusive t, IndexBuild t t_b_key"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (b); ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i", "IndexBuild t i / AccessExclusive t"),
        ("CREATE INDEX i ON parts (v)", "IndexBuild parts_1 parts_1_v_idx, IndexBuild rest rest_v_idx, Share parts, Share parts_1, Share rest"),
        ("CREATE INDEX i ON ONLY parts (v)", "Share parts"),
        ("ALTER TABLE parts ATTACH PARTITION child FOR VALUES FROM (20) TO (30)", "AccessExclusive child, AccessExclusive rest, Scan child, Scan rest"),
        ("CREATE TABLE more PARTITION OF parts FOR VALUES FROM (20) TO (30)", "AccessExclusive parts, AccessExclusive rest, Scan rest"),
        ("ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY", "failed 55000"),
    ])
    .await;
}

#[tokio::test]
async fn rows() {
    check(&[
        ("UPDATE t SET a = 1", "RowsWritten t, Scan t"),
        ("UPDATE t SET a = 1 WHERE true", "RowsWritten t, Scan t"),
        ("UPDATE t SET a = 1 WHERE b IS NULL", "RowsWritten t, Scan t"),
        ("UPDATE t SET a = 1 WHERE id = 5", ""),
        ("UPDATE t SET a = 1 WHERE id IN (1, 2, 3)", ""),
        (
            "UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 1000)",
            "",
        ),
        ("UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 1000", ""),
        ("DELETE FROM t", "RowsWritten t, Scan t, lost all rows of t"),
        (
            "DELETE FROM t WHERE at < now() - interval '1 year'",
            "RowsWritten t, Scan t",
        ),
        ("INSERT INTO u VALUES (1, 2)", ""),
        ("INSERT INTO u SELECT id, a FROM t", "RowsWritten u, Scan t"),
        ("DO $$ BEGIN UPDATE t SET a = 1; END $$", "RowsWritten t, Scan t"),
        (
            "SET client_min_messages = error; DO $$ BEGIN UPDATE t SET a = 1; END $$",
            " / RowsWritten t, Scan t",
        ),
        ("SELECT * FROM t FOR UPDATE", "RowsLocked t, Scan t"),
        ("SELECT 1 FROM t WHERE id = 1 FOR UPDATE", ""),
        ("SELECT count(*) FROM t", "Scan t"),
        ("SELECT * FROM t ORDER BY id LIMIT 10", ""),
        (
            "MERGE INTO u USING t ON u.id = t.id WHEN MATCHED THEN UPDATE SET a = 1",
            "RowsWritten u, Scan t, Scan u",
        ),
        ("LOCK TABLE t", "failed 25P01"),
        ("BEGIN; LOCK TABLE t; COMMIT", " / AccessExclusive t / "),
    ])
    .await;
}

#[tokio::test]
async fn failures_and_debris() {
    check(&[
        ("ALTER TABLE nothing ADD c int", "failed 42P01"),
        ("SELEC 1", "failed 42601"),
        (
            "ALTER TABLE u ADD c int; ALTER TABLE nothing ADD c int; ALTER TABLE u ADD d int",
            "AccessExclusive u / HalfApplied, failed 42P01 / AccessExclusive u",
        ),
        (
            "BEGIN; ALTER TABLE u ADD c int",
            " / AccessExclusive u, OpenTransaction",
        ),
        (
            "BEGIN; ALTER TABLE u ADD c int; ROLLBACK; ALTER TABLE u ADD c int",
            " / AccessExclusive u /  / AccessExclusive u",
        ),
        // What is taken back has locked, and lost nothing.
        ("BEGIN; DROP TABLE u; ROLLBACK", " / AccessExclusive u / "),
        (
            "BEGIN; SAVEPOINT s; DROP TABLE u; ROLLBACK TO s; COMMIT",
            " /  / AccessExclusive u /  / ",
        ),
        (
            "BEGIN; SAVEPOINT s; DROP TABLE u; RELEASE s; COMMIT",
            " /  / AccessExclusive u, lost table u /  / ",
        ),
        (
            "ALTER TYPE mood ADD VALUE 'bad'; CREATE TABLE m (m mood DEFAULT 'bad')",
            " / ",
        ),
    ])
    .await;
    for major in majors() {
        let script = in_transaction("ALTER TYPE mood ADD VALUE 'bad'; CREATE TABLE m (m mood DEFAULT 'bad')");
        let rehearsal = run(major, SHOP, &script).await;
        assert_eq!(lines(&rehearsal), ["", "failed 55P04"], "{major}");
        assert_eq!(
            rehearsal.statements[0].transaction,
            rehearsal.statements[1].transaction
        );
        let rehearsal = run(
            major,
            SHOP,
            &in_transaction("CREATE INDEX CONCURRENTLY i ON t (b)"),
        )
        .await;
        assert_eq!(lines(&rehearsal), ["failed 25001"], "{major}");
    }
}

#[tokio::test]
async fn new_values_of_a_new_enum_are_safe_where_the_server_says_so() {
    const SCRIPT: &str = "CREATE TYPE mood AS ENUM ('good'); ALTER TYPE mood ADD VALUE 'bad'; \
        CREATE TABLE moods (mood mood NOT NULL DEFAULT 'bad')";
    for major in majors() {
        let rehearsal = run(major, "", &in_transaction(SCRIPT)).await;
        let failed = rehearsal
            .statements
            .iter()
            .any(|statement| statement.effects.failure.is_some());
        assert_eq!(failed, major < 17, "{major}: {rehearsal:?}");
    }
}
