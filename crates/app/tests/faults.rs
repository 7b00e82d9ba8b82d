//! What goes wrong around a query: each of it on a real server that is really stopped, full, or too generous.
//! (Servers that are down or restarted, and all the ways to cancel, are in mcp/.)
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Stdio;
use std::time::{Duration, Instant};

use howdah_testkit::mcp::{Client, Options};
use howdah_testkit::{ServerOptions, majors, private, server};
use serde_json::{Value, json};

const MIB: u64 = 1024 * 1024;

async fn client(url: &str, home: &std::path::Path, arguments: &[&str]) -> Client {
    let home = home.to_str().unwrap();
    let environment = [
        ("DATABASE_URL", url),
        ("HOWDAH_HOME", home),
        ("XDG_CONFIG_HOME", home),
    ];
    Client::start(Options {
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        ..Options::default()
    })
    .await
}

async fn query(client: &Client, sql: &str) -> Value {
    client
        .call_tool("run_query", json!({ "sql": sql }))
        .await
        .unwrap()
}

fn failed(result: &Value) -> bool {
    result["isError"] == json!(true)
}

/// The most memory that the program ever held, in bytes.
fn peak(client: &Client) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", client.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_backend_costs_no_call() {
    let server = server(*majors().last().unwrap()).await;
    let database = server.database("terminated").await;
    let home = tempfile::tempdir().unwrap();
    let client = client(&database.url(), home.path(), &[]).await;
    let judge = server.probe("postgres").await;
    for _ in 0..3 {
        let result = query(&client, "SELECT 1").await;
        assert!(!failed(&result), "{result}");
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1";
        let gone: i64 = judge.query_one(sql, &[&database.name]).await.unwrap().get(0);
        assert!(gone >= 1, "the pool keeps its session");
        // The signal is on its way: a statement that meets it was stopped by whoever sent it.
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
        while judge
            .query_one(sql, &[&database.name])
            .await
            .unwrap()
            .get::<_, i64>(0)
            > 0
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_is_said_to_be_full_and_found_free_again() {
    let server = private(ServerOptions {
        settings: vec![
            ("max_connections".into(), "8".into()),
            ("superuser_reserved_connections".into(), "3".into()),
        ],
        ..ServerOptions::default()
    })
    .await;
    let mut taken = Vec::new();
    for _ in 0..5 {
        taken.push(server.probe_as("plain", "postgres").await);
    }
    let home = tempfile::tempdir().unwrap();
    let client = client(&server.url_as("plain", "postgres"), home.path(), &[]).await;
    let begun = Instant::now();
    let result = query(&client, "SELECT 1").await;
    assert!(failed(&result), "{result}");
    assert!(
        begun.elapsed() < howdah_testkit::allowed(Duration::from_secs(5)),
        "{:?}",
        begun.elapsed()
    );
    let text = result.to_string();
    assert!(text.contains("connection") || text.contains("53300"), "{text}");
    drop(taken);
    // The server needs a moment to see them go.
    for attempt in 0.. {
        let result = query(&client, "SELECT 1").await;
        if !failed(&result) {
            break;
        }
        assert!(attempt < 600, "{result}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Nowhere: not in answers, not on either stream, not in any file that the program writes.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_written_nowhere() {
    const SECRET: &str = "hunter2-and-a-half";
    let server = server(*majors().last().unwrap()).await;
    let url = format!("postgres://scram:{SECRET}@127.0.0.1:{}/postgres", server.port());
    let home = tempfile::tempdir().unwrap();
    let client = client(&url, home.path(), &[]).await;
    let calls = [
        ("run_query", json!({ "sql": "SELECT 1" })),
        ("explain_query", json!({ "sql": "SELECT 1" })),
        ("get_table_schema", json!({ "name": "pg_class" })),
        ("search_objects", json!({ "pattern": "x" })),
        ("connect_to_database", json!({})),
        ("get_database_connection_info", json!({})),
    ];
    for (tool, arguments) in calls {
        let result = client.call_tool(tool, arguments).await.unwrap();
        assert!(!result.to_string().contains(SECRET), "{tool}: {result}");
        assert!(
            result.to_string().contains("password"),
            "{tool} says what is wrong: {result}"
        );
    }
    for arguments in [
        &["query", "SELECT 1"][..],
        &["query", "SELECT 1", "--json"],
        &["describe", "pg_class"],
        &["doctor"],
    ] {
        for log in ["info", "trace"] {
            let output = tokio::process::Command::new(howdah_testkit::howdah())
                .args(arguments)
                .env("DATABASE_URL", &url)
                .env("HOWDAH_HOME", home.path())
                .env("XDG_CONFIG_HOME", home.path())
                .env("RUST_LOG", log)
                .stdin(Stdio::null())
                .output()
                .await
                .unwrap();
            for stream in [&output.stdout, &output.stderr] {
                let text = String::from_utf8_lossy(stream);
                assert!(!text.contains(SECRET), "{arguments:?}: {text}");
            }
        }
    }
    let mut folders = vec![home.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
                assert!(!content.contains(SECRET), "{}", path.display());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cross_join_of_ten_tables_ends_at_the_timeout() {
    let server = server(*majors().last().unwrap()).await;
    let database = server.database("runaway").await;
    database
        .execute("CREATE TABLE big AS SELECT i FROM generate_series(1, 10000) i")
        .await;
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("howdah.toml");
    let text = format!(
        "[targets.runaway]\nurl = \"{}\"\nstatement_timeout_ms = 1000\n",
        database.url()
    );
    std::fs::write(&config, text).unwrap();
    let client = client("", home.path(), &["--config", config.to_str().unwrap()]).await;
    let tables: Vec<String> = (0..10).map(|i| format!("big t{i}")).collect();
    let sql = format!("SELECT count(*) FROM {}", tables.join(", "));
    let begun = Instant::now();
    let arguments = json!({ "sql": sql, "target": "runaway" });
    let result = client.call_tool("run_query", arguments).await.unwrap();
    assert!(failed(&result), "{result}");
    assert!(
        begun.elapsed() < howdah_testkit::allowed(Duration::from_secs(3)),
        "{:?}",
        begun.elapsed()
    );
    assert!(result.to_string().contains("timeout"), "{result}");
    let judge = server.probe("postgres").await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state = 'active'";
    // The answer does not wait for the end of the transaction.
    for attempt in 0.. {
        let running: i64 = judge.query_one(sql, &[&database.name]).await.unwrap().get(0);
        if running == 0 {
            break;
        }
        assert!(attempt < 400, "the backend is not at rest");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_of_fifty_megabytes_costs_no_memory() {
    let server = server(*majors().last().unwrap()).await;
    let home = tempfile::tempdir().unwrap();
    let client = client(&server.url("postgres"), home.path(), &[]).await;
    query(&client, "SELECT 1").await;
    let before = peak(&client);
    let result = query(&client, "SELECT repeat('x', 50000000) AS huge, 'after' AS small").await;
    assert!(!failed(&result), "{result:.300}");
    let rows = &result["structuredContent"]["rows"];
    assert_eq!(rows[0][1], "after");
    assert!(result.to_string().len() < 2 * MIB as usize, "the answer is cut");
    assert!(!result["structuredContent"]["notes"].is_null(), "and says so");
    let more = peak(&client).saturating_sub(before);
    assert!(more < 30 * MIB, "{more} bytes more");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_million_rows_cost_no_memory() {
    let server = server(*majors().last().unwrap()).await;
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("howdah.toml");
    let text = format!(
        "[targets.long]\nurl = \"{}\"\nstatement_timeout_ms = 600000\n",
        server.url("postgres")
    );
    std::fs::write(&config, text).unwrap();
    let client = client("", home.path(), &["--config", config.to_str().unwrap()]).await;
    let ask = async |sql: &str| {
        let arguments = json!({ "sql": sql, "target": "long" });
        client.call_tool("run_query", arguments).await.unwrap()
    };
    ask("SELECT 1").await;
    let before = peak(&client);
    let result = ask("SELECT i, repeat('y', 50) AS y FROM generate_series(1, 10000000) i").await;
    assert!(!failed(&result), "{result:.300}");
    let content = &result["structuredContent"];
    assert_eq!(content["truncated"], true);
    assert_eq!(content["row_count"], content["rows"].as_array().unwrap().len());
    assert_eq!(content["rows"][0][0], 1);
    let more = peak(&client).saturating_sub(before);
    assert!(more < 30 * MIB, "{more} bytes more");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failover_the_next_call_succeeds() {
    let major = *majors().last().unwrap();
    let options = || ServerOptions {
        major,
        ..ServerOptions::default()
    };
    let (primary, standby) = (private(options()).await, private(options()).await);
    // A server in recovery, whatever it recovers from.
    standby.stop().await;
    let signal = standby.data_dir().join("standby.signal");
    std::fs::write(&signal, "").unwrap();
    own_as(&signal, &standby.data_dir());
    standby.start().await;

    let (one, two) = (primary.port(), standby.port());
    let url = format!(
        "postgres://postgres@127.0.0.1:{one},127.0.0.1:{two}/postgres?target_session_attrs=primary&connect_timeout=60"
    );
    let home = tempfile::tempdir().unwrap();
    let client = client(&url, home.path(), &[]).await;
    let port = |result: &Value| result["structuredContent"]["rows"][0][0].to_string();
    let sql = "SELECT current_setting('port')::int";
    let result = query(&client, sql).await;
    assert_eq!(port(&result), one.to_string(), "{result}");

    primary.crash().await;
    let promoted: bool = standby
        .probe("postgres")
        .await
        .query_one("SELECT pg_promote()", &[])
        .await
        .unwrap()
        .get(0);
    assert!(promoted);
    let result = query(&client, sql).await;
    assert_eq!(port(&result), two.to_string(), "{result}");
}

/// Gives a file to the owner of another one.
fn own_as(path: &std::path::Path, other: &std::path::Path) {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(other).unwrap().uid();
    std::os::unix::fs::chown(path, Some(owner), None).unwrap();
}
