//! `howdah ready` in the built program, on clusters of this machine: one on which the items fail as their pages say,
//! one on which they pass, and a server by its URL.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use howdah_pg::{ConnInfo, Connection};
use howdah_testkit::mcp::{Client, Era, Options};
use howdah_testkit::{majors, server};
use howdah_tools::check_readiness::pages;
use serde_json::{Value, json};

/// A home of its own; its clusters are removed with it.
struct Home(PathBuf);

impl Home {
    fn new(configuration: &str) -> Self {
        let path = tempfile::Builder::new()
            .prefix("howdah-ready-")
            .tempdir_in("/tmp")
            .unwrap()
            .keep();
        std::fs::write(path.join("howdah.toml"), configuration).unwrap();
        Self(path)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(howdah_testkit::howdah())
            .args(arguments)
            .env("HOWDAH_HOME", self.0.join("state"))
            .env("XDG_CONFIG_HOME", self.0.join("config"))
            .env_remove("DATABASE_URL")
            .env_remove("AWS_REGION")
            .env_remove("AWS_DEFAULT_REGION")
            .env_remove("AWS_PROFILE")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed; what it prints.
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    fn ready(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.run(&[&["ready", "--json"], arguments].concat());
        let value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), value)
    }

    async fn connect(&self, cluster: &str, database: &str) -> Connection {
        let url = self.text(&["cluster", "url", cluster]);
        let conninfo = ConnInfo::parse(url.trim()).unwrap().with_database(database);
        Connection::connect(&conninfo).await.unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for cluster in std::fs::read_dir(self.0.join("state/clusters"))
            .into_iter()
            .flatten()
        {
            for instance in std::fs::read_dir(cluster.unwrap().path()).into_iter().flatten() {
                let instance = instance.unwrap().path();
                if instance.join("data").exists() {
                    drop(howdah_localpg::Instance::remove_remains(&instance));
                }
            }
        }
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The SQL of the pages that is marked with one of these words: code, the verdict that is due, where, and the text.
fn examples(words: &[&str]) -> Vec<(&'static str, &'static str, Option<&'static str>, &'static str)> {
    let mut examples = Vec::new();
    for &(code, page) in pages() {
        for block in page.split("\n```sql ").skip(1) {
            let (info, rest) = block.split_once('\n').unwrap();
            let mut info = info.split_whitespace();
            let word = info.next().unwrap();
            if words.contains(&word) {
                let due = match word {
                    "fails" => "fail",
                    "warns" => "warn",
                    _ => "pass",
                };
                examples.push((code, due, info.next(), rest.split("\n```").next().unwrap()));
            }
        }
    }
    examples
}

fn item<'a>(ready: &'a Value, code: &str) -> &'a Value {
    let items = ready["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["code"] == code)
        .unwrap_or_else(|| panic!("{code}: {ready}"))
}

/// The verdict is due, with a sentence, and what is wrong comes with evidence or says all, and with what mends it.
fn assert_is(ready: &Value, code: &str, due: &str) {
    let item = item(ready, code);
    assert_eq!(item["verdict"], due, "{code}: {item:#}");
    assert!(!item["message"].as_str().unwrap().is_empty(), "{code}");
    if due == "fail" || due == "warn" {
        assert!(
            item["fix"].as_str().is_some_and(|fix| !fix.is_empty()),
            "{code}: {item:#}"
        );
    }
}

/// The statements of an example, one by one: some may not be in a transaction with others.
async fn provoke(connection: &mut Connection, code: &str, sql: &str) {
    let statements: Vec<&str> = match sql.contains("DO $$") {
        true => vec![sql],
        false => sql.split(";\n").filter(|part| !part.trim().is_empty()).collect(),
    };
    for statement in statements {
        if let Err(error) = connection.batch(statement).await {
            panic!("{code}: {statement}: {error}");
        }
    }
}

