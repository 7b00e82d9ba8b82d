//! What `howdah change run` does before the first step and after the last: the way back on paper, snapshots
//! where they can be had, statistics, what is not valid, and what became of the plans of the statements that matter.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use howdah_testkit::{Database, ServerOptions, majors, private};

fn run(home: &Path, database: &Database<'_>, arguments: &[&str]) -> Output {
    let url = database.url();
    Command::new(env!("CARGO_BIN_EXE_howdah"))
        .args(["change", "run", "--yes", "--quiet", "--url", &url])
        .args(arguments)
        .env("HOWDAH_HOME", home)
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_before_and_after() {
    let major = *majors().last().unwrap();
    let server = private(ServerOptions {
        major,
        settings: vec![(
            "shared_preload_libraries".to_owned(),
            "pg_stat_statements".to_owned(),
        )],
        hba: None,
    })
    .await;
    let home = tempfile::tempdir().unwrap();
    let database = server.database("around").await;
    database.execute("CREATE EXTENSION pg_stat_statements").await;
    database
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE INDEX t_a ON t (a); \
             INSERT INTO t SELECT g, g, 'b' || g FROM generate_series(1, 50000) g; ANALYZE t",
        )
        .await;
    let client = database.probe().await;
    for _ in 0..30 {
        client
            .query("SELECT b FROM t WHERE a = $1", &[&7_i32])
            .await
            .unwrap();
    }

    // A snapshot that cannot be had stops the change before it begins.
    let snapshot = run(
        home.path(),
        &database,
        &[
            "--sql",
            "CREATE INDEX t_low ON t (lower(b))",
            "--snapshot",
            "monday",
        ],
    );
    assert!(!snapshot.status.success(), "{}", text(&snapshot));
    assert!(text(&snapshot).contains("snapshot"), "{}", text(&snapshot));
    let exists = "SELECT to_regclass('t_low') IS NOT NULL";
    assert!(!client.query_one(exists, &[]).await.unwrap().get::<_, bool>(0));

    // The way back is written, and works by hand; the planner knows the new expression.
    let back = home.path().join("back.sql");
    let done = run(
        home.path(),
        &database,
        &[
            "--sql",
            "CREATE INDEX t_low ON t (lower(b))",
            "--rollback-script",
            back.to_str().unwrap(),
        ],
    );
    assert!(done.status.success(), "{}", text(&done));
    assert!(
        text(&done).contains("none of their plans costs more than before"),
        "{}",
        text(&done)
    );
    let known = "SELECT count(*) FROM pg_stats WHERE tablename = 't_low'";
    assert_eq!(client.query_one(known, &[]).await.unwrap().get::<_, i64>(0), 1);
    let script = std::fs::read_to_string(&back).unwrap();
    for piece in howdah_sql::split(&script).unwrap() {
        client.batch_execute(piece.text).await.unwrap();
    }
    assert!(!client.query_one(exists, &[]).await.unwrap().get::<_, bool>(0));

    // What got worse is told, and so is what is not as it should be.
    let worse = run(home.path(), &database, &["--sql", "DROP INDEX t_a"]);
    assert!(worse.status.success(), "{}", text(&worse));
    assert!(
        text(&worse).contains("SELECT b FROM t WHERE a = $1"),
        "{}",
        text(&worse)
    );
    let checked = run(
        home.path(),
        &database,
        &[
            "--sql",
            "ALTER TABLE t ADD CONSTRAINT small CHECK (a < 60000) NOT VALID",
        ],
    );
    assert!(checked.status.success(), "{}", text(&checked));
    assert!(
        text(&checked).contains("small on t is not validated"),
        "{}",
        text(&checked)
    );
    let gone = run(
        home.path(),
        &database,
        &["--sql", "ALTER TABLE t DROP COLUMN b", "--dry-run"],
    );
    assert!(text(&gone).contains("cannot be taken back"), "{}", text(&gone));
}
