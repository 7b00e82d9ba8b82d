//! Each sequence, on a server where its causes were provoked, and on one where nothing is wrong.

use howdah_checks::outside::{Outside, look};
use howdah_checks::{
    Diagnosis, Settings, Status, StepVerdict, diagnose, health_checks, sequence_named, sequences,
};
use howdah_pg::{ConnInfo, Connection, NoEnvironment};
use howdah_testkit::{Server, ServerOptions, majors, private};

use super::{eventually, found, settings};

async fn walk(url: &str, symptom: &str, settings: &Settings) -> Diagnosis {
    let info = ConnInfo::parse_with(url, &NoEnvironment).unwrap();
    let mut connection = Connection::connect(&info).await.unwrap();
    let sequence = sequence_named(symptom).unwrap();
    diagnose(Some(&mut connection), sequence, &[], settings)
        .await
        .unwrap()
}

fn codes(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis.causes.iter().map(|cause| cause.code.as_str()).collect()
}

#[test]
fn sequences_are_whole() {
    let pages: Vec<&str> = howdah_checks::sequences::pages()
        .iter()
        .map(|(symptom, _)| *symptom)
        .collect();
    let symptoms: Vec<&str> = sequences().iter().map(|sequence| sequence.symptom).collect();
    assert_eq!(symptoms, pages, "the symptom is the name of the file");
    assert_eq!(symptoms.len(), 9);
    for sequence in sequences() {
        assert!(!sequence.title.is_empty() && !sequence.guide.is_empty());
        for step in sequence.steps {
            assert!(
                step.title.ends_with('?') && step.cause.ends_with('.'),
                "{}",
                step.title
            );
            assert!(!step.checks.is_empty());
            for code in step.checks {
                assert!(
                    howdah_checks::check_named(code).is_some(),
                    "{}: {code}",
                    sequence.symptom
                );
            }
        }
    }
    assert!(sequence_named(" Slow Queries").is_some() && sequence_named("HIGH_CPU").is_some());
    assert!(health_checks().len() > 30);
}

async fn server(major: u16) -> Server {
    let settings = [
        ("shared_preload_libraries", "pg_stat_statements"),
        ("wal_level", "logical"),
        ("max_prepared_transactions", "10"),
        ("autovacuum_naptime", "1min"),
        ("fsync", "on"),
        ("max_connections", "40"),
    ];
    private(ServerOptions {
        major,
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        hba: None,
    })
    .await
}

#[tokio::test]
async fn causes_are_found_with_their_symptoms_and_not_on_a_healthy_server() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("diagnosis").await;
        database.execute("CREATE EXTENSION pg_stat_statements").await;
        let url = database.url();
        for sequence in sequences() {
            let diagnosis = walk(&url, sequence.symptom, &Settings::default()).await;
            let harmful: Vec<_> = diagnosis
                .causes
                .iter()
                .filter(|cause| cause.code != "lock-timeout")
                .collect();
            assert!(harmful.is_empty(), "{major}: {}: {harmful:#?}", sequence.symptom);
            let again = walk(&url, sequence.symptom, &Settings::default()).await;
            assert_eq!(
                codes(&diagnosis),
                codes(&again),
                "the same steps come to the same end"
            );
        }

        database
            .execute(
                "CREATE TABLE orders (id int, status text) WITH (autovacuum_enabled = off);
                 INSERT INTO orders SELECT i, 'new' FROM generate_series(1, 60000) i;
                 CREATE INDEX orders_id ON orders (id)",
            )
            .await;
        database.execute("ANALYZE orders").await;
        database
            .execute("UPDATE orders SET status = 'sent'; UPDATE orders SET status = 'paid'")
            .await;
        let stale = settings("statistics-stale", &[]);
        let is_stale = |result: &howdah_checks::CheckResult| result.status == Status::Warn;
        let check = howdah_checks::check_named("statistics-stale").unwrap();
        eventually(&url, check, &stale, is_stale).await;
        let regression = walk(&url, "query-regression", &Settings::default()).await;
        assert_eq!(codes(&regression)[0], "statistics-stale", "{regression:#?}");
        assert!(
            regression
                .summary
                .starts_with("Most likely: The planner counts on statistics")
        );
        let slow = walk(&url, "slow-queries", &Settings::default()).await;
        assert!(codes(&slow).contains(&"statistics-stale"), "{slow:#?}");
        assert!(
            slow.steps
                .iter()
                .any(|step| step.verdict == StepVerdict::RuledOut),
            "{slow:#?}"
        );
        let vacuum = walk(&url, "vacuum-not-keeping-up", &Settings::default()).await;
        assert_eq!(codes(&vacuum)[0], "autovacuum-disabled", "{vacuum:#?}");

        database
            .execute("SELECT pg_create_physical_replication_slot('left_behind', true)")
            .await;
        for symptom in ["storage-growth", "replication-lag"] {
            let diagnosis = walk(&url, symptom, &Settings::default()).await;
            assert_eq!(codes(&diagnosis)[0], "replication-slots", "{diagnosis:#?}");
            assert!(diagnosis.causes[0].fix.is_some());
            // No standby is there that could be behind; whether storage grows only its user knows.
            let absent = symptom == "replication-lag";
            assert_eq!(diagnosis.shows, absent.then_some(false), "{diagnosis:#?}");
            let begins = if absent {
                "It does not show now: "
            } else {
                "Most likely: "
            };
            assert!(diagnosis.summary.starts_with(begins), "{}", diagnosis.summary);
        }
        database
            .execute("SELECT pg_drop_replication_slot('left_behind')")
            .await;
    }
}

