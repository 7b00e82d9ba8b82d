//! What the audit log may show.
#![allow(clippy::unwrap_used)]

use howdah_sql::normalize;

#[test]
fn literals_are_masked() {
    for (text, expected) in [
        (
            "SELECT * FROM t WHERE a = 'x' AND b = -1.5e3",
            "SELECT * FROM t WHERE a = $1 AND b = -$2",
        ),
        ("SELECT $2, 'x', $1, 3", "SELECT $2, $3, $1, $4"),
        (
            "SELECT E'\\'', U&'d\\0061t', B'01', x'ff', n'é', $$q$$, $t$ $$ $t$, 0x1F",
            "SELECT $1, $2, $3, $4, $5, $6, $7, $8",
        ),
        ("SELECT 'a'\n'b'", "SELECT $1"),
        ("SELECT a/* 'secret' */FROM t -- secret", "SELECT a FROM t"),
        (
            "SELECT \"Mixed\" FROM \"T\" WHERE x1 = 1",
            "SELECT \"Mixed\" FROM \"T\" WHERE x1 = $1",
        ),
        (
            "INSERT INTO t VALUES (1, 'x'), (2, NULL)",
            "INSERT INTO t VALUES ($1, $2), ($3, NULL)",
        ),
        (
            "ALTER ROLE r PASSWORD 'hunter2' VALID UNTIL '2030-01-01'",
            "ALTER ROLE r PASSWORD $1 VALID UNTIL $2",
        ),
        (
            "CREATE ROLE r LOGIN ENCRYPTED PASSWORD 'hunter2'",
            "CREATE ROLE r LOGIN ENCRYPTED PASSWORD $1",
        ),
        ("ALTER ROLE r PASSWORD NULL", "ALTER ROLE r PASSWORD NULL"),
        (
            "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'u', password 'hunter2')",
            "CREATE USER MAPPING FOR u SERVER s OPTIONS (user $1, password $2)",
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'password=hunter2' PUBLICATION p",
            "CREATE SUBSCRIPTION s CONNECTION $1 PUBLICATION p",
        ),
        (
            "ALTER SUBSCRIPTION s CONNECTION 'password=hunter2'",
            "ALTER SUBSCRIPTION s CONNECTION $1",
        ),
        (
            "SELECT * FROM dblink('password=hunter2', 'SELECT 1') AS t(a int)",
            "SELECT * FROM dblink($1, $2) AS t(a int)",
        ),
        ("COMMENT ON TABLE t IS 'hunter2'", "COMMENT ON TABLE t IS $1"),
        (
            "SECURITY LABEL ON TABLE t IS 'hunter2'",
            "SECURITY LABEL ON TABLE t IS $1",
        ),
        (
            "CREATE TABLE t (a text DEFAULT 'hunter2' CHECK (a <> 'x'))",
            "CREATE TABLE t (a text DEFAULT $1 CHECK (a <> $2))",
        ),
        (
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'hunter2'$$",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $1",
        ),
        ("DO 'BEGIN PERFORM 1; END'", "DO $1"),
        ("SET app.token = 'hunter2'", "SET app.token = $1"),
        (
            "ALTER SYSTEM SET primary_conninfo = 'password=hunter2'",
            "ALTER SYSTEM SET primary_conninfo = $1",
        ),
        ("NOTIFY c, 'hunter2'", "NOTIFY c, $1"),
        ("COPY t FROM PROGRAM 'curl hunter2'", "COPY t FROM PROGRAM $1"),
        ("EXECUTE p('hunter2', 5)", "EXECUTE p($1, $2)"),
        (
            "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h', \"passWord\" 'hunter2')",
            "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host $1, \"passWord\" $2)",
        ),
        ("SELECT password FROM users", "SELECT password FROM users"),
        (
            "SELECT password secret FROM users",
            "SELECT password secret FROM users",
        ),
        ("", ""),
        ("-- hunter2", ""),
    ] {
        assert_eq!(normalize(text), expected);
    }
}

#[test]
fn secrets_in_broken_text_are_masked_too() {
    for text in [
        "ALTER ROLE r PASSWORD 'hunter2",
        "ALTER ROLE r PASSWORD hunter2",
        "ALTER ROLE r PASSWORD \"hunter2\"",
        "ALTER ROLE r PASSWORD \"hunter2",
        "ALTER ROLE r PASSWORD $x$hunter2",
        "ALTER ROLE r PASSWORD E'\\'hunter2",
        "ALTER USER r IDENTIFIED BY hunter2",
        "ALTER ROLE r PASWORD 'hunter2' FOO",
        "CREATE ROLE r PASSWORD hunter2 LOGIN",
        "SELECT /* hunter2",
        "SELECT \"hunter2\" FROM FROM",
        "\\password hunter2\nSELECT 'hunter2'",
        "SELECT 'x'; ALTER ROLE r PASSWORD hunter2; 'hunter2'",
        "SELECT 'a\0hunter2'",
    ] {
        assert!(
            !normalize(text).contains("hunter2"),
            "{text} → {}",
            normalize(text)
        );
    }
}
