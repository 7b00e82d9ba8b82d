use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_pg::{ConnInfo, Flow, Limits, Origin, PgError, Session, Step, Target, Transaction};
use howdah_testkit::{ServerOptions, majors, private, server};

use crate::connect::dead_port;
use crate::wire::assert_gone;
use crate::{Seen, alone, value};

pub(crate) fn target(url: &str, limits: Limits) -> Arc<Target> {
    let info = ConnInfo::parse(url).unwrap();
    Arc::new(Target::new("test", info, Origin::CommandLine).with_limits(limits))
}

async fn pid(session: &mut Session) -> i32 {
    value(session, "SELECT pg_backend_pid()").await.parse().unwrap()
}

#[tokio::test]
async fn sessions_are_pinned_by_the_startup_packet_and_stay_so_after_discard_all() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("pinned").await;
        // What the database's owner sets must not win.
        database
            .execute(&format!(
                "ALTER DATABASE \"{0}\" SET standard_conforming_strings = off;
                 ALTER DATABASE \"{0}\" SET bytea_output = escape;
                 ALTER DATABASE \"{0}\" SET transform_null_equals = on;
                 ALTER DATABASE \"{0}\" SET DateStyle = 'SQL, DMY';
                 ALTER DATABASE \"{0}\" SET IntervalStyle = 'iso_8601';
                 ALTER DATABASE \"{0}\" SET statement_timeout = 0;
                 ALTER DATABASE \"{0}\" SET extra_float_digits = 0",
                database.name
            ))
            .await;
        let limits = Limits {
            statement_timeout_ms: 12_345,
            ..Limits::default()
        };
        let target = target(&database.url(), limits);
        for _ in 0..3 {
            let mut session = target.session().await.unwrap();
            assert!(!session.settings_in_pipeline());
            assert!(!session.is_shared());
            for (name, expected) in [
                ("standard_conforming_strings", "on"),
                ("bytea_output", "hex"),
                ("transform_null_equals", "off"),
                ("DateStyle", "ISO, DMY"),
                ("IntervalStyle", "postgres"),
                ("statement_timeout", "12345ms"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "1min"),
                ("extra_float_digits", "1"),
                ("backslash_quote", "safe_encoding"),
            ] {
                assert_eq!(
                    value(&mut session, &format!("SHOW {name}")).await,
                    expected,
                    "{name}"
                );
            }
            if major >= 14 {
                let check = value(&mut session, "SHOW client_connection_check_interval").await;
                assert_eq!(check, "1s");
            }
            session
                .batch("SET standard_conforming_strings = off; SET DateStyle = German; SET statement_timeout = 1")
                .await
                .unwrap_or_else(|error| panic!("{error:?}"));
        }
    }
}

#[tokio::test]
async fn a_session_leaves_nothing_behind() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("reset").await;
        let target = target(&database.url(), Limits::default());
        let mut session = target.session().await.unwrap();
        let first = pid(&mut session).await;
        session
            .batch(
                "CREATE TEMP TABLE left_over(a int); PREPARE p AS SELECT 1; LISTEN c;
                 SELECT pg_advisory_lock(42); SET search_path = nowhere; SET ROLE plain;
                 BEGIN; DECLARE cur CURSOR FOR SELECT 1",
            )
            .await
            .unwrap();
        assert_eq!(session.transaction(), Transaction::Open);
        drop(session);
        // At once, not only when the next one comes.
        let probe = database.probe().await;
        let began = Instant::now();
        let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        loop {
            let row = probe.query_one(locks, &[]).await.unwrap();
            if row.get::<_, i64>(0) == 0 {
                break;
            }
            assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
        }
        let mut session = target.session().await.unwrap();
        assert_eq!(pid(&mut session).await, first);
        for (sql, expected) in [
            ("SELECT to_regclass('pg_temp.left_over') IS NULL", "t"),
            ("SELECT count(*) FROM pg_prepared_statements", "0"),
            ("SELECT count(*) FROM pg_listening_channels()", "0"),
            ("SELECT count(*) FROM pg_cursors WHERE name <> ''", "0"),
            ("SHOW search_path", "\"$user\", public"),
            ("SELECT current_user", "postgres"),
        ] {
            assert_eq!(value(&mut session, sql).await, expected, "{sql}");
        }
        // A failed transaction is ended, too.
        assert!(session.batch("BEGIN; SELECT 1/0").await.is_err());
        assert_eq!(session.transaction(), Transaction::Failed);
        drop(session);
        let mut session = target.session().await.unwrap();
        assert_eq!(pid(&mut session).await, first);
    }
}

