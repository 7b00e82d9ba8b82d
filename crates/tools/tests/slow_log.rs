//! `howdah log`: turned on, read and turned off, in the built program.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use howdah_testkit::mcp::{Client, Era, Options, Person};
use howdah_testkit::{ServerOptions, majors, private};
use serde_json::{Value, json};

/// A home of its own; its clusters are removed with it.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let home = tempfile::Builder::new()
            .prefix("howdah-log-")
            .tempdir_in("/tmp")
            .unwrap();
        Self(home.keep())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(howdah_testkit::howdah())
            .args(arguments)
            .env("HOWDAH_HOME", &self.0)
            .env("XDG_CONFIG_HOME", self.0.join("config"))
            .env_remove("DATABASE_URL")
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.run(&[arguments, &["--json"]].concat());
        let value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), value)
    }

    /// The summary once it is as expected: the server writes its log on its own time.
    fn log(&self, arguments: &[&str], expected: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let (_, log) = self.json(arguments);
            if expected(&log) || began.elapsed() > Duration::from_secs(60) {
                return log;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for cluster in std::fs::read_dir(self.0.join("clusters")).into_iter().flatten() {
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

fn statement<'a>(log: &'a Value, part: &str) -> Option<&'a Value> {
    let statements = log["statements"].as_array()?;
    statements
        .iter()
        .find(|one| one["statement"].as_str().unwrap().contains(part))
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_statements_of_a_cluster_are_logged_on_every_server_and_summed_up() {
    let home = Home::new();
    let (code, job) = home.json(&["cluster", "create", "shop", "--readers", "1", "--wait"]);
    assert_eq!(code, 0, "{job:#}");
    let on = ["--target", "shop", "log", "on", "--threshold", "50ms"];
    let refused = home.run(&on);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("howdah --target shop log on --threshold 50ms --yes"),
        "{said}"
    );

    let (code, state) = home.json(&[&on[..], &["--yes"]].concat());
    assert_eq!((code, &state["done"]), (0, &json!(true)), "{state:#}");
    let servers = state["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 2, "{state:#}");
    for server in servers {
        let changed = &server["settings"][0];
        assert_eq!(
            (&changed["name"], &changed["before"], &changed["now"]),
            (&json!("log_min_duration_statement"), &json!("-1"), &json!("50")),
            "{state:#}"
        );
    }
    let (code, again) = home.json(&on);
    assert_eq!(
        (code, &again["servers"][0]["settings"]),
        (0, &json!([])),
        "{again:#}"
    );

    for constant in ["'one'", "'two'"] {
        let slow = format!("SELECT pg_sleep(0.2), {constant} AS kept");
        assert_eq!(home.json(&["--target", "shop", "query", &slow]).0, 0);
    }
    // Howdah's own questions may be slow on this machine, and come first.
    let show = ["--target", "shop", "log", "show", "--limit", "200"];
    let calls = |log: &Value| statement(log, "AS kept").map_or(0, |one| one["calls"].as_u64().unwrap());
    let log = home.log(&show, |log| calls(log) >= 2);
    let slow = statement(&log, "AS kept").unwrap_or_else(|| panic!("{log:#}"));
    assert_eq!(slow["calls"], 2, "{log:#}");
    assert!(slow["mean_ms"].as_f64().unwrap() >= 200.0, "{slow:#}");
    assert_eq!(
        (&slow["users"], &slow["databases"]),
        (&json!(["postgres"]), &json!(["postgres"])),
        "{slow:#}"
    );
    assert!(!slow["statement"].as_str().unwrap().contains("one"), "{slow:#}");
    let text = String::from_utf8(home.run(&show).stdout).unwrap();
    assert!(text.contains("p95") && text.contains("pg_sleep"), "{text}");

    // With plans: in sessions that begin now.
    let (code, state) = home.json(&[
        "--target",
        "shop",
        "log",
        "on",
        "--threshold",
        "50ms",
        "--plans",
        "--yes",
    ]);
    assert_eq!((code, &state["done"]), (0, &json!(true)), "{state:#}");
    assert_eq!(
        home.json(&[
            "--target",
            "shop",
            "query",
            "SELECT pg_sleep(0.2), relname AS planned FROM pg_catalog.pg_class LIMIT 1"
        ])
        .0,
        0
    );
    let path = home.0.join("clusters/shop/writer/server.log");
    let began = Instant::now();
    let is_planned = || std::fs::read_to_string(&path).unwrap().contains("plan:");
    while !is_planned() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(is_planned(), "{}", std::fs::read_to_string(&path).unwrap());
    // Both tell of it, and it is counted once.
    let log = home.log(&show, |log| statement(log, "AS planned").is_some());
    assert_eq!(statement(&log, "AS planned").unwrap()["calls"], 1, "{log:#}");

    // An agent reads the log of the cluster, no other file, and changes nothing unless a person agrees.
    let environment = vec![("HOWDAH_HOME".into(), home.0.display().to_string())];
    let agent = Client::start(Options {
        era: Era::Initialize("2025-11-25"),
        arguments: vec!["--toolsets".into(), "all".into()],
        environment,
        person: None::<Person>,
    })
    .await;
    let shown = agent
        .call_tool("show_slow_log", json!({ "target": "shop" }))
        .await
        .unwrap();
    assert!(
        statement(&shown["structuredContent"], "AS kept").is_some(),
        "{shown:#}"
    );
    let refused = agent
        .call_tool("show_slow_log", json!({ "file": path }))
        .await
        .unwrap();
    assert_eq!(refused["isError"], true, "{refused:#}");
    let refused = agent
        .call_tool("set_slow_log", json!({ "target": "shop", "off": true }))
        .await
        .unwrap();
    assert_eq!(refused["isError"], true, "{refused:#}");

    let (code, state) = home.json(&["--target", "shop", "log", "off", "--yes"]);
    assert_eq!((code, &state["done"]), (0, &json!(true)), "{state:#}");
    let asked = "SELECT current_setting('log_min_duration_statement') AS threshold, current_setting('session_preload_libraries') AS libraries";
    let (_, rows) = home.json(&["--target", "shop", "query", asked]);
    assert!(
        rows.to_string().contains("\"-1\"") && !rows.to_string().contains("auto_explain"),
        "{rows}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_rds_the_change_of_the_parameter_group_is_said_and_the_server_asked() {
    let server = private(ServerOptions {
        major: majors()[0],
        settings: Vec::new(),
        hba: None,
    })
    .await;
    let database = server.database("logged").await;
    database.execute("CREATE ROLE rds_superuser").await;
    let home = Home::new();
    let url = database.url();
    let on = [
        "--url",
        &url,
        "log",
        "on",
        "--threshold",
        "2s",
        "--plans",
        "--yes",
    ];
    let (code, state) = home.json(&on);
    assert_eq!((code, &state["done"]), (1, &json!(false)), "{state:#}");
    let to_do = state["to_do"][0].as_str().unwrap();
    for part in [
        "aws rds modify-db-parameter-group",
        "ParameterName=log_min_duration_statement,ParameterValue=2000,ApplyMethod=immediate",
        "ParameterName=shared_preload_libraries",
        "after a reboot",
    ] {
        assert!(to_do.contains(part), "{part}: {to_do}");
    }
    let (_, rows) = home.json(&["--url", &url, "query", "SHOW log_min_duration_statement"]);
    assert!(rows.to_string().contains("-1"), "nothing was changed: {rows}");
    // Once the group is changed the server says so.
    for setting in [
        "log_min_duration_statement = 2000",
        "log_lock_waits = on",
        "log_temp_files = 0",
        "log_autovacuum_min_duration = 1000",
    ] {
        database.execute(&format!("ALTER SYSTEM SET {setting}")).await;
    }
    database.execute("SELECT pg_reload_conf()").await;
    let began = Instant::now();
    let on = ["--url", &url, "log", "on", "--threshold", "2s"];
    while home.json(&on).0 != 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{:#}",
            home.json(&on).1
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_log_that_was_fetched_is_summed_up_without_a_server() {
    let home = Home::new();
    let path = home.0.join("postgresql.log");
    let prefix = "2026-01-31 10:00:02 UTC:10.0.0.1(5432):app@shop:[79]:";
    let text = format!(
        "{prefix}LOG:  duration: 1500.0 ms  statement: SELECT 1\n{prefix}ERROR:  deadlock detected\n\
         {}LOG:  duration: 900.0 ms  statement: SELECT 2\n",
        prefix.replace("app@shop", "app@other")
    );
    std::fs::write(&path, text).unwrap();
    let file = path.to_str().unwrap();
    let (code, log) = home.json(&["log", "show", "--file", file]);
    assert_eq!(
        (code, &log["calls"], &log["noted"][0]["kind"]),
        (0, &json!(2), &json!("deadlock")),
        "{log:#}"
    );
    let (_, log) = home.json(&["log", "show", "--file", file, "--of", "shop"]);
    assert_eq!(log["calls"], 1, "{log:#}");
    let missing = home.run(&["log", "show", "--file", "/no/such/file"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/no/such/file"));
}
