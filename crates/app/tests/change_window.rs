//! `howdah change run --window`: rows are filled at those hours only, and what waits goes on by the same command.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use howdah_testkit::{majors, server};

const SCRIPT: &str = "ALTER TABLE t ALTER COLUMN a TYPE bigint";
/// Far longer than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn run(url: &str, home: &std::path::Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_howdah"));
    command
        .args([
            "change", "run", "--yes", "--log", "info", "--url", url, "--sql", SCRIPT,
        ])
        .args(more)
        .env("HOWDAH_HOME", home)
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_filled_in_the_window_only() {
    let server = server(*majors().last().unwrap()).await;
    let home = tempfile::tempdir().unwrap();
    let database = server.database("window").await;
    database
        .execute("CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL); INSERT INTO t SELECT g, g FROM generate_series(1, 20000) g")
        .await;
    let client = database.probe().await;
    // Neither can be over, or begin, while the test runs.
    let windows = "SELECT to_char(localtime + interval '6 hours', 'HH24:MI-') || to_char(localtime + interval '7 hours', 'HH24:MI'), \
                   to_char(localtime - interval '6 hours', 'HH24:MI-') || to_char(localtime + interval '6 hours', 'HH24:MI')";
    let row = client.query_one(windows, &[]).await.unwrap();
    let (closed, open): (String, String) = (row.get(0), row.get(1));
    let url = database.url();

    let dry = run(&url, home.path(), &["--dry-run"]).output().unwrap();
    assert!(dry.status.success());
    let nothing = "SELECT to_regnamespace('howdah') IS NULL";
    assert!(client.query_one(nothing, &[]).await.unwrap().get::<_, bool>(0));
    let wrong = run(&url, home.path(), &["--window", "late"]).output().unwrap();
    assert!(!wrong.status.success());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("no window of time"));

    let mut waiting = run(&url, home.path(), &["--window", &closed]).spawn().unwrap();
    let begun = Instant::now();
    let reached = "SELECT to_regclass('howdah.positions') IS NOT NULL \
                   AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = 't'::regclass AND attname LIKE 'howdah%')";
    while !client.query_one(reached, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(begun.elapsed() < PATIENCE && waiting.try_wait().unwrap().is_none());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(waiting.try_wait().unwrap().is_none());
    let filled = "SELECT coalesce(sum(rows), 0)::bigint FROM howdah.positions";
    assert_eq!(client.query_one(filled, &[]).await.unwrap().get::<_, i64>(0), 0);
    waiting.kill().unwrap();
    let said = waiting.wait_with_output().unwrap().stderr;
    assert!(String::from_utf8_lossy(&said).contains("waiting for that"));

    let done = run(&url, home.path(), &["--window", &open]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let rows = "SELECT count(*) FROM t WHERE a = id AND pg_typeof(a) = 'bigint'::regtype";
    assert_eq!(
        client.query_one(rows, &[]).await.unwrap().get::<_, i64>(0),
        20_000
    );
}