#[tokio::test]
async fn waits_and_their_roots_are_told() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("waits").await;
        let url = database.url();
        database
            .execute("CREATE TABLE orders (id int); CREATE EXTENSION pg_stat_statements")
            .await;
        let open = database.probe().await;
        open.batch_execute("BEGIN; SELECT count(*) FROM orders")
            .await
            .unwrap();
        let mut waiting = Vec::new();
        for sql in [
            "ALTER TABLE orders ADD COLUMN note text",
            "SELECT 1 FROM orders",
            "SELECT 2 FROM orders",
            "SELECT 3 FROM orders",
        ] {
            let client = database.probe().await;
            waiting.push(tokio::spawn(
                async move { client.batch_execute(sql).await.unwrap() },
            ));
            // The one that changes the schema is to be the first in the queue.
            found(
                &url,
                "blocked-sessions",
                &[("warn_waiting", waiting.len() as f64)],
                "blocks",
            )
            .await;
        }
        found(&url, "schema-changes-waiting", &[], "waits for its lock").await;
        found(&url, "active-sessions", &[], "wait for Lock: relation").await;
        let piled = walk(&url, "lock-pile-ups", &Settings::default()).await;
        assert_eq!(
            codes(&piled)[..2],
            ["blocked-sessions", "schema-changes-waiting"],
            "{piled:#?}"
        );
        let migration = walk(&url, "schema-migrations", &Settings::default()).await;
        assert_eq!(codes(&migration)[0], "schema-changes-waiting", "{migration:#?}");
        let cpu = walk(&url, "high-cpu", &Settings::default()).await;
        let ruled_out = cpu
            .steps
            .iter()
            .find(|step| step.verdict == StepVerdict::RuledOut);
        assert!(
            ruled_out.is_some_and(|step| step.message.contains("waits for a lock")),
            "{cpu:#?}"
        );
        open.batch_execute("ROLLBACK").await.unwrap();
        for session in waiting {
            session.await.unwrap();
        }
        drop(open);

        // A statement that takes all the time, and is slow once.
        let probe = database.probe().await;
        for _ in 0..40 {
            probe.batch_execute("SELECT pg_sleep(0.001)").await.unwrap();
        }
        probe.batch_execute("SELECT pg_sleep(1.5)").await.unwrap();
        found(&url, "top-statements", &[], "% of the time went to one statement").await;
        found(&url, "unsteady-statements", &[], "A statement took up to").await;
        let mut idle = Vec::new();
        for _ in 0..12 {
            idle.push(server.probe_as("plain", &database.name).await);
        }
        for client in &idle {
            client.batch_execute("SELECT 1").await.unwrap();
        }
        found(&url, "pool-state", &[], "12 are idle").await;

        database
            .execute("CREATE TABLE slow AS SELECT i, repeat('x', 500) AS note FROM generate_series(1, 20000) i; DELETE FROM slow WHERE i % 2 = 0")
            .await;
        probe
            .batch_execute("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")
            .await
            .unwrap();
        let vacuum = tokio::spawn(async move {
            // Ends with an error when the test cancels it.
            drop(probe.batch_execute("VACUUM slow").await);
        });
        found(
            &url,
            "vacuum-workers",
            &[("warn_s", 0.0)],
            "VACUUM of public.slow",
        )
        .await;
        database
            .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_vacuum")
            .await;
        vacuum.await.unwrap();
    }
}

/// The parts of connecting that were looked at, with what came of each.
async fn outside(url: &str) -> (Vec<Outside>, Diagnosis) {
    let info = ConnInfo::parse_with(url, &NoEnvironment).unwrap();
    let (parts, mut connection) = look(&info, Connection::connect(&info)).await;
    let sequence = sequence_named("connection-failures").unwrap();
    let diagnosis = diagnose(connection.as_mut(), sequence, &parts, &Settings::default())
        .await
        .unwrap();
    (parts, diagnosis)
}

