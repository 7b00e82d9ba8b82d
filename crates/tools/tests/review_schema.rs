//! `howdah review` and the tool `review_schema`, in the built program.
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
                .prefix("howdah-review-")
                .tempdir_in("/tmp")
                .unwrap(),
        )
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(howdah_testkit::howdah())
            .args(arguments)
            .env("HOWDAH_HOME", self.0.path().join("state"))
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

fn codes(value: &Value) -> Vec<&str> {
    let findings = value["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

const BAD: &str =
    "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, deleted_at timestamptz);
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id int NOT NULL REFERENCES users, at timestamp);";

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_reviewed_and_the_exit_code_says_how_it_is() {
    for major in majors() {
        let database = server(major).await.database("review").await;
        database
            .execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            .await;
        let home = Home::new();
        let url = database.url();
        let empty = home.json(&["review", "--url", &url]);
        assert_eq!(
            (empty.0, &empty.1["counts"]),
            (0, &json!({"danger": 0, "warning": 0, "note": 0}))
        );

        database.execute(BAD).await;
        let (code, value) = home.json(&["review", "--url", &url]);
        assert_eq!(code, 0, "no danger: {value}");
        for expected in [
            "schema/serial-not-identity",
            "schema/soft-delete-unique",
            "schema/foreign-key-unindexed",
            "schema/timestamp-without-zone",
        ] {
            assert!(codes(&value).contains(&expected), "{major}: {expected}: {value}");
        }
        assert_eq!(value["tables"], 2);
        assert!(value["statistics"]["counted_days"].is_number(), "{value}");
        let fix = &value["findings"][0]["fix"];
        assert!(
            fix["sql"].is_string() && fix["applicability"].is_string(),
            "{value}"
        );

        assert_eq!(home.json(&["review", "--url", &url, "--fail-on", "warning"]).0, 1);
        assert_eq!(home.json(&["review", "--url", &url, "--fail-on", "never"]).0, 0);
        let (_, only) = home.json(&[
            "review",
            "--url",
            &url,
            "--only",
            "soft_delete_unique,schema/no-comment",
        ]);
        assert_eq!(
            codes(&only),
            [
                "schema/soft-delete-unique",
                "schema/no-comment",
                "schema/no-comment"
            ]
        );
        let (_, guide) = home.json(&["review", "--url", &url, "--profile", "guide"]);
        assert!(!codes(&guide).contains(&"schema/serial-not-identity"), "{guide}");
        let (code, error) = home.json(&["review", "--url", &url, "--only", "nonsense"]);
        assert_eq!((code, error["error"]["kind"].as_str()), (2, Some("invalid")));

        database
            .execute("CREATE POLICY mine ON orders USING (true)")
            .await;
        assert_eq!(home.json(&["review", "--url", &url]).0, 1, "a danger");
        let text = home.run(&["review", "--url", &url]);
        let text = String::from_utf8(text.stdout).unwrap();
        let place = |part: &str| {
            text.find(part)
                .unwrap_or_else(|| panic!("{part} is not in\n{text}"))
        };
        assert!(place("DANGER  schema/policy-without-row-security") < place("schema/soft-delete-unique"));
        assert!(place("public.orders\n─") < place("public.users\n─"), "{text}");
    }
}

#[test]
fn files_are_built_in_a_scratch_database() {
    let home = Home::new();
    let directory = home.0.path();
    std::fs::write(directory.join("1_users.sql"), BAD).unwrap();
    std::fs::write(
        directory.join("2_more.sql"),
        "ALTER TABLE orders ADD COLUMN price float8;\nCREATE TABLE broken (x nosuchtype);",
    )
    .unwrap();
    let (code, value) = home.json(&["review", ".", "--fail-on", "warning"]);
    assert_eq!(code, 1, "{value}");
    for expected in [
        "schema/soft-delete-unique",
        "schema/foreign-key-unindexed",
        "schema/float-for-money",
    ] {
        assert!(codes(&value).contains(&expected), "{expected}: {value}");
    }
    let skipped = value["skipped"].to_string();
    assert!(
        skipped.contains("2_more.sql") && skipped.contains("nosuchtype"),
        "{skipped}"
    );
    assert!(value.get("statistics").is_none(), "{value}");

    std::fs::write(directory.join("empty.sql"), "-- nothing\n").unwrap();
    std::fs::write(directory.join("binary.sql"), [0u8, 159, 146, 150]).unwrap();
    std::fs::write(directory.join("wrong.sql"), "CREATE TABEL x (y int);").unwrap();
    for arguments in [
        &["review", "empty.sql"][..],
        &["review", "binary.sql"],
        &["review", "wrong.sql"],
        &["review", "missing.sql"],
    ] {
        let (code, value) = home.json(arguments);
        assert_eq!(code, 2, "{arguments:?}: {value}");
        assert!(value["error"]["message"].is_string(), "{value}");
    }
}

#[test]
fn whose_opinion_counts_is_chosen_once_for_both_reviews() {
    let home = Home::new();
    let directory = home.0.path();
    std::fs::write(directory.join("users.sql"), BAD).unwrap();
    for (configuration, arguments, is_modern) in [
        ("", &["review", "users.sql"][..], true),
        ("[lint]\nprofile = \"guide\"\n", &["review", "users.sql"], false),
        (
            "[lint]\nprofile = \"guide\"\n[review]\nprofile = \"modern\"\n",
            &["review", "users.sql"],
            true,
        ),
        (
            "[review]\nprofile = \"guide\"\n",
            &["review", "users.sql", "--profile", "modern"],
            true,
        ),
        (
            "[lint]\nprofile = \"guide\"\n[review]\nmany_columns = 50\n",
            &["review", "users.sql"],
            false,
        ),
    ] {
        std::fs::write(directory.join("howdah.toml"), configuration).unwrap();
        let (_, value) = home.json(arguments);
        let is_found = codes(&value).contains(&"schema/serial-not-identity");
        assert_eq!(is_found, is_modern, "{configuration} {arguments:?}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_the_worst_first_and_reads_no_files() {
    let database = server(*majors().last().unwrap()).await.database("review").await;
    database
        .execute("DO $$ BEGIN FOR i IN 1..120 LOOP EXECUTE format('CREATE TABLE t%s (a timestamp)', i); END LOOP; END $$")
        .await;
    let home = Home::new();
    let agent = Client::start(Options {
        era: Era::Stateless,
        arguments: vec!["--toolsets".into(), "all".into()],
        environment: vec![
            ("HOWDAH_HOME".into(), home.0.path().display().to_string()),
            ("DATABASE_URL".into(), database.url()),
        ],
        person: None,
    })
    .await;
    let result = agent.call_tool("review_schema", json!({})).await.unwrap();
    let value = &result["structuredContent"];
    assert_eq!(value["findings"].as_array().unwrap().len(), 100, "{result}");
    assert!(value["left_out"].as_u64().unwrap() >= 140, "{}", value["counts"]);
    let result = agent
        .call_tool("review_schema", json!({"sql": BAD}))
        .await
        .unwrap();
    assert!(
        codes(&result["structuredContent"]).contains(&"schema/soft-delete-unique"),
        "{result}"
    );
    let result = agent
        .call_tool("review_schema", json!({"files": ["/etc/passwd"]}))
        .await
        .unwrap();
    assert_eq!(result["isError"], true, "{result}");
}