#[tokio::test]
async fn a_reset_that_is_sent_along_resets_after_success_and_failure() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("along").await;
        let target = target(&database.url(), Limits::default());
        let mut backends = std::collections::BTreeSet::new();
        for sql in [
            "SELECT pg_advisory_lock(7), set_config('work_mem', '3MB', false)",
            "SELECT 1/0",
            "SELECT nonsense",
            "SELECT pg_advisory_lock(7) FROM generate_series(1, 3)",
        ] {
            let mut session = target.session().await.unwrap();
            backends.insert(pid(&mut session).await);
            session.batch("SET search_path = nowhere").await.unwrap();
            let mut seen = Seen::default();
            let steps = [Step::silent("BEGIN READ ONLY"), Step::new(sql).max_rows(2)];
            let result = session.run_last(&steps, &mut seen).await;
            assert_eq!(result.is_err(), !sql.contains("lock"), "{sql}: {result:?}");
            // Used again all the same, it is at rest.
            assert_eq!(value(&mut session, "SHOW search_path").await, "\"$user\", public");
            assert_eq!(session.transaction(), Transaction::Idle);
            assert_eq!(value(&mut session, "SHOW work_mem").await, "4MB");
            let locks =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()";
            assert_eq!(value(&mut session, locks).await, "0");
        }
        assert_eq!(backends.len(), 1);
        // Nothing in the server's log but the errors of the statements themselves.
        let log = server.log_tail();
        assert!(!log.contains("no transaction in progress"), "{log}");
        assert!(!log.contains("current transaction is aborted"), "{log}");
        // Stopped half-way, and given up half-way.
        let mut session = target.session().await.unwrap();
        let mut seen = Seen {
            until: 5,
            then: Some(Flow::Stop),
            ..Seen::default()
        };
        let steps = [
            Step::silent("BEGIN"),
            Step::new("SELECT generate_series(1, 1000000000)"),
        ];
        let end = session.run_last(&steps, &mut seen).await.unwrap();
        assert!(end.steps[1].stopped);
        drop(session);
        let mut session = target.session().await.unwrap();
        assert_eq!(value(&mut session, "SELECT 1").await, "1");
    }
}

