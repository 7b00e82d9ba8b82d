//! What a call leaves behind: nothing.

use std::time::{Duration, Instant};

use howdah_pg::guard::{self, Caps, Query, SettledBy};
use howdah_testkit::{PgBouncer, majors, server};

use super::arena::{Arena, Rows, run, target};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_for_the_next_call() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        let target = arena.target("postgres");
        let state = "SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors), \
                     (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), current_setting('work_mem'), \
                     (SELECT count(*) FROM pg_listening_channels())";
        let before = run(&target, state).await.unwrap().1;
        for sql in [
            "SELECT count(*) FROM t",
            "SELECT 1/0",
            "SELECT pg_advisory_lock(1)",
            "SELECT nothing FROM t",
            "SELECT set_config('work_mem', '1MB', false)",
        ] {
            let _ = run(&target, sql).await;
            assert_eq!(run(&target, state).await.unwrap().1, before, "{sql}");
        }
        let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()";
        // The answer does not wait for the end of the transaction, which was sent along.
        let mut left = 1;
        for _ in 0..40 {
            left = arena.probe.query_one(open, &[]).await.unwrap().get(0);
            if left == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(left, 0i64);
    }
}

/// A backend that is told to go while a call takes its connection out of the pool: the statement has not begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_before_the_statement_begins_costs_no_call() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        for sql in ["SELECT 1", "SELECT count(*) FROM t"] {
            let target = arena.target("postgres");
            let mut session = target.session().await.unwrap();
            let pid = session.backend_pid();
            arena
                .probe
                .query_one("SELECT pg_terminate_backend($1)", &[&pid])
                .await
                .unwrap();
            let gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1";
            while arena
                .probe
                .query_one(gone, &[&pid])
                .await
                .unwrap()
                .get::<_, i64>(0)
                > 0
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let mut rows = Rows::default();
            let query = Query::new(sql, &session);
            let answer = guard::query(&mut session, &query, &mut rows).await.unwrap();
            assert_eq!(answer.rows, 1, "{sql}");
            assert_ne!(session.backend_pid(), pid, "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_read_only_and_rolled_back() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        let shown = run(
            &arena.target("postgres"),
            "SELECT current_setting('transaction_read_only')",
        )
        .await
        .unwrap();
        assert_eq!(shown.1, [["on"]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_capped_exactly() {
    let arena = Arena::new(server(*majors().last().unwrap()).await).await;
    let target = arena.target("plain");
    for (rows, want, truncated) in [
        (99u32, 99u64, true),
        (100, 100, false),
        (101, 100, false),
        (0, 0, true),
    ] {
        let mut session = target.session().await.unwrap();
        let query = Query::new("SELECT * FROM t", &session).max_rows(rows, &session);
        let mut sink = Rows::default();
        let guarded = guard::query(&mut session, &query, &mut sink).await.unwrap();
        assert_eq!(
            (guarded.rows, guarded.truncated, sink.0.len()),
            (want, truncated, want as usize),
            "{rows}"
        );
    }
    let mut session = target.session().await.unwrap();
    let caps = Caps {
        rows: None,
        bytes: 1000,
        cell_bytes: 100,
    };
    let query = Query {
        caps,
        ..Query::new(
            "SELECT repeat('x', 300) FROM generate_series(1, 1000000)",
            &session,
        )
    };
    let mut sink = Rows::default();
    let guarded = guard::query(&mut session, &query, &mut sink).await.unwrap();
    assert_eq!((guarded.rows, guarded.truncated), (10, true));
    assert!(sink.0.iter().all(|row| row[0].len() == 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_settles_a_statement() {
    let arena = Arena::new(server(*majors().last().unwrap()).await).await;
    arena
        .setup("CREATE FUNCTION lower(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN evil(); END'")
        .await;
    for (sql, by) in [
        ("SELECT 1", SettledBy::Grammar),
        ("SHOW work_mem", SettledBy::Grammar),
        ("SELECT count(*) FROM t WHERE id > 1", SettledBy::Catalog),
        ("SELECT lower(name) FROM t", SettledBy::Analyser),
        (
            "EXPLAIN ANALYZE VERBOSE SELECT lower(name) FROM t",
            SettledBy::Analyser,
        ),
    ] {
        assert_eq!(
            run(&arena.target("plain"), sql).await.unwrap().0.settled_by,
            by,
            "{sql}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_bound_and_typed_by_the_server() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        let mut session = arena.target("plain").session().await.unwrap();
        let params = [Some("5"), Some("'; DROP TABLE t; --"), None];
        let sql = "SELECT id + $1, $2::text, $3::date FROM t WHERE id = $1";
        let query = Query::new(sql, &session).params(&params);
        let mut sink = Rows::default();
        guard::query(&mut session, &query, &mut sink).await.unwrap();
        assert_eq!(sink.0, [["10", "'; DROP TABLE t; --", "NULL"]]);
    }
}

/// Such a plan is asked for in the simple protocol, which would run several statements.
#[tokio::test(flavor = "multi_thread")]
async fn a_generic_plan_needs_no_values() {
    for major in majors().into_iter().filter(|major| *major >= 16) {
        let arena = Arena::new(server(major).await).await;
        let target = arena.target("postgres");
        for (sql, plan) in [
            (
                "EXPLAIN (GENERIC_PLAN, COSTS off) SELECT * FROM t WHERE id = $1",
                "$1",
            ),
            (
                "EXPLAIN (GENERIC_PLAN, COSTS off) SELECT $1 || lower(name) FROM t;",
                "Seq Scan",
            ),
            (
                "EXPLAIN (GENERIC_PLAN, COSTS off) UPDATE t SET name = $2 WHERE id = $1",
                "Update",
            ),
            ("EXPLAIN (GENERIC_PLAN, COSTS off) SELECT 'a; b' -- $1;", "Result"),
        ] {
            let mut session = target.session().await.unwrap();
            let query = Query::new(sql, &session);
            let mut sink = Rows::default();
            let guarded = guard::query(&mut session, &query, &mut sink).await.unwrap();
            assert!(
                sink.0.iter().any(|row| row[0].contains(plan)),
                "{sql}: {:?}",
                sink.0
            );
            assert_eq!(guarded.rows, sink.0.len() as u64, "{sql}");
            assert_eq!(guarded.command_tag, "EXPLAIN", "{sql}");
        }
        // One row of more, and none of what is wrong; the session is at rest after each.
        let mut session = target.session().await.unwrap();
        let sql = "EXPLAIN (GENERIC_PLAN) SELECT * FROM t WHERE id = $1 ORDER BY name";
        let query = Query::new(sql, &session).max_rows(1, &session);
        let mut sink = Rows::default();
        let guarded = guard::query(&mut session, &query, &mut sink).await.unwrap();
        assert_eq!((guarded.rows, guarded.truncated, sink.0.len()), (1, true, 1));
        drop(session);
        for sql in [
            "EXPLAIN (GENERIC_PLAN, ANALYZE) SELECT $1::int",
            "EXPLAIN (GENERIC_PLAN) SELECT nothing FROM t WHERE id = $1",
            "EXPLAIN (GENERIC_PLAN off) SELECT * FROM t WHERE id = $1",
            "EXPLAIN (GENERIC_PLAN) SELECT $1; SELECT 1",
            "EXPLAIN (GENERIC_PLAN) SELECT pg_advisory_lock($1)",
        ] {
            assert!(run(&target, sql).await.is_err(), "{sql}");
            assert_eq!(run(&target, "SELECT 1").await.unwrap().1, [["1"]], "{sql}");
        }
        // With values it is what it is with values.
        let mut session = target.session().await.unwrap();
        let values = [Some("7")];
        let query =
            Query::new("EXPLAIN (GENERIC_PLAN) SELECT * FROM t WHERE id = $1", &session).params(&values);
        assert!(
            guard::query(&mut session, &query, &mut Rows::default())
                .await
                .is_ok()
        );
    }
}

/// The server reads a modifier with whatever text names its type, when it takes in a literal.
#[tokio::test(flavor = "multi_thread")]
async fn the_modifier_of_an_added_type_is_never_read() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        arena
            .setup(
                "CREATE TYPE modified; \
                 CREATE FUNCTION modified_in(cstring) RETURNS modified LANGUAGE internal IMMUTABLE STRICT AS 'int4in'; \
                 CREATE FUNCTION modified_out(modified) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out'; \
                 CREATE FUNCTION modifier(cstring[]) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'pg_stat_reset'; \
                 CREATE TYPE modified (INPUT = modified_in, OUTPUT = modified_out, TYPMOD_IN = modifier, LIKE = int4)",
            )
            .await;
        let target = arena.target("postgres");
        let reset = "SELECT stats_reset::text FROM pg_stat_database WHERE datname = current_database()";
        let before: Option<String> = arena.probe.query_one(reset, &[]).await.unwrap().get(0);
        for sql in [
            "SELECT NULL::modified(5)",
            "SELECT 'modified(5)'::regtype",
            "SELECT ARRAY[pg_typeof(1), 'modified(5)']",
            "SELECT to_regtype('modi' || 'fied(5)')",
        ] {
            assert!(run(&target, sql).await.is_err(), "{sql}");
            let after: Option<String> = arena.probe.query_one(reset, &[]).await.unwrap().get(0);
            assert_eq!(after, before, "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_is_cancelled() {
    let arena = Arena::new(server(*majors().last().unwrap()).await).await;
    let target = arena.target("plain");
    let call = tokio::spawn(async move { run(&target, "SELECT pg_sleep(60)").await.map(|_| ()) });
    let running =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active'";
    let count = async || {
        arena
            .probe
            .query_one(running, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
    };
    let start = Instant::now();
    while count().await == 0 {
        assert!(start.elapsed() < Duration::from_secs(120));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    call.abort();
    let start = Instant::now();
    while count().await > 0 {
        assert!(
            start.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)),
            "the backend still runs"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_through_pgbouncer_in_transaction_mode() {
    let arena = Arena::new(server(*majors().first().unwrap()).await).await;
    let Some(bouncer) = PgBouncer::start(arena.server).await else {
        return;
    };
    let target = target(&bouncer.url_as("postgres", &arena.database.name));
    for _ in 0..20 {
        run(&target, "SELECT count(*) FROM t WHERE name LIKE 'n%'")
            .await
            .unwrap();
        assert!(run(&target, "SELECT evil()").await.is_err());
        assert!(run(&target, "SELECT 'a\\' || evil() || '").await.is_err());
    }
    assert!(!arena.evil_ran().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_role_do_not_change_how_a_statement_is_read() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        let name = &arena.database.name;
        arena
            .setup(&format!(
                "ALTER DATABASE {name} SET standard_conforming_strings = off; \
                 ALTER DATABASE {name} SET backslash_quote = on; ALTER DATABASE {name} SET transform_null_equals = on"
            ))
            .await;
        // With the strings of old, the first literal would end later and the call be outside.
        let outcome = run(&arena.target("postgres"), r"SELECT '\', evil(), '\'").await;
        assert!(outcome.is_err() && !arena.evil_ran().await);
        let shown = run(&arena.target("postgres"), r"SELECT '\', 'evil()', '\'").await;
        assert!(!arena.evil_ran().await);
        assert_eq!(shown.unwrap().1, [[r"\", "evil()", r"\"]]);
    }
}
