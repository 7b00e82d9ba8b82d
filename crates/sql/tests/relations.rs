//! Which relations a statement names, and what it does to them.
#![allow(clippy::unwrap_used)]

use howdah_sql::{Limits, parse};

/// `name` for one that is read, `name!` for one that is changed.
fn relations(sql: &str) -> String {
    let parsed = parse(sql, &Limits::default()).unwrap();
    let relations = parsed.statements[0].relations();
    let names = relations
        .iter()
        .map(|used| format!("{}{}", used.relation, if used.changed { "!" } else { "" }));
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn relations_are_found_wherever_they_stand() {
    for (sql, expected) in [
        ("SELECT 1", ""),
        ("SELECT * FROM a, s.b JOIN \"C\" USING (x)", "a s.b \"C\""),
        (
            "SELECT (SELECT max(x) FROM a) FROM b WHERE EXISTS (SELECT 1 FROM c)",
            "a b c",
        ),
        (
            "SELECT * FROM a UNION SELECT * FROM b ORDER BY (SELECT 1 FROM c)",
            "a b c",
        ),
        ("SELECT * FROM a x, a y", "a"),
        ("SELECT * FROM a FOR UPDATE OF a", "a"),
        (
            "SELECT * FROM LATERAL (TABLE a) x, ROWS FROM (f((SELECT 1 FROM b)))",
            "a b",
        ),
        ("VALUES ((SELECT 1 FROM a))", "a"),
        ("INSERT INTO a SELECT * FROM b", "a! b"),
        ("INSERT INTO a SELECT * FROM a", "a! a"),
        ("UPDATE a SET x = (SELECT 1 FROM b) FROM c", "a! b c"),
        ("DELETE FROM a USING b WHERE a.x = b.x", "a! b"),
        (
            "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE",
            "a! b",
        ),
        ("TRUNCATE a, s.b", "a! s.b!"),
        ("COPY a TO STDOUT", "a"),
        ("COPY a FROM '/tmp/x'", "a!"),
        ("COPY (SELECT * FROM a) TO STDOUT", "a"),
        ("EXPLAIN ANALYZE DELETE FROM a", "a!"),
        ("DECLARE c CURSOR FOR SELECT * FROM a", "a"),
        ("PREPARE p AS UPDATE a SET x = 1", "a!"),
        ("SELECT 1 INTO a FROM b", "a! b"),
        ("CREATE TABLE a AS SELECT * FROM b", "a! b"),
        ("CREATE MATERIALIZED VIEW a AS TABLE b", "a! b"),
        (
            "CREATE TABLE a (x int REFERENCES b, LIKE c) INHERITS (d)",
            "a! b c d",
        ),
        ("CREATE VIEW a AS SELECT * FROM b", "a! b"),
        ("CREATE INDEX i ON s.a (x)", "s.a!"),
        ("ALTER TABLE s.a ADD COLUMN x int", "s.a!"),
        ("ALTER TABLE a RENAME TO b", "a!"),
        ("DROP TABLE a, s.\"B\"", "a! s.\"B\"!"),
        ("DROP FUNCTION f()", ""),
        ("DROP SCHEMA s", ""),
        ("REFRESH MATERIALIZED VIEW a", "a!"),
        ("LOCK TABLE a", "a"),
        ("GRANT SELECT ON a TO r", "a!"),
        (
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()",
            "a!",
        ),
        (
            "CREATE RULE r AS ON INSERT TO a DO ALSO INSERT INTO b TABLE c",
            "a! b! c",
        ),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM a; SELECT 1 FROM b; END",
            "a! b",
        ),
        ("VACUUM a", "a"),
    ] {
        assert_eq!(relations(sql), expected, "{sql}");
    }
}

#[test]
fn queries_of_a_with_are_no_relations() {
    for (sql, expected) in [
        ("WITH a AS (SELECT 1 FROM b) SELECT * FROM a, c", "b c"),
        // Without RECURSIVE a query does not see itself, nor one behind it.
        (
            "WITH a AS (SELECT 1 FROM a), b AS (SELECT 1 FROM a, b, c) SELECT 1 FROM a, b",
            "a b c",
        ),
        (
            "WITH RECURSIVE a AS (SELECT 1 UNION SELECT 1 FROM a, b), b AS (SELECT 1) SELECT 1 FROM a",
            "",
        ),
        ("WITH a AS (SELECT 1) SELECT 1 FROM s.a", "s.a"),
        ("SELECT (WITH a AS (SELECT 1) SELECT 1 FROM a) FROM a", "a"),
        (
            "WITH a AS (DELETE FROM b RETURNING 1) INSERT INTO a SELECT * FROM a",
            "b! a!",
        ),
    ] {
        assert_eq!(relations(sql), expected, "{sql}");
    }
}

#[test]
fn many_of_them_are_found_in_time() {
    let with: Vec<_> = (0..3_000)
        .map(|n| format!("w{n} AS (SELECT 1 FROM t{n})"))
        .collect();
    let found = relations(&format!("WITH {} SELECT 1", with.join(",")));
    assert_eq!(found.split(' ').count(), 3_000);
}
