use std::time::{Duration, Instant};

use howdah_pg::{ConnInfo, Connection, CopyError, Flow, PgError, Step, Transaction};
use howdah_testkit::{majors, server};

use crate::{Seen, connect, value};

#[tokio::test]
async fn a_query_brings_rows_as_the_server_prints_them() {
    for major in majors() {
        let mut connection = connect(&server(major).await.url("postgres")).await;
        assert_eq!(connection.version_num() / 10_000, u32::from(major));
        let rows = connection
            .query(
                "SELECT $1::int + 1 AS n, $2::text AS t, NULL AS nothing, true AS b, 'ü'::text AS n",
                &[Some("41"), None],
            )
            .await
            .unwrap();
        assert_eq!(rows.len(), 1);
        let row = rows.first().unwrap();
        assert_eq!(row.parse::<i32>(0), Some(42));
        assert_eq!(row.get(1), None);
        assert_eq!(row.named("nothing"), None);
        assert!(row.is_true(3));
        assert_eq!(row.get(4), Some("ü"));
        assert_eq!(row.get(5), None);
        let names: Vec<&str> = rows.columns().iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["n", "t", "nothing", "b", "n"]);
        assert_eq!(rows.columns()[0].type_oid, 23);
    }
}

#[tokio::test]
async fn a_pipeline_is_one_transaction_that_stops_at_the_first_error() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("pipeline").await;
        let mut connection = connect(&database.url()).await;
        connection.batch("CREATE TABLE t(a int)").await.unwrap();
        let mut seen = Seen::default();
        let end = connection
            .run(
                &[
                    Step::silent("BEGIN READ ONLY"),
                    Step::new("SELECT g, 'x' || g FROM generate_series(1, 10) g").max_rows(3),
                    Step::silent("ROLLBACK"),
                ],
                &mut seen,
            )
            .await
            .unwrap();
        assert_eq!(seen.rows.len(), 3);
        assert_eq!(seen.rows[2], (1, vec![Some("3".into()), Some("x3".into())]));
        assert_eq!(seen.columns.len(), 1);
        assert_eq!(end.transaction, Transaction::Idle);
        assert!(end.steps[1].suspended);
        assert_eq!(end.steps[1].rows, 3);
        assert_eq!(end.steps[0].command_tag, "BEGIN");

        // Nothing after an error is executed.
        let error = connection
            .run(
                &[
                    Step::silent("BEGIN READ ONLY"),
                    Step::new("INSERT INTO t VALUES (1)"),
                    Step::silent("COMMIT"),
                    Step::silent("INSERT INTO t VALUES (2)"),
                ],
                &mut Seen::default(),
            )
            .await
            .unwrap_err();
        let server_error = error.server().unwrap();
        assert_eq!(server_error.sqlstate, "25006");
        assert_eq!(server_error.step, Some(1));
        assert_eq!(connection.transaction(), Transaction::Failed);
        connection.batch("ROLLBACK").await.unwrap();
        assert_eq!(value(&mut connection, "SELECT count(*) FROM t").await, "0");
    }
}

#[tokio::test]
async fn two_statements_in_one_step_are_refused_by_the_server() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let error = connection
        .run(&[Step::new("SELECT 1; SELECT 2")], &mut Seen::default())
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("42601"));
    assert_eq!(value(&mut connection, "SELECT 3").await, "3");
}

#[tokio::test]
async fn errors_carry_every_field_and_a_position_in_characters() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let error = connection
        .query("SELECT 'äöü€😀', nonexistent_column", &[])
        .await
        .unwrap_err();
    let error = error.server().unwrap();
    assert_eq!(error.sqlstate, "42703");
    assert_eq!(error.severity, "ERROR");
    assert_eq!(error.position, Some(17));
    connection
        .batch("CREATE TEMP TABLE u(a int CONSTRAINT must CHECK (a > 0))")
        .await
        .unwrap();
    let error = connection
        .query("INSERT INTO u VALUES (-1)", &[])
        .await
        .unwrap_err();
    let error = error.server().unwrap();
    assert_eq!(error.constraint.as_deref(), Some("must"));
    assert_eq!(error.table.as_deref(), Some("u"));
    assert!(error.detail.as_deref().unwrap().contains("-1"));
    let shown = howdah_core::Error::from(error.clone());
    assert_eq!(shown.sqlstate.as_deref(), Some("23514"));
}

