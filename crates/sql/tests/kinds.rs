//! Kinds of statements that a bare server cannot be asked about; see `server.rs` for the others.
#![allow(clippy::unwrap_used)]

use howdah_sql::{CopyEnd, Kind, Limits, StatementEffect, parse};

fn kind(sql: &str) -> Kind {
    parse(sql, &Limits::default()).unwrap().statements[0]
        .kind()
        .clone()
}

#[test]
fn commands_that_need_more_than_a_server_have_their_tags() {
    for (sql, tag) in [
        (
            "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO t",
            "IMPORT FOREIGN SCHEMA",
        ),
        ("SECURITY LABEL ON TABLE t IS 'secret'", "SECURITY LABEL"),
        ("ALTER EXTENSION e UPDATE", "ALTER EXTENSION"),
        ("ALTER COLLATION c REFRESH VERSION", "ALTER COLLATION"),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
            "CREATE SUBSCRIPTION",
        ),
        ("DROP EXTENSION e", "DROP EXTENSION"),
    ] {
        assert_eq!(kind(sql).name(), tag);
        assert_eq!(kind(sql).effect(), StatementEffect::Ddl);
    }
}

#[test]
fn effects_that_the_text_does_not_show_are_unknown() {
    for sql in [
        "CALL p()",
        "DO 'BEGIN END'",
        "EXECUTE p",
        "EXPLAIN ANALYZE EXECUTE p",
        "COPY t TO PROGRAM 'x'",
        "COPY t FROM PROGRAM 'x'",
    ] {
        assert_eq!(kind(sql).effect(), StatementEffect::Unknown, "{sql}");
    }
    for sql in [
        "SET a.b = 1",
        "LISTEN c",
        "PREPARE p AS DELETE FROM t",
        "DECLARE c CURSOR FOR SELECT 1",
        "FETCH c",
    ] {
        assert_eq!(kind(sql).effect(), StatementEffect::Session, "{sql}");
    }
    for sql in [
        "BEGIN",
        "COMMIT",
        "ROLLBACK TO a",
        "PREPARE TRANSACTION 'x'",
        "COMMIT PREPARED 'x'",
    ] {
        assert_eq!(kind(sql).effect(), StatementEffect::Transaction, "{sql}");
    }
}

#[test]
fn a_copy_says_where_to() {
    let copy = |into_table, end| Kind::Copy {
        into_table,
        end,
        query: None,
    };
    assert_eq!(kind("COPY t FROM STDIN"), copy(true, CopyEnd::Client));
    assert_eq!(kind("COPY t TO STDOUT"), copy(false, CopyEnd::Client));
    assert_eq!(kind("COPY t TO '/tmp/x'"), copy(false, CopyEnd::File));
    assert_eq!(kind("COPY t FROM PROGRAM 'x'"), copy(true, CopyEnd::Program));
    let Kind::Copy {
        query: Some(query), ..
    } = kind("COPY (SELECT 1) TO STDOUT")
    else {
        panic!("no query");
    };
    assert_eq!(*query, Kind::Select);
}

#[test]
fn subscriptions_run_in_a_transaction_where_they_touch_no_slot() {
    for (sql, inside) in [
        (
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
            true,
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = off)",
            true,
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = 0)",
            true,
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = true)",
            false,
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (copy_data = false)",
            false,
        ),
        ("ALTER SUBSCRIPTION s SET (streaming = on)", true),
        ("ALTER SUBSCRIPTION s SET (failover)", false),
        (
            "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = 'false')",
            true,
        ),
        ("ALTER SUBSCRIPTION s ENABLE", true),
    ] {
        assert_eq!(kind(sql).runs_in_transaction(), inside, "{sql}");
    }
}