async fn eventually(connection: &mut Connection, sql: &str) {
    let until = Instant::now() + Duration::from_secs(120);
    while connection.query(sql, &[]).await.unwrap().first().unwrap().get(0) != Some("t") {
        assert!(Instant::now() < until, "{sql}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_bad_cluster_each_item_fails_as_its_page_says() {
    let home = Home::new("");
    home.text(&[
        "cluster",
        "create",
        "bad",
        "--readers",
        "0",
        "--initial-database",
        "app",
        "--wait",
    ]);
    let mut app = home.connect("bad", "app").await;
    app.batch("CREATE DATABASE counted").await.unwrap();
    let mut counted = home.connect("bad", "counted").await;
    counted
        .batch("CREATE EXTENSION pg_stat_statements")
        .await
        .unwrap();
    let examples = examples(&["fails", "warns"]);
    for (code, _, place, sql) in &examples {
        let connection = if place.is_some() { &mut counted } else { &mut app };
        // Each in a schema of its own: examples have tables of one name.
        let schema = format!("ex_{}", code.replace('-', "_"));
        connection
            .batch(&format!(
                "CREATE SCHEMA {schema}; SET search_path = {schema}, public"
            ))
            .await
            .unwrap();
        provoke(connection, code, sql).await;
        connection.batch("RESET search_path").await.unwrap();
    }
    std::fs::remove_dir_all(home.0.join("state/clusters/bad/base")).unwrap();
    eventually(&mut app, "SELECT failed_count > 0 FROM pg_stat_archiver").await;
    let mut held = Vec::new();
    for _ in 0..87 {
        held.push(home.connect_quietly("bad").await);
    }
    let (code, ready) = home.ready(&["bad"]);
    drop(held);
    assert_eq!((code, &ready["ready"]), (1, &json!(false)), "{ready:#}");
    for (code, due, place, _) in &examples {
        if place.is_none() {
            assert_is(&ready, code, due);
        }
    }
    assert_is(&ready, "retention", "fail");
    assert_is(&ready, "connection-headroom", "fail");
    // What this machine has no such thing of, says so.
    for code in [
        "encryption-at-rest",
        "deletion-protection",
        "enhanced-monitoring",
        "capacity",
    ] {
        assert_is(&ready, code, "skipped");
    }
    let (_, ready) = home.ready(&[
        "--target",
        "bad",
        "--database",
        "counted",
        "--only",
        "queries-indexed",
    ]);
    assert_is(&ready, "queries-indexed", "warn");
    assert_eq!(ready["items"].as_array().unwrap().len(), 1);

    // Without its log it is restored of a snapshot.
    let (code, refused) = home.refused(&["ready", "bad", "--drill", "restore"]);
    assert!(
        code == 2 && refused.contains("howdah cluster snapshot bad"),
        "{code}: {refused}"
    );
    home.text(&["cluster", "snapshot", "bad", "monday", "--wait"]);
    let (code, ready) = home.ready(&["bad", "--drill", "restore", "--only", "restore-drill,snapshot"]);
    assert_eq!(code, 0, "{ready:#}");
    assert!(
        ready["drills"][0]["message"]
            .as_str()
            .unwrap()
            .contains("the snapshot monday"),
        "{ready:#}"
    );

    for (format, begins) in [("html", "<!DOCTYPE html>"), ("markdown", "# Readiness of bad")] {
        let output = home.run(&["ready", "bad", "--format", format]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text.starts_with(begins) && text.contains("Every table has a primary key"),
            "{text}"
        );
    }
}

impl Home {
    /// A session that stays, with the URL asked for once.
    async fn connect_quietly(&self, cluster: &str) -> Connection {
        static URL: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
        let url = URL
            .get_or_init(|| async { self.text(&["cluster", "url", cluster]) })
            .await;
        Connection::connect(&ConnInfo::parse(url.trim()).unwrap())
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_good_cluster_each_item_passes() {
    let home = Home::new(
        "[notify.team]\ncommand = [\"true\"]\n[triggers.critical]\non = \"check\"\nnotify = [\"team\"]\n",
    );
    home.text(&[
        "cluster",
        "create",
        "good",
        "--readers",
        "1",
        "--initial-database",
        "app",
        "--wait",
    ]);
    let mut app = home.connect("good", "app").await;
    let examples = examples(&["passes"]);
    app.batch("CREATE EXTENSION pg_stat_statements").await.unwrap();
    for (code, _, _, sql) in &examples {
        let schema = format!("ex_{}", code.replace('-', "_"));
        app.batch(&format!(
            "CREATE SCHEMA {schema}; SET search_path = {schema}, public"
        ))
        .await
        .unwrap();
        provoke(&mut app, code, sql).await;
        app.batch("RESET search_path").await.unwrap();
    }
    drop(app);
    home.text(&["cluster", "snapshot", "good", "before-release", "--wait"]);
    let (code, refused) = home.refused(&["ready", "good", "--drill", "failover"]);
    assert!(code == 2 && refused.contains("--yes"), "{code}: {refused}");

    let mut watcher = home.watch("good");
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let (_, ready) = home.ready(&["good", "--only", "performance-history"]);
        if item(&ready, "performance-history")["verdict"] == "pass" {
            break;
        }
        assert!(Instant::now() < until, "{ready:#}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    watcher.kill().unwrap();
    watcher.wait().unwrap();

    // What a drill that was ended has left is told, not touched.
    let mut app = home.connect("good", "app").await;
    app.batch("CREATE DATABASE howdah_drill_1").await.unwrap();
    home.text(&[
        "cluster",
        "clone",
        "good",
        "--as",
        "good-drill-1",
        "--readers",
        "0",
        "--wait",
    ]);
    let (_, ready) = home.ready(&["good", "--drill", "restore,failover", "--yes"]);
    for (drill, remedy) in [
        (0, "howdah cluster delete good-drill-1 "),
        (1, "DROP DATABASE howdah_drill_1"),
    ] {
        let drill = &ready["drills"][drill];
        assert!(drill["evidence"].to_string().contains(remedy), "{drill:#}");
    }
    home.text(&[
        "cluster",
        "delete",
        "good-drill-1",
        "--skip-final-snapshot",
        "--yes",
        "--wait",
    ]);
    drop(app);
    let mut app = home.connect("good", "app").await;
    app.batch("DROP DATABASE howdah_drill_1").await.unwrap();
    for drill in ready["drills"].as_array().unwrap() {
        assert_eq!(drill["succeeded"], true, "{drill:#}");
        assert!(drill["took_s"].as_f64().unwrap() > 0.0);
    }
    let restored = &ready["drills"][0];
    assert!(
        restored["evidence"].to_string().contains("amcheck found nothing"),
        "{restored:#}"
    );
    assert!(
        ready["drills"][1]["message"]
            .as_str()
            .unwrap()
            .contains("no acknowledged write was lost"),
        "{ready:#}"
    );
    // The new writer has counted nothing yet.
    let mut app = home.connect("good", "app").await;
    let (.., queries) = examples
        .iter()
        .find(|(code, ..)| *code == "queries-indexed")
        .unwrap();
    let query = queries.trim().lines().last().unwrap();
    app.batch(query).await.unwrap();
    let (code, ready) = home.ready(&["good"]);
    for (code, due, ..) in &examples {
        assert_is(&ready, code, due);
    }
    for code in [
        "snapshot",
        "restore-drill",
        "failover-drill",
        "performance-history",
        "alarms",
    ] {
        assert_is(&ready, code, "pass");
    }
    assert_eq!(ready["counts"]["fail"], 0, "{ready:#}");
    assert_eq!((code, &ready["ready"]), (0, &json!(true)), "{ready:#}");
    // A drill goes on when its worker is killed, and so does what it has carried out.
    let drill = home.begin(&[
        "ready",
        "good",
        "--drill",
        "restore",
        "--only",
        "restore-drill",
        "--json",
    ]);
    home.kill_worker("drill_restore", "restore_cluster").await;
    let output = tokio::task::spawn_blocking(move || drill.wait_with_output().unwrap())
        .await
        .unwrap();
    let ready: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ready["drills"][0]["succeeded"], true, "{ready:#}");
    // An index that a function's change has made wrong is restored as wrong as it was.
    app.batch(BROKEN_INDEX).await.unwrap();
    let (code, ready) = home.ready(&["good", "--drill", "restore", "--only", "restore-drill"]);
    assert_eq!((code, &ready["ready"]), (1, &json!(false)), "{ready:#}");
    assert!(
        ready["drills"][0]["message"]
            .as_str()
            .unwrap()
            .contains("broken_b"),
        "{ready:#}"
    );
    let (code, ready) = home.ready(&["good", "--only", "restore-drill"]);
    let remembered = item(&ready, "restore-drill")["message"].as_str().unwrap();
    assert!(code == 1 && remembered.contains("broken_b"), "{ready:#}");
    // The drills left nothing behind.
    let clusters: Value = serde_json::from_str(&home.text(&["cluster", "list", "--json"])).unwrap();
    assert_eq!(clusters["clusters"].as_array().unwrap().len(), 1, "{clusters:#}");
    let left = app
        .query(
            "SELECT count(*) FROM pg_database WHERE datname LIKE 'howdah%'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(left.first().unwrap().get(0), Some("0"));
}

/// The process that works on a job.
fn worker(job: &str) -> Option<String> {
    let processes = std::fs::read_dir("/proc").ok()?;
    let mut names = processes.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.find(|name| {
        let command = std::fs::read_to_string(format!("/proc/{name}/cmdline")).unwrap_or_default();
        command.replace('\0', " ").contains(&format!("job work {job}"))
    })
}

const BROKEN_INDEX: &str = "
    CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
    CREATE TABLE broken (id int PRIMARY KEY);
    INSERT INTO broken SELECT i FROM generate_series(1, 1000) i;
    CREATE INDEX broken_b ON broken (twice(id));
    CREATE OR REPLACE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 3';";

impl Home {
    /// Runs a command that must fail; its exit code and what it says.
    fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    fn begin(&self, arguments: &[&str]) -> std::process::Child {
        Command::new(howdah_testkit::howdah())
            .args(arguments)
            .env("HOWDAH_HOME", self.0.join("state"))
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Kills the worker of the job of that kind, once it has begun a job of the other kind.
    async fn kill_worker(&self, kind: &str, child: &str) {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let jobs: Value = serde_json::from_str(&self.text(&["job", "list", "--json"])).unwrap();
            let running = |kind: &str| {
                let jobs = jobs["jobs"].as_array().unwrap();
                let found = jobs
                    .iter()
                    .find(|job| job["kind"] == kind && job["state"] == "running");
                found.map(|job| job["id"].as_str().unwrap().to_owned())
            };
            if let (Some(id), Some(_)) = (running(kind), running(child)) {
                let killed = Command::new("kill")
                    .args(["-KILL", &worker(&id).expect("a worker")])
                    .status()
                    .unwrap();
                assert!(killed.success(), "job {id}");
                return;
            }
            assert!(Instant::now() < until, "{jobs:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn watch(&self, cluster: &str) -> std::process::Child {
        Command::new(howdah_testkit::howdah())
            .args(["--target", cluster, "watch"])
            .env("HOWDAH_HOME", self.0.join("state"))
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_url_the_server_is_asked_and_the_rest_is_skipped_with_the_reason() {
    for major in majors() {
        let database = server(major).await.database("ready").await;
        let home = Home::new("");
        let (_, ready) = home.ready(&["--url", &database.url()]);
        assert_is(&ready, "primary-keys", "skipped");
        let mut connection = Connection::connect(&ConnInfo::parse(&database.url()).unwrap())
            .await
            .unwrap();
        connection
            .batch("CREATE TABLE \"<b>\"\" | `x\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
            .await
            .unwrap();
        let page = String::from_utf8(
            home.run(&["ready", "--url", &database.url(), "--format", "html"])
                .stdout,
        )
        .unwrap();
        assert!(page.contains("&lt;b&gt;") && !page.contains("<b>"), "{page}");
        let (code, ready) = home.ready(&["--url", &database.url()]);
        assert_eq!(code, 1, "{ready:#}");
        for code in ["primary-keys", "no-dangers", "indexes-valid"] {
            assert_is(&ready, code, "pass");
        }
        for code in [
            "high-availability",
            "encryption-at-rest",
            "snapshot",
            "restore-drill",
            "failover-drill",
        ] {
            assert_is(&ready, code, "skipped");
            assert!(
                item(&ready, code)["message"]
                    .as_str()
                    .unwrap()
                    .contains("by its URL"),
                "{ready:#}"
            );
        }
        let text = String::from_utf8(home.run(&["ready", "--url", &database.url()]).stdout).unwrap();
        assert!(text.contains("is not ready"), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_has_no_verdict() {
    let home = Home::new("");
    let (code, ready) = home.ready(&["--url", "postgres://nobody@127.0.0.1:1/none"]);
    assert_eq!(code, 2, "{ready:#}");
    assert_eq!(ready["ready"], false);
    let (code, said) = home.refused(&["ready", "nosuch"]);
    assert!(code == 2 && said.contains("nosuch"), "{code}: {said}");
    let (code, said) = home.refused(&["ready", "--only", "nosuch"]);
    assert!(code == 2 && said.contains("primary-keys"), "{code}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_asks_and_is_refused_a_drill() {
    let database = server(*majors().last().unwrap())
        .await
        .database("ready_agent")
        .await;
    let client = Client::start(Options {
        era: Era::Stateless,
        arguments: vec!["--toolsets".into(), "all".into()],
        environment: vec![("DATABASE_URL".into(), database.url())],
        person: None,
    })
    .await;
    let answer = client.call_tool("check_readiness", json!({})).await.unwrap();
    assert!(
        answer["structuredContent"]["items"]
            .as_array()
            .is_some_and(|items| items.len() > 30),
        "{answer:#}"
    );
    let answer = client
        .call_tool("check_readiness", json!({ "drill": ["restore"] }))
        .await
        .unwrap();
    assert_eq!(answer["isError"], true, "{answer:#}");
}