#[tokio::test]
async fn a_parsed_step_tells_its_columns_and_parameters_and_runs_nothing() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let mut seen = Seen::default();
    let end = connection
        .run(
            &[
                Step::new("SELECT pg_sleep(100), $1::int8 AS n").parse_only(),
                Step::new("DELETE FROM pg_class WHERE false").parse_only(),
                Step::new("SELECT 1"),
            ],
            &mut seen,
        )
        .await
        .unwrap();
    assert_eq!(end.steps[0].parameter_types, [20]);
    assert_eq!(seen.columns[0].1[1].name, "n");
    assert_eq!(seen.columns[1].0, 2);
    assert_eq!(seen.rows, [(2, vec![Some("1".into())])]);
}

#[tokio::test]
async fn a_sink_may_discard_or_stop() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let mut seen = Seen {
        until: 2,
        then: Some(Flow::Discard),
        ..Seen::default()
    };
    let end = connection
        .run(
            &[
                Step::new("SELECT generate_series(1, 5000)"),
                Step::new("SELECT 7"),
            ],
            &mut seen,
        )
        .await
        .unwrap();
    assert_eq!(end.steps[0].rows, 5000);
    assert_eq!(seen.rows.len(), 3);

    let mut seen = Seen {
        until: 10,
        then: Some(Flow::Stop),
        ..Seen::default()
    };
    let began = Instant::now();
    let end = connection
        .run(
            &[
                Step::silent("BEGIN"),
                Step::new("SELECT generate_series(1, 1000000000)"),
                Step::silent("ROLLBACK"),
            ],
            &mut seen,
        )
        .await
        .unwrap();
    assert!(end.steps[1].stopped);
    assert_eq!(seen.rows.len(), 10);
    assert!(
        began.elapsed() < Duration::from_secs(120),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(end.transaction, Transaction::Failed);
    connection.batch("ROLLBACK").await.unwrap();
    // The cancellation does not hit what comes after.
    for _ in 0..50 {
        assert_eq!(value(&mut connection, "SELECT 1").await, "1");
    }
}

#[tokio::test]
async fn cells_are_cut_at_the_cap_and_between_characters() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    for size in [10_usize, 1_000, 100_000, 3_000_000] {
        let mut seen = Seen {
            cell_cap: Some(100),
            ..Seen::default()
        };
        let size_text = size.to_string();
        connection
            .run(
                &[Step::new("SELECT repeat('€', $1::int), 'after', NULL, ''").params(&[Some(&size_text)])],
                &mut seen,
            )
            .await
            .unwrap();
        let row = &seen.rows[0].1;
        let kept = (size * 3).min(100) / 3;
        assert_eq!(row[0].as_deref().unwrap(), "€".repeat(kept));
        assert_eq!(row[1].as_deref(), Some("after"));
        assert_eq!(row[2], None);
        assert_eq!(row[3].as_deref(), Some(""));
        assert_eq!(seen.lengths, [size * 3, 5, 0, 0]);
    }
}

#[tokio::test]
async fn large_parameters_and_large_answers_do_not_block_each_other() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let large = "x".repeat(20_000_000);
    let params = [Some(large.as_str())];
    // The server answers the first step while it has not read the last.
    let steps = [
        Step::new("SELECT repeat('y', 20000000)"),
        Step::new("SELECT $1::text").params(&params),
        Step::new("SELECT length($1::text)").params(&params),
    ];
    let mut seen = Seen::default();
    tokio::time::timeout(Duration::from_secs(300), connection.run(&steps, &mut seen))
        .await
        .expect("no deadlock")
        .unwrap();
    assert_eq!(seen.rows.len(), 3);
    assert_eq!(seen.rows[2].1[0].as_deref(), Some("20000000"));
}