fn fine(parts: &[Outside]) -> Vec<(&str, Option<bool>)> {
    parts.iter().map(|part| (part.part, part.is_fine)).collect()
}

#[tokio::test]
async fn each_part_of_connecting_has_its_verdict() {
    let server = private(ServerOptions {
        settings: vec![
            ("max_connections".to_owned(), "10".to_owned()),
            ("superuser_reserved_connections".to_owned(), "3".to_owned()),
        ],
        ..ServerOptions::default()
    })
    .await;
    let port = server.port();
    let (parts, diagnosis) = outside(&server.url_as("plain", "postgres")).await;
    let all_fine = [
        ("dns", None),
        ("tcp", Some(true)),
        ("tls", Some(true)),
        ("authentication", Some(true)),
        ("pooler", Some(true)),
    ];
    assert_eq!(fine(&parts), all_fine, "{parts:#?}");
    assert!(
        diagnosis
            .causes
            .iter()
            .all(|cause| cause.status != Status::Critical),
        "{diagnosis:#?}"
    );
    let (parts, _) = outside(&format!(
        "postgresql:///postgres?host={}&port={port}&user=plain",
        server.socket_dir().display()
    ))
    .await;
    assert_eq!(parts[1].is_fine, Some(true), "{parts:#?}");
    let (parts, _) = outside(&format!("postgresql://plain@localhost:{port}/postgres")).await;
    assert_eq!(
        (parts[0].part, parts[0].is_fine),
        ("dns", Some(true)),
        "{parts:#?}"
    );

    for (url, part) in [
        (
            "postgresql://plain@no-such-host.invalid/postgres".to_owned(),
            "dns",
        ),
        ("postgresql://plain@127.0.0.1:1/postgres".to_owned(), "tcp"),
        (
            "postgresql:///postgres?host=/no/such/directory&user=plain".to_owned(),
            "tcp",
        ),
        (
            format!(
                "postgresql://plain@127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert=/no/such/file"
            ),
            "tls",
        ),
        (
            format!("postgresql://scram:wrong@127.0.0.1:{port}/postgres"),
            "authentication",
        ),
        (
            format!("postgresql://plain@127.0.0.1:{port}/no_such_database"),
            "database",
        ),
    ] {
        let (parts, diagnosis) = outside(&url).await;
        let failed: Vec<_> = parts.iter().filter(|part| part.is_fine == Some(false)).collect();
        assert_eq!(
            failed.iter().map(|failed| failed.part).collect::<Vec<_>>(),
            [part],
            "{url}: {parts:#?}"
        );
        assert_eq!(
            (diagnosis.causes.len(), diagnosis.causes[0].code.as_str()),
            (1, part),
            "{diagnosis:#?}"
        );
        assert!(diagnosis.causes[0].next.is_some(), "{diagnosis:#?}");
        assert!(!format!("{diagnosis:?}").contains("wrong@"), "{diagnosis:?}");
        let inside = diagnosis
            .steps
            .iter()
            .filter(|step| step.message.contains("no connection over which"));
        assert_eq!(
            inside.count(),
            sequence_named("connection-failures").unwrap().steps.len()
        );
    }

    let mut clients = Vec::new();
    for _ in 0..7 {
        clients.push(server.probe_as("plain", "postgres").await);
    }
    let (parts, diagnosis) = outside(&server.url_as("plain", "postgres")).await;
    assert!(
        parts
            .iter()
            .any(|part| (part.part, part.is_fine) == ("limits", Some(false))),
        "{parts:#?}"
    );
    assert_eq!(diagnosis.causes[0].code, "limits");
    // Who may use the reserved places sees who took the others.
    let (_, diagnosis) = outside(&server.url("postgres")).await;
    assert!(codes(&diagnosis).starts_with(&["connections"]), "{diagnosis:#?}");

    // Something listens that is no PostgreSQL server: it says so, and hangs up.
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = other.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        for _ in 0..8 {
            if let Ok((mut socket, _)) = other.accept().await {
                use tokio::io::AsyncWriteExt;
                drop(socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
            }
        }
    });
    let (parts, diagnosis) = outside(&format!("postgresql://plain@{at}/postgres?sslmode=disable")).await;
    assert!(parts.iter().any(|part| part.is_fine == Some(false)), "{parts:#?}");
    assert_eq!(diagnosis.causes.len(), 1, "{diagnosis:#?}");
    serving.abort();
}