#[tokio::test]
async fn the_first_call_after_a_restart_a_crash_or_a_terminated_backend_succeeds() {
    for tls in ["disable", "require"] {
        let server = private(ServerOptions::default()).await;
        let target = target(
            &format!("{}?sslmode={tls}", server.url("postgres")),
            Limits::default(),
        );
        // Several connections rest in the pool.
        let mut sessions = Vec::new();
        for _ in 0..4 {
            sessions.push(target.session().await.unwrap());
        }
        let mut pids = Vec::new();
        for session in &mut sessions {
            pids.push(pid(session).await);
        }
        drop(sessions);
        for round in 0..3 {
            match round {
                0 => server.restart().await,
                1 => {
                    server.crash().await;
                    server.start().await;
                }
                _ => {
                    let probe = server.probe("postgres").await;
                    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'howdah'";
                    probe.execute(sql, &[]).await.unwrap();
                    let gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'howdah'";
                    while probe.query_one(gone, &[]).await.unwrap().get::<_, i64>(0) > 0 {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
            }
            for _ in 0..6 {
                let mut session = target.session().await.unwrap();
                let now = pid(&mut session).await;
                assert!(!pids.contains(&now), "round {round}, {tls}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_reported_at_once_and_found_again() {
    let server = private(ServerOptions::default()).await;
    let url = server.url("postgres");
    server.stop().await;
    let target = target(&url, Limits::default());
    for _ in 0..3 {
        let began = Instant::now();
        let error = target.session().await.unwrap_err();
        assert!(matches!(error, PgError::Connect { .. }), "{error}");
        assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
    }
    server.start().await;
    let mut session = target.session().await.unwrap();
    assert_eq!(value(&mut session, "SELECT 1").await, "1");
    drop(session);
    server.stop().await;
    assert!(target.session().await.is_err());
    server.start().await;
    let mut session = target.session().await.unwrap();
    assert_eq!(value(&mut session, "SELECT 1").await, "1");
}

#[tokio::test]
async fn a_dead_port_answers_within_two_seconds() {
    let url = format!("postgres://u@127.0.0.1:{}/d", dead_port());
    let began = Instant::now();
    let error = target(&url, Limits::default()).session().await.unwrap_err();
    assert!(matches!(error, PgError::Connect { .. }), "{error}");
    assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
}

#[tokio::test]
async fn a_session_that_is_dropped_half_way_takes_its_backend_with_it() {
    for major in majors() {
        let server = server(major).await;
        let url = server.url("postgres");
        let target = target(&url, Limits::default());
        let mut session = target.session().await.unwrap();
        let backend = pid(&mut session).await;
        let task = tokio::spawn(async move {
            let mut seen = Seen::default();
            let steps = [
                Step::silent("BEGIN READ ONLY"),
                Step::new("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"),
                Step::silent("ROLLBACK"),
            ];
            let _ = session.run(&steps, &mut seen).await;
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        task.abort();
        assert_gone(&url, backend).await;
        let mut session = target.session().await.unwrap();
        assert_ne!(pid(&mut session).await, backend);
    }
}

#[tokio::test]
async fn a_full_pool_and_a_full_server_say_so() {
    let limits = Limits {
        pool_size: 2,
        pool_wait_ms: 300,
        ..Limits::default()
    };
    let shared = server(15).await;
    let small = target(&shared.url("postgres"), limits);
    let _one = small.session().await.unwrap();
    let two = small.session().await.unwrap();
    let error = small.session().await.unwrap_err();
    assert!(matches!(error, PgError::Busy { size: 2, .. }), "{error}");
    assert!(error.to_string().contains("All 2 connections"), "{error}");
    drop(two);
    small.session().await.unwrap();

    let server = private(ServerOptions {
        major: 15,
        settings: vec![
            ("max_connections".into(), "8".into()),
            ("superuser_reserved_connections".into(), "3".into()),
            ("max_wal_senders".into(), "2".into()),
        ],
        ..ServerOptions::default()
    })
    .await;
    let plain = target(&server.url_as("plain", "postgres"), Limits::default());
    let mut sessions = Vec::new();
    let error = loop {
        match plain.session().await {
            Ok(session) => sessions.push(session),
            Err(error) => break error,
        }
        assert!(sessions.len() < 9);
    };
    assert_eq!(error.sqlstate(), Some("53300"));
    let shown = howdah_core::Error::from(error);
    assert!(shown.hint.unwrap().contains("max_connections"));
    sessions.pop();
    let mut session = plain.session().await.unwrap();
    assert_eq!(value(&mut session, "SELECT 1").await, "1");
}

#[tokio::test]
async fn one_caller_after_the_other_uses_one_connection_and_many_use_many() {
    let server = server(15).await;
    let database = server.database("reuse").await;
    let target = target(&database.url(), Limits::default());
    let mut pids = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let mut session = target.session().await.unwrap();
        pids.insert(pid(&mut session).await);
    }
    assert_eq!(pids.len(), 1);
    let mut tasks = Vec::new();
    for _ in 0..64 {
        let target = Arc::clone(&target);
        tasks.push(tokio::spawn(async move {
            for _ in 0..20 {
                let mut session = target.session().await.unwrap();
                value(&mut session, "SELECT pg_sleep(0.001)").await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let probe = database.probe().await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'howdah' AND datname = current_database()";
    let open: i64 = probe.query_one(sql, &[]).await.unwrap().get(0);
    assert!((2..=32).contains(&open), "{open}");
}

#[tokio::test]
async fn everything_in_flight_can_be_cancelled_at_once() {
    if !alone("pool::everything_in_flight_can_be_cancelled_at_once").await {
        return;
    }
    let server = server(15).await;
    let target = target(&server.url("postgres"), Limits::default());
    let mut tasks = Vec::new();
    for _ in 0..5 {
        let mut session = target.session().await.unwrap();
        tasks.push(tokio::spawn(async move {
            let result = session.query("SELECT pg_sleep(60)", &[]).await;
            result.unwrap_err().sqlstate().map(str::to_owned)
        }));
    }
    // One whose caller has gone already.
    let mut session = target.session().await.unwrap();
    let given_up = tokio::spawn(async move { session.batch("SELECT pg_sleep(60)").await });
    let probe = server.probe("postgres").await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active'";
    let began = Instant::now();
    while probe.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) < 6 {
        assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(howdah_pg::in_flight(), 6);
    given_up.abort();
    let began = Instant::now();
    howdah_pg::cancel_all_in_flight().await;
    assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_millis(1_200)));
    for task in tasks {
        assert_eq!(task.await.unwrap().as_deref(), Some("57014"));
    }
    let began = Instant::now();
    while probe.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