#[tokio::test]
async fn many_columns_and_none() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let list: Vec<String> = (0..1600).map(|n| format!("{n} AS c{n}")).collect();
    let rows = connection
        .query(&format!("SELECT {}", list.join(",")), &[])
        .await
        .unwrap();
    assert_eq!(rows.first().unwrap().parse::<u32>(1599), Some(1599));
    let mut seen = Seen::default();
    let end = connection
        .run(&[Step::new("SELECT FROM generate_series(1, 3)")], &mut seen)
        .await
        .unwrap();
    assert_eq!(end.steps[0].rows, 3);
    assert_eq!(seen.rows.len(), 3);
    let end = connection.run(&[Step::new("")], &mut seen).await.unwrap();
    assert_eq!(end.steps[0].command_tag, "");
}

#[tokio::test]
async fn text_that_cannot_be_sent_leaves_the_connection_usable() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let error = connection.query("SELECT '\0'", &[]).await.unwrap_err();
    assert!(matches!(error, PgError::Invalid(_)), "{error}");
    let error = connection.batch("SELECT '\0'").await.unwrap_err();
    assert!(matches!(error, PgError::Invalid(_)), "{error}");
    let params = vec![Some("1"); 70_000];
    let error = connection.query("SELECT 1", &params).await.unwrap_err();
    assert!(matches!(error, PgError::Invalid(_)), "{error}");
    // A NUL within a parameter is for the server to refuse.
    let error = connection
        .query("SELECT $1::text", &[Some("a\0b")])
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("22021"), "{error:?}");
    assert_eq!(value(&mut connection, "SELECT 1").await, "1");
}

#[tokio::test]
async fn copy_is_refused_cleanly_wherever_it_stands() {
    for major in majors() {
        let server = server(major).await;
        let mut connection = connect(&server.url("postgres")).await;
        connection.batch("CREATE TEMP TABLE c(a int)").await.unwrap();
        let copies = [
            "COPY c FROM STDIN",
            "COPY (SELECT generate_series(1, 100000)) TO STDOUT",
        ];
        for sql in copies {
            let last = [Step::new("SELECT 1"), Step::new(sql)];
            let middle = [Step::new(sql), Step::new("SELECT 1"), Step::new("SELECT 2")];
            for steps in [&last[..], &middle[..]] {
                let mut seen = Seen::default();
                let work = connection.run(steps, &mut seen);
                let result = tokio::time::timeout(Duration::from_secs(100), work)
                    .await
                    .unwrap();
                assert!(matches!(result, Err(PgError::Invalid(_))), "{sql}: {result:?}");
                // Servers from 14 on close the connection when more follows a copy from us.
                if connection.is_closed() {
                    assert_eq!((sql, steps.len()), (copies[0], 3));
                    connection = connect(&server.url("postgres")).await;
                    connection.batch("CREATE TEMP TABLE c(a int)").await.unwrap();
                }
                assert_eq!(value(&mut connection, "SELECT 5").await, "5");
            }
            let work = connection.batch(sql);
            let result = tokio::time::timeout(Duration::from_secs(100), work)
                .await
                .unwrap();
            assert!(matches!(result, Err(PgError::Invalid(_))), "{sql}: {result:?}");
            assert_eq!(value(&mut connection, "SELECT 6").await, "6");
        }
    }
}

#[tokio::test]
async fn copy_out_streams_to_a_writer() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let mut bytes = Vec::new();
    let copied = connection
        .copy_out(
            "COPY (SELECT a, 'é' FROM generate_series(1, 100000) a) TO STDOUT (FORMAT csv)",
            &mut bytes,
        )
        .await
        .unwrap();
    assert_eq!(copied.rows, 100_000);
    assert_eq!(copied.bytes, bytes.len() as u64);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("1,é\n2,é\n"));
    assert_eq!(text.lines().count(), 100_000);

    let error = connection
        .copy_out("COPY (SELECT 1/0) TO STDOUT", &mut Vec::new())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CopyError::Pg(error) if error.sqlstate() == Some("22012")),
        "{error}"
    );

    // A writer that fails stops the statement.
    let mut small = std::io::Cursor::new(vec![0_u8; 1000].into_boxed_slice());
    let error = connection
        .copy_out(
            "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT",
            &mut small,
        )
        .await
        .unwrap_err();
    assert!(matches!(error, CopyError::Write(_)), "{error}");
    assert_eq!(value(&mut connection, "SELECT 1").await, "1");
}

