//! `howdah health` and `howdah diagnose`, and their tools, in the built program.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output, Stdio};

use howdah_testkit::mcp::{Client, Era, Options};
use howdah_testkit::{majors, server};
use serde_json::{Value, json};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(
            tempfile::Builder::new()
                .prefix("howdah-health-")
                .tempdir_in("/tmp")
                .unwrap(),
        )
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(howdah_testkit::howdah())
            .args(arguments)
            .env("HOWDAH_HOME", self.0.path().join("state"))
            .env("XDG_CONFIG_HOME", self.0.path().join("config"))
            .env_remove("DATABASE_URL")
            .current_dir(self.0.path())
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
}

fn status<'a>(health: &'a Value, code: &str) -> &'a str {
    let checks = health["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["code"] == code);
    check.unwrap_or_else(|| panic!("{code} is not in {health}"))["status"]
        .as_str()
        .unwrap()
}

/// Servers of tests are quick rather than durable, which is critical anywhere else.
const QUICK: [&str; 2] = ["durability-settings", "vacuum-settings"];

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_says_how_it_is() {
    for major in majors() {
        let database = server(major).await.database("health").await;
        let home = Home::new();
        let url = database.url();
        let arguments = ["health", "--url", &url, "--ignore", &QUICK.join(",")];
        let (code, health) = home.json(&arguments);
        assert_eq!(code, 0, "{health:#}");
        assert_eq!(status(&health, "sequence-exhaustion"), "ok");
        assert_eq!(status(&health, "aurora-replica-lag"), "skipped");
        database
            .execute("CREATE SEQUENCE tickets MAXVALUE 100; SELECT setval('tickets', 99)")
            .await;
        let (code, health) = home.json(&arguments);
        assert_eq!((code, status(&health, "sequence-exhaustion")), (1, "critical"));
        assert_eq!(
            health["checks"][0]["code"], "sequence-exhaustion",
            "the worst first"
        );
        assert_eq!(health["status"], "critical");
        let problem = &health["checks"][0]["problems"][0];
        assert!(
            problem["fix"]["sql"]
                .as_str()
                .unwrap()
                .contains("ALTER SEQUENCE public.tickets")
        );
        database.execute(problem["fix"]["sql"].as_str().unwrap()).await;
        assert_eq!(home.json(&arguments).0, 0);

        let text = home.run(&arguments);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(
            text.starts_with("default (database health"),
            "the summary first: {text}"
        );
        assert!(!text.contains('\u{1b}'), "no colours off a terminal");

        // An ordinary role gets an answer too.
        let (code, health) = home.json(&[
            "health",
            "--url",
            &database.url_as("plain"),
            "--ignore",
            &QUICK.join(","),
        ]);
        assert_eq!((code, status(&health, "long-queries")), (0, "skipped"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_at_is_2() {
    let home = Home::new();
    let (code, error) = home.json(&[
        "health",
        "--url",
        "postgres://somebody:very-secret@127.0.0.1:1/nothing",
    ]);
    assert_eq!(code, 2, "{error}");
    assert!(!error.to_string().contains("very-secret"));
    let server = server(majors()[0]).await;
    for url in [
        server.url("no_such_database"),
        server.url_as("nobody_at_all", "postgres"),
    ] {
        assert_eq!(home.json(&["health", "--url", &url]).0, 2, "{url}");
    }
    for arguments in [
        &["health", "--only", "no-such-check"][..],
        &["health", "--no-such-option"],
        &["diagnose", "hiccups"],
    ] {
        assert_eq!(home.json(arguments).0, 2, "{arguments:?}");
    }
    std::fs::write(
        home.0.path().join("howdah.toml"),
        "[health.thresholds.connections]\nwarn = 1\n",
    )
    .unwrap();
    let (code, error) = home.json(&["health", "--url", &server.url("postgres")]);
    assert_eq!(code, 2);
    assert!(
        error["error"]["hint"].as_str().unwrap().contains("warn_percent"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_targets_are_looked_at_and_thresholds_are_read() {
    let server = server(*majors().last().unwrap()).await;
    let home = Home::new();
    let mut config = String::from(
        "[health]\nignore = [\"vacuum-settings\", \"durability-settings\"]\n[health.thresholds.connections]\nwarn_percent = 0\ncritical_percent = 1000\n",
    );
    let database = server.database("all").await;
    for number in 0..40 {
        config.push_str(&format!(
            "[targets.shop_{number}]\nurl = \"{}\"\n",
            database.url()
        ));
    }
    config.push_str("[targets.gone]\nurl = \"postgres://x@127.0.0.1:1/x\"\n");
    std::fs::write(home.0.path().join("howdah.toml"), config).unwrap();
    let (code, health) = home.json(&["health", "--all"]);
    // One could not be looked at, and nothing is critical.
    assert_eq!(code, 2, "{:#}", health["counts"]);
    let targets = health["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 41);
    assert_eq!(targets[0]["target"], "gone", "what is worst stands first");
    assert!(targets[0]["error"].as_str().unwrap().contains("127.0.0.1:1"));
    for target in &targets[1..] {
        assert_eq!(status(target, "connections"), "warn", "{target}");
        let codes: Vec<&Value> = target["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|check| &check["code"])
            .collect();
        assert!(!codes.contains(&&json!("vacuum-settings")), "{codes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_symptom_is_diagnosed() {
    for major in majors() {
        let database = server(major).await.database("diagnose").await;
        let home = Home::new();
        database
            .execute("CREATE TABLE users (email text); INSERT INTO users VALUES ('a'), ('a')")
            .await;
        let probe = database.probe().await;
        let built = probe
            .batch_execute("CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email)")
            .await;
        assert!(built.is_err());
        drop(probe);
        let (code, diagnosis) = home.json(&["diagnose", "schema-migrations", "--url", &database.url()]);
        assert_eq!(code, 0, "{diagnosis:#}");
        let causes = diagnosis["causes"].as_array().unwrap();
        let debris = causes
            .iter()
            .find(|cause| cause["code"] == "invalid-index")
            .unwrap();
        assert_eq!(
            debris["fix"]["sql"],
            "REINDEX INDEX CONCURRENTLY public.users_email;"
        );
        assert_eq!(diagnosis["steps"].as_array().unwrap().len(), 7);
        let text = home.run(&["diagnose", "schema-migrations", "--url", &database.url()]);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.starts_with("Most likely: "), "{text}");
    }
    let home = Home::new();
    let (code, diagnosis) = home.json(&[
        "diagnose",
        "connection-failures",
        "--url",
        "postgres://x:very-secret@127.0.0.1:1/x",
    ]);
    assert_eq!(
        (code, &diagnosis["causes"][0]["code"]),
        (1, &json!("tcp")),
        "{diagnosis:#}"
    );
    assert!(!diagnosis.to_string().contains("very-secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_a_summary_and_details_on_request() {
    let database = server(*majors().last().unwrap()).await.database("agent").await;
    let home = Home::new();
    let client = Client::start(Options {
        era: Era::Stateless,
        arguments: vec!["--toolsets".into(), "all".into()],
        environment: vec![
            ("HOWDAH_HOME".into(), home.0.path().display().to_string()),
            ("DATABASE_URL".into(), database.url()),
        ],
        person: None,
    })
    .await;
    let brief = client.call_tool("check_health", json!({})).await.unwrap();
    let details = client
        .call_tool("check_health", json!({ "details": true }))
        .await
        .unwrap();
    let (brief, details) = (brief.to_string(), details.to_string());
    assert!(brief.len() < details.len(), "{} < {}", brief.len(), details.len());
    assert!(brief.contains("sequence-exhaustion"), "{brief}");
    let diagnosed = client
        .call_tool("diagnose", json!({ "symptom": "high-cpu" }))
        .await
        .unwrap();
    assert!(
        diagnosed.to_string().contains("Which statements take the time?"),
        "{diagnosed}"
    );
}
