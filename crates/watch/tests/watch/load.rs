use howdah_store::samples::By;
use howdah_testkit::majors;
use howdah_testkit::tokio_postgres::Client;
use howdah_watch::history::load;

use super::{START, counting, until, watched, window};

/// Six sessions sleep, three wait for a lock; the one that holds it does nothing.
#[tokio::test]
async fn average_active_sessions_are_those_that_there_are() {
    for major in majors() {
        let server = counting(major).await;
        let database = server.database("load").await;
        database
            .execute("CREATE EXTENSION pg_stat_statements; CREATE TABLE account (id int PRIMARY KEY, amount int); INSERT INTO account VALUES (1, 0); GRANT ALL ON account TO plain")
            .await;
        let holder = database.probe().await;
        holder
            .batch_execute("BEGIN; UPDATE account SET amount = 1")
            .await
            .unwrap();
        let mut busy = Vec::new();
        for number in 0..9 {
            let client = server.probe_as("plain", &database.name).await;
            busy.push(tokio::spawn(async move {
                let sql = match number {
                    0..6 => "SELECT pg_sleep(600), 'a secret of 4711'",
                    _ => "UPDATE account SET amount = 4711 WHERE id = 1",
                };
                drop(client.batch_execute(sql).await);
            }));
        }
        let probe = server.probe("postgres").await;
        until("nine sessions at work", || async {
            waiting(&probe, &database.name).await == 9
        })
        .await;

        let mut watched = watched(&database.url()).await;
        for second in 0..60 {
            watched.watcher.look(START + second).await.unwrap();
        }
        watched.watcher.record(START + 60).await.unwrap();
        assert!(watched.watcher.gaps().is_empty(), "{:?}", watched.watcher.gaps());

        let waits = load(&watched.samples, window(0, 60), 10, By::Wait).await.unwrap();
        assert_eq!(waits.looks, 60);
        assert!((waits.average - 9.0).abs() <= 0.45, "{waits:?}");
        assert_eq!(waits.steps.len(), 6);
        let share = |of: &str| {
            let shares = waits.shares.iter().filter(|share| share.of.starts_with(of));
            shares.map(|share| share.average).sum::<f64>()
        };
        assert!((share("Timeout:PgSleep") - 6.0).abs() <= 0.3, "{waits:?}");
        assert!((share("Lock:") - 3.0).abs() <= 0.15, "{waits:?}");
        let roles = load(&watched.samples, window(0, 60), 60, By::Role).await.unwrap();
        assert_eq!(roles.shares[0].of, "plain");
        let statements = load(&watched.samples, window(0, 60), 60, By::Statement)
            .await
            .unwrap();
        assert_eq!(statements.shares.len(), 2, "{statements:?}");
        let texts = watched.samples.known_texts().await.unwrap();
        assert_eq!(texts.len(), 2, "the texts of statements that still run are known");
        let file = std::path::PathBuf::from(watched.samples.place());
        let log = std::fs::read(file.with_extension("db-wal")).unwrap_or_default();
        let file = std::fs::read(file).unwrap();
        for bytes in [file, log] {
            assert!(
                !String::from_utf8_lossy(&bytes).contains("4711"),
                "no constant is kept"
            );
        }

        probe
            .batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'plain'")
            .await
            .unwrap();
        for busy in busy {
            busy.await.unwrap();
        }
        until("nobody at work", || async {
            waiting(&probe, &database.name).await == 0
        })
        .await;
        watched.watcher.look(START + 100).await.unwrap();
        watched.watcher.record(START + 100).await.unwrap();
        let quiet = load(&watched.samples, window(100, 110), 10, By::Wait)
            .await
            .unwrap();
        assert_eq!((quiet.looks, quiet.average), (1, 0.0));
    }
}

async fn waiting(probe: &Client, database: &str) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = 'plain' AND state = 'active' AND wait_event IS NOT NULL";
    probe.query_one(sql, &[&database]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_a_role_cannot_see_is_said() {
    for major in majors() {
        let server = howdah_testkit::server(major).await;
        let database = server.database("load").await;
        let mut watched = watched(&database.url_as("plain")).await;
        watched.watcher.look(START).await.unwrap();
        watched.watcher.count(START).await.unwrap();
        watched.watcher.measure(START).await.unwrap();
        watched.watcher.count(START + 60).await.unwrap();
        watched.watcher.record(START + 60).await.unwrap();
        let gaps = watched.watcher.gaps();
        assert!(gaps.iter().any(|gap| gap.contains("pg_monitor")), "{gaps:?}");
        assert!(
            gaps.iter().any(|gap| gap.contains("pg_stat_statements")),
            "{gaps:?}"
        );
        // What is left is watched.
        let metrics = watched
            .samples
            .metrics(window(0, 120), "database.")
            .await
            .unwrap();
        assert!(metrics.contains_key("database.bytes"), "{metrics:?}");
    }
}

/// What the questions of a minute take of a processor, on a database with a thousand tables.
#[tokio::test]
async fn watching_takes_little() {
    let major = *majors().last().unwrap();
    let server = counting(major).await;
    let database = server.database("load").await;
    database
        .execute("CREATE EXTENSION pg_stat_statements; DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a text, b int)', i); END LOOP; END $$")
        .await;
    let mut watched = watched(&database.url()).await;
    watched.watcher.count(START).await.unwrap();
    watched.watcher.measure(START).await.unwrap();
    let pid = watched.watcher.backend_pid();
    let before = cpu_ticks(pid);
    for second in 0..120 {
        watched.watcher.look(START + second).await.unwrap();
        if second % 60 == 59 {
            watched.watcher.count(START + second).await.unwrap();
        }
    }
    watched.watcher.measure(START + 120).await.unwrap();
    let took_ms = (cpu_ticks(pid) - before) * 10;
    // Two minutes: a hundredth of a processor is 1,200 ms. Seen: 170 ms.
    assert!(took_ms <= 1_200, "{took_ms} ms of processor in two minutes");
}

/// Hundredths of a second of processor that a process took.
fn cpu_ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
