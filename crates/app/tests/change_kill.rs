//! The built program, killed while it changes a column's type beside a client, and the server
//! killed too: the same command given again ends with the right result, and no acknowledged
//! write is lost. `howdah-bench change --kills 25` does it more often, with more rows.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use howdah_testkit::tokio_postgres::{self, NoTls};
use howdah_testkit::{Server, ServerOptions};

const ROWS: i64 = 20_000;
const SCRIPT: &str = "ALTER TABLE t ALTER COLUMN a TYPE bigint";
/// Longer than the change takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// When howdah and the server, in turn, are killed: milliseconds after the start.
const MOMENTS: [u64; 5] = [400, 900, 1_300, 700, 2_000];

/// A client that writes until it is told to stop: what was acknowledged, and what may or may not
/// be there since the connection broke before the answer.
async fn write(
    server: &Server,
    database: &str,
    stop: &AtomicBool,
) -> (HashMap<i64, i64>, HashMap<i64, Vec<i64>>) {
    let (mut known, mut unsure) = (HashMap::new(), HashMap::<i64, Vec<i64>>::new());
    let mut value = 1_000_000_i64;
    'connected: while !stop.load(Ordering::Relaxed) {
        let Ok((client, connection)) = tokio_postgres::connect(&server.url(database), NoTls).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        tokio::spawn(connection);
        while !stop.load(Ordering::Relaxed) {
            value += 1;
            let id = value * 7919 % ROWS + 1;
            let sql = format!("UPDATE t SET a = {value} WHERE id = {id}");
            match client.batch_execute(&sql).await {
                Ok(()) => {
                    known.insert(id, value);
                    unsure.remove(&id);
                }
                Err(_) => {
                    unsure.entry(id).or_default().push(value);
                    continue 'connected;
                }
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
    (known, unsure)
}

fn run(url: &str, home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_howdah"));
    command
        .args(["change", "run", "--yes", "--quiet", "--url", url, "--sql", SCRIPT])
        .env("HOWDAH_HOME", home)
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_ends_right() {
    let home = tempfile::tempdir().unwrap();
    let settings = [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
    ];
    let server = howdah_testkit::private(ServerOptions {
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..ServerOptions::default()
    })
    .await;
    let server = Arc::new(server);
    let name = {
        let database = server.database("kill").await;
        let setup = format!(
            "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL); CREATE INDEX t_a ON t (a); \
             INSERT INTO t SELECT g, g FROM generate_series(1, {ROWS}) g"
        );
        database.execute(&setup).await;
        database.name.clone()
    };
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (server, name, stop) = (Arc::clone(&server), name.clone(), Arc::clone(&stop));
        tokio::spawn(async move { write(&server, &name, &stop).await })
    };
    let mut moments = MOMENTS.iter();
    let mut server_next = false;
    loop {
        let mut child = run(&server.url(&name), home.path()).spawn().unwrap();
        let begun = Instant::now();
        let strike = moments.next().map(|after| Duration::from_millis(*after));
        let ended = loop {
            if child.try_wait().unwrap().is_some() || begun.elapsed() >= strike.unwrap_or(PATIENCE) {
                break child.try_wait().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let Some(status) = ended else {
            assert!(strike.is_some(), "the change does not come to an end");
            if server_next {
                server.crash().await;
                server.start().await;
            }
            server_next = !server_next;
            child.kill().unwrap();
            child.wait().unwrap();
            continue;
        };
        let output = child.wait_with_output().unwrap();
        assert!(
            status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        break;
    }
    stop.store(true, Ordering::Relaxed);
    let (known, unsure) = writer.await.unwrap();
    let client = server.probe(&name).await;
    let rows = client
        .query("SELECT id, a, pg_typeof(a)::text FROM t", &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), usize::try_from(ROWS).unwrap());
    for row in rows {
        let (id, found, of) = (
            i64::from(row.get::<_, i32>(0)),
            row.get::<_, i64>(1),
            row.get::<_, &str>(2),
        );
        assert_eq!(of, "bigint");
        let acknowledged = known.get(&id).copied().unwrap_or(id);
        assert!(
            found == acknowledged || unsure.get(&id).is_some_and(|values| values.contains(&found)),
            "row {id}: {acknowledged} was acknowledged, {found} is there"
        );
    }
    let sql = "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 2);
    let sql = "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 2);
}
