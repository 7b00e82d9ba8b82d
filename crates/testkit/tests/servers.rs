//! The servers that all other tests rely on, tested themselves.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use howdah_testkit::{PgBouncer, ServerOptions, majors, private, server};

#[tokio::test]
async fn a_server_of_each_version_with_databases_and_roles() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("first").await;
        database
            .execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)")
            .await;
        let count: i64 = database
            .probe()
            .await
            .query_one("SELECT count(*) FROM t", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(count, 2);
        let plain = server.probe_as("plain", &database.name).await;
        plain.batch_execute("CREATE TABLE mine (id int)").await.unwrap();
        assert!(plain.batch_execute("SELECT * FROM t").await.is_err());
        assert!(std::ptr::eq(server, howdah_testkit::server(major).await));

        let hostile = server.database_named("Mixed \"\" Case / ?").await;
        assert!(hostile.url().ends_with("/Mixed%20%22%22%20Case%20%2F%20%3F"));
        hostile.execute("SELECT 1").await;
    }
}

#[tokio::test]
async fn a_private_server_can_be_stopped_crashed_and_is_removed() {
    let server = private(ServerOptions::default()).await;
    let database = server.database("kept").await;
    database.execute("CREATE TABLE t (id int)").await;
    server.restart().await;
    database.execute("INSERT INTO t VALUES (1)").await;
    server.crash().await;
    server.start().await;
    database.execute("SELECT * FROM t").await;
    let directory = server.directory().to_owned();
    drop(server);
    assert!(!directory.exists());
}

#[tokio::test]
async fn pgbouncer_passes_transactions_on() {
    let server = server(majors()[0]).await;
    let Some(bouncer) = PgBouncer::start(server).await else {
        eprintln!("pgbouncer is not installed: not tested");
        return;
    };
    let (client, connection) = howdah_testkit::tokio_postgres::connect(
        &bouncer.url_as("plain", "postgres"),
        howdah_testkit::tokio_postgres::NoTls,
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    let messages = client.simple_query("SELECT current_user").await.unwrap();
    assert!(messages.iter().any(|message| matches!(message,
        howdah_testkit::tokio_postgres::SimpleQueryMessage::Row(row) if row.get(0) == Some("plain"))));
}

/// Not a test of its own: the victim of the next one, in another process.
#[tokio::test]
#[ignore = "run by a_killed_test_process_leaves_nothing"]
async fn victim() {
    let server = server(majors()[0]).await;
    std::fs::write(
        std::env::var("VICTIM_FILE").unwrap(),
        format!("{}\n", server.directory().to_str().unwrap()),
    )
    .unwrap();
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
fn a_killed_test_process_leaves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("directory");
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "victim"])
        .env("VICTIM_FILE", &file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The name is not all there as soon as the file is.
    let read = || std::fs::read_to_string(&file).unwrap_or_default();
    wait(|| read().ends_with('\n'));
    let directory = read().trim_end().to_owned();
    let pid_file = Path::new(&directory).join("server/data/postmaster.pid");
    let pid: u32 = std::fs::read_to_string(pid_file)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    victim.kill().unwrap();
    victim.wait().unwrap();
    wait(|| !Path::new(&directory).exists());
    wait(|| has_ended(pid));
}

/// Whether the process is gone, or waits for a parent that does not ask (process 1 of many containers).
fn has_ended(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z'))
    })
}

/// A loaded machine may need long; a server that stays does so for ever.
fn wait(mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !done() {
        assert!(Instant::now() < end, "not within two minutes");
        std::thread::sleep(Duration::from_millis(20));
    }
}