#[tokio::test]
async fn notices_are_kept_within_bounds() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    connection
        .batch("DO $$BEGIN FOR i IN 1..500 LOOP RAISE NOTICE 'n%', i; END LOOP; END$$")
        .await
        .unwrap();
    let notices = connection.take_notices();
    assert_eq!(notices.len(), 100);
    assert_eq!(notices[0].message, "n1");
    assert_eq!(notices[0].severity, "NOTICE");
    let large = "DO $$BEGIN RAISE NOTICE '%', repeat('x', 3000000); END$$";
    connection.batch(large).await.unwrap();
    assert!(connection.take_notices().is_empty());
    connection.keep_notices(10, 8 * 1024 * 1024);
    connection.batch(large).await.unwrap();
    assert_eq!(connection.take_notices()[0].message.len(), 3_000_000);
}

#[tokio::test]
async fn a_canceller_stops_what_runs() {
    for major in majors() {
        let server = server(major).await;
        for url in [
            server.url("postgres"),
            format!("{}?sslmode=require", server.url("postgres")),
            format!(
                "postgresql://postgres@/postgres?host={}&port={}",
                server.socket_dir().display(),
                server.port()
            ),
        ] {
            let mut connection = connect(&url).await;
            let canceller = connection.canceller();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(200)).await;
                canceller.cancel().await.unwrap();
            });
            let began = Instant::now();
            let error = connection.query("SELECT pg_sleep(60)", &[]).await.unwrap_err();
            assert_eq!(error.sqlstate(), Some("57014"));
            assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
            assert_eq!(value(&mut connection, "SELECT 1").await, "1");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_on_the_server() {
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let pid = connection.backend_pid();
    let work = connection.query("SELECT pg_sleep(60)", &[]);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), work)
            .await
            .is_err()
    );
    let error = connection.query("SELECT 1", &[]).await.unwrap_err();
    assert!(matches!(error, PgError::Closed { .. }), "{error}");
    assert!(connection.is_closed());
    drop(connection);
    assert_gone(&server.url("postgres"), pid).await;
}

/// The backend is gone soon.
pub(crate) async fn assert_gone(url: &str, pid: i32) {
    let mut probe = connect(url).await;
    let began = Instant::now();
    let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
    while value(&mut probe, &sql).await != "0" {
        assert!(
            began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)),
            "backend {pid} is still there"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_fatal_error_says_more_than_a_closed_socket() {
    let server = server(15).await;
    let url = server.url("postgres");
    let mut connection = connect(&url).await;
    let pid = connection.backend_pid();
    let mut other = connect(&url).await;
    let killer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        other
            .query(&format!("SELECT pg_terminate_backend({pid})"), &[])
            .await
            .unwrap();
    });
    let error = connection.query("SELECT pg_sleep(60)", &[]).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("57P01"));
    assert!(error.is_fatal());
    killer.await.unwrap();
    assert!(connection.is_closed());
}

#[tokio::test]
async fn what_is_no_postgres_gets_a_clear_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            });
        }
    });
    for mode in ["disable", "prefer", "require"] {
        let url = format!("postgres://u@127.0.0.1:{port}/d?sslmode={mode}");
        let error = Connection::connect(&ConnInfo::parse(&url).unwrap())
            .await
            .unwrap_err();
        assert!(matches!(error, PgError::Protocol { .. }), "{error}");
        let shown = howdah_core::Error::from(error);
        assert!(
            shown.to_text().contains("Is it a PostgreSQL server")
                || shown.to_text().contains("is it a PostgreSQL server")
        );
    }
}
