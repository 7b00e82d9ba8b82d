//! The method `rdsapi`: the same results, the same guard and certain commits through the Data API as over a socket.
//! The calls are checked by the model of AWS, and carried out on a real server (`aws/data_api.py`).
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[allow(dead_code, unused_macros, reason = "other tests use more of it")]
mod account;
#[path = "data_api/world.rs"]
mod world;

use std::time::{Duration, Instant};

use account::in_account;
use howdah_pg::guard::{self, GuardError};
use serde_json::json;
use world::World;

macro_rules! bodies {
    ($($test:ident $body:ident;)*) => {$(
        #[test]
        fn $test() {
            in_account(stringify!($body));
        }
    )*};
}

bodies! {
    reads_are_those_of_a_socket body_reads;
    attacks_have_no_effect body_attacks;
    long_results_come_in_pages body_pages;
    writes_are_committed_or_leave_nothing body_writes;
    faults_are_got_over_or_said body_faults;
    what_takes_too_long_is_ended body_time;
    clusters_that_have_none_say_so body_refusals;
}

/// Queries whose results must be the same: names, types and values.
const READS: &[&str] = &[
    "SELECT 1",
    "SELECT",
    "SELECT NULL",
    "SELECT 1 AS a, 2 AS a, 'x' AS \"Mixed \"\" Case\", '' AS empty, NULL::text AS nothing",
    "SELECT * FROM shapes ORDER BY id",
    "SELECT * FROM shapes WHERE false",
    "VALUES (3, 'c'), (1, 'a'), (2, NULL) ORDER BY 1 DESC",
    "TABLE shapes ORDER BY id LIMIT 1",
    "WITH a AS (SELECT n FROM generate_series(1, 5) AS n) SELECT sum(n), array_agg(n) FROM a -- to the end",
    "SELECT E'a\\nb\\t\"c\" \\\\ d', '(,)', 'ä€😀', E'\\u0001', ROW(1, NULL, 'x'), ARRAY[[1,2],[3,4]], ARRAY[ROW(1,'a')]",
    "SELECT '{\"a\": \":b\"}'::json, ':name', $$a :b$$, '12:30'::time /* :c */",
    "SELECT relname, relnamespace, oid::regclass, relacl FROM pg_class WHERE relname = 'shapes'",
    "SELECT table_name, ordinal_position, is_nullable FROM information_schema.columns WHERE table_name = 'shapes' ORDER BY 2",
    "SELECT n, repeat('x', n) FROM generate_series(1, 50) AS n ORDER BY n DESC",
    "SELECT length(repeat('é', 200000)), repeat('é', 20000)",
    "SHOW standard_conforming_strings",
    "EXPLAIN (COSTS OFF) SELECT * FROM shapes WHERE id = 7",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that name"]
async fn body_reads() {
    for major in howdah_testkit::majors() {
        let world = World::on(major).await;
        for sql in READS {
            let direct = world.direct(sql, &[]).await.unwrap();
            let called = world.called(sql, &[]).await.unwrap();
            assert_eq!(called, direct, "{sql} on {major}");
        }
        let hostile = "'; DROP TABLE shapes; --\\ $1";
        for (sql, params) in [
            ("SELECT id, label FROM shapes WHERE id = $1", vec![Some("1")]),
            (
                "SELECT $1, $2::int + 1, $1 || '$2'",
                vec![Some(hostile), Some("41")],
            ),
            (
                "SELECT count(*) FROM shapes WHERE label = ANY ($1) OR $2::text IS NULL",
                vec![Some("{a,b}"), None],
            ),
            (
                "SELECT $1::uuid, $2::jsonb -> 'a'",
                vec![Some("00000000-0000-0000-0000-00000000000a"), Some("{\"a\":[1]}")],
            ),
        ] {
            let direct = world.direct(sql, &params).await.unwrap();
            assert_eq!(
                world.called(sql, &params).await.unwrap(),
                direct,
                "{sql} on {major}"
            );
        }
        // Errors are the server's, and point to what the caller wrote.
        for (sql, params) in [
            ("SELECT  nothing FROM shapes", vec![]),
            ("SELECT 1 / (id - id) FROM shapes", vec![]),
            ("SELECT $1, 'é', wrong FROM shapes", vec![Some("a long value")]),
            ("SELECT $1::int", vec![Some("x")]),
        ] {
            let direct = world.direct(sql, &params).await.unwrap_err();
            let called = world.called(sql, &params).await.unwrap_err();
            let (GuardError::Pg(direct), GuardError::Pg(called)) = (direct, called) else {
                panic!("{sql}")
            };
            let (direct, called) = (direct.server().unwrap(), called.server().unwrap());
            assert_eq!(
                (&called.sqlstate, &called.message, &called.hint),
                (&direct.sqlstate, &direct.message, &direct.hint),
                "{sql}"
            );
            if sql.contains("wrong") || sql.contains("nothing") {
                assert_eq!(called.position, direct.position, "{sql}");
            }
        }
        world.clean().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that name"]
async fn body_attacks() {
    let world = World::on(howdah_testkit::majors()[0]).await;
    let attacks = world::attacks(&world).await;
    assert!(attacks.len() > 20, "{}", attacks.len());
    let before = world.marks().await;
    let (mut refused, mut failed) = (0, 0);
    for sql in &attacks {
        match tokio::time::timeout(Duration::from_secs(60), world.called(sql, &[]))
            .await
            .expect(sql)
        {
            Err(GuardError::Refused(_)) => refused += 1,
            Err(_) => failed += 1,
            Ok(_) => {}
        }
        assert_eq!(world.marks().await, before, "{sql} had an effect");
    }
    assert!(
        refused * 2 > attacks.len(),
        "{refused} refused, {failed} failed of {}",
        attacks.len()
    );
    // What would get out of what a statement is put into never arrives there, whoever sends it.
    for sql in [
        "SELECT 1) SELECT 1; DELETE FROM shapes; --",
        "SELECT 1; DELETE FROM shapes",
        "SELECT 1; COMMIT; DELETE FROM shapes",
    ] {
        let mut session = world.target.session().await.unwrap();
        session.batch("BEGIN READ ONLY").await.unwrap();
        assert!(session.query(sql, &[]).await.is_err(), "{sql}");
    }
    // Not by the guard's word alone: the transaction itself is read-only.
    let mut session = world.target.session().await.unwrap();
    session.batch("BEGIN READ ONLY").await.unwrap();
    let error = session.query("DELETE FROM shapes", &[]).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("25006"));
    session.batch("ROLLBACK").await.unwrap();
    assert_eq!(world.marks().await, before);
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that name"]
async fn body_pages() {
    let world = World::on(howdah_testkit::majors()[0]).await;
    // 20 MB of rows of some 200 bytes, and then rows of which each is many times what an answer may have.
    for (sql, calls) in [
        (
            "SELECT n, repeat(md5(n::text), 6) AS text FROM generate_series(1, 100000) AS n",
            150,
        ),
        (
            "SELECT n, CASE WHEN n > 3000 THEN repeat('\"\\', 50000) ELSE 'short' END AS text FROM generate_series(1, 3020) AS n",
            80,
        ),
        ("SELECT repeat(E'\\u0001é', 1000000) AS text", 200),
    ] {
        let before = world.calls();
        let called = world.all(&world.target, sql).await.unwrap();
        let made = world.calls() - before;
        let direct = world.all(&world.by_socket, sql).await.unwrap();
        assert_eq!(called.rows.len(), direct.rows.len(), "{sql}");
        assert!(called == direct, "{sql}: other values");
        assert!(made <= calls, "{sql}: {made} calls");
    }
    let error = world
        .called("SELECT repeat('x', 5000000)", &[])
        .await
        .unwrap_err();
    let error = howdah_core::Error::from(error);
    assert!(
        error.message.contains("64 KiB") && error.to_text().contains("substr"),
        "{}",
        error.to_text()
    );
    // What a guarded read is capped to is not fetched.
    let before = world.calls();
    let capped = world
        .called("SELECT n FROM generate_series(1, 10000000) AS n", &[])
        .await
        .unwrap();
    assert_eq!(capped.rows.len(), 1_000);
    assert!(capped.truncated);
    assert!(world.calls() - before < 15, "{}", world.calls() - before);
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that name"]
async fn body_writes() {
    let world = World::on(howdah_testkit::majors()[0]).await;
    let count = "SELECT count(*) FROM notes";
    let before: u64 = world.number(count).await;
    let (rows, tag) = world
        .write("INSERT INTO notes (text) SELECT 'n' || n FROM generate_series(1, 3) AS n")
        .await
        .unwrap();
    assert_eq!((rows.len(), tag.as_str()), (0, "INSERT 0 3"));
    let (rows, tag) = world
        .write("UPDATE notes SET at = '[1,2)' WHERE text = 'n1' RETURNING text, at, NULL::point")
        .await
        .unwrap();
    assert_eq!(
        (rows, tag.as_str()),
        (
            vec![vec![Some("n1".to_owned()), Some("[1,2)".to_owned()), None]],
            "UPDATE 1"
        )
    );
    assert_eq!(world.number(count).await, before + 3);
    world
        .write("CREATE TABLE made (id int PRIMARY KEY)")
        .await
        .unwrap();
    assert_eq!(
        world
            .number("SELECT count(*) FROM pg_class WHERE relname = 'made'")
            .await,
        1
    );
    // What fails leaves nothing, whatever of it was done.
    for sql in [
        "INSERT INTO notes (text) SELECT CASE WHEN n < 5 THEN 'x' END FROM generate_series(1, 5) AS n",
        "INSERT INTO notes (text) VALUES ('deferred') RETURNING 1 / 0",
        "INSERT INTO notes (text) SELECT repeat('x', 3000) FROM generate_series(1, 1000) RETURNING text",
        "INSERT INTO late (note) VALUES (-1)",
    ] {
        let error = world.write(sql).await.unwrap_err().to_string();
        assert!(!error.is_empty(), "{sql}");
        assert_eq!(world.number(count).await, before + 3, "{sql}");
    }
    assert_eq!(
        world.number("SELECT count(*) FROM late").await,
        0,
        "the constraint is checked by COMMIT"
    );
    for (sql, said) in [("VACUUM notes", "transaction"), ("LISTEN x", "session")] {
        let error = howdah_core::Error::from(world.write(sql).await.unwrap_err());
        assert!(error.message.contains(said), "{sql}: {}", error.to_text());
    }
    // A commit whose answer is lost is asked after; so is one that never arrived, and that is made again.
    for (fault, number) in [("lost", 4), ("cut-before", 5)] {
        world.plan(&json!({ "always": { "CommitTransaction": fault } }));
        let done = world.write("INSERT INTO notes (text) VALUES ('certain')").await;
        world.plan(&json!({}));
        let is_there = world.number(count).await == before + number;
        match fault {
            "lost" => assert!(done.is_ok() && is_there, "{done:?}"),
            _ => {
                let error = howdah_core::Error::from(done.unwrap_err());
                assert_eq!(error.sqlstate.as_deref(), Some("08007"), "{}", error.to_text());
                assert!(!is_there, "it says that it does not know");
            }
        }
    }
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that name"]
async fn body_faults() {
    let world = World::on(howdah_testkit::majors()[0]).await;
    let sql = "SELECT id FROM shapes ORDER BY id";
    let wanted = world.called(sql, &[]).await.unwrap();
    let before = world.calls();
    world.called(sql, &[]).await.unwrap();
    let each = world.calls() - before;
    for fault in [
        "throttled",
        "resuming",
        "failed",
        "unavailable",
        "lost",
        "cut-before",
        "truncated",
    ] {
        for at in 1..=each {
            world.plan(&json!({ "fault": fault, "at": at }));
            let found = world.called(sql, &[]).await;
            assert_eq!(
                found.as_ref().ok(),
                Some(&wanted),
                "{fault} at {at}: {:?}",
                found.as_ref().err()
            );
        }
    }
    world.plan(&json!({ "always": { "ExecuteStatement": "denied" } }));
    let error = howdah_core::Error::from(world.called(sql, &[]).await.unwrap_err());
    assert!(error.to_text().contains("rds-data"), "{}", error.to_text());
    world.plan(&json!({}));
    // A page of a cursor cannot be asked for twice: that is said, and nothing of it stays.
    let long = "SELECT n FROM generate_series(1, 20000) AS n";
    let before = world.calls();
    world.all(&world.target, long).await.unwrap();
    let last = world.calls() - before - 1;
    world.plan(&json!({ "fault": "lost", "at": last - 1 }));
    let error = howdah_core::Error::from(world.all(&world.target, long).await.unwrap_err());
    assert_eq!(error.sqlstate.as_deref(), Some("08006"), "{}", error.to_text());
    world.plan(&json!({}));
    assert_eq!(world.called(sql, &[]).await.unwrap(), wanted);
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that name"]
async fn body_time() {
    let world = World::on(howdah_testkit::majors()[0]).await;
    // The server's own limit comes first.
    let mut session = world.target.session().await.unwrap();
    let query = guard::Query {
        timeout_ms: Some(300),
        ..guard::Query::new("SELECT count(*) FROM generate_series(1, 100000000)", &session)
    };
    let error = guard::query(&mut session, &query, &mut world::Found::default())
        .await
        .unwrap_err();
    let error = howdah_core::Error::from(error);
    assert_eq!(
        (error.kind, error.sqlstate.as_deref()),
        (howdah_core::ErrorKind::Timeout, Some("57014")),
        "{}",
        error.to_text()
    );
    drop(session);
    // Else that of the service, which costs the transaction.
    world.plan(&json!({ "call_seconds": 0.5 }));
    let error = howdah_core::Error::from(
        world
            .called("SELECT count(*) FROM generate_series(1, 100000000)", &[])
            .await
            .unwrap_err(),
    );
    assert_eq!(error.kind, howdah_core::ErrorKind::Timeout, "{}", error.to_text());
    world.plan(&json!({}));
    // Whoever stops waiting stops the statement.
    let slow = world.called("SELECT count(*) FROM generate_series(1, 1000000000)", &[]);
    assert!(
        tokio::time::timeout(Duration::from_millis(1_500), slow)
            .await
            .is_err()
    );
    let began = Instant::now();
    while world.number("SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND query LIKE '%generate_series(1, 1000000000)%'").await > 0 {
        assert!(began.elapsed() < Duration::from_secs(5), "it goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of that name"]
async fn body_refusals() {
    let world = World::on(howdah_testkit::majors()[0]).await;
    let error = world.account.clusters.target("rdsapi:plain").await.unwrap_err();
    assert!(
        error.to_text().contains("enable-http-endpoint"),
        "{}",
        error.to_text()
    );
    // A prefix chooses another method than the configured one.
    let socket = world.account.clusters.target("pgwire:data-orders").await.unwrap();
    assert!(!socket.conninfo.is_bridged());
    assert!(
        world
            .account
            .clusters
            .target("data-orders")
            .await
            .unwrap()
            .conninfo
            .is_bridged()
    );
    let shown = format!("{:?} {}", world.target, world.target.conninfo);
    assert!(shown.contains("Data API"), "{shown}");
    // No more than the server says of itself is asked for before a session is used, and nothing is left open behind one.
    world.called("SELECT 1", &[]).await.unwrap();
    let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
    assert_eq!(world.number(open).await, 0);
    world.clean().await;
}
