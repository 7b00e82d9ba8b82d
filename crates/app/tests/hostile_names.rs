//! Names that break whoever pastes them together, in every place that takes a name.
#![allow(clippy::unwrap_used, clippy::panic)]

use howdah_testkit::mcp::{Client, Options};
use howdah_testkit::{majors, server};
use serde_json::{Value, json};

/// 63 bytes at most each: what PostgreSQL takes.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "Mixed \"\" Case",
        "one\"quote",
        "select",
        "user",
        "with.dots.in it",
        "new\nline and\ttab",
        "it's; DROP TABLE x; --",
        "\\backslash\\",
        "%_like*pattern?",
        "{braces} $1 $$ :name",
        " leading and trailing ",
        "象轎 🐘 é",
        "--comment /* too",
        "a",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("n".repeat(63));
    names.push("é".repeat(31));
    names
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

async fn client(url: &str, home: &std::path::Path, config: Option<&str>) -> Client {
    let home_text = home.to_str().unwrap();
    let environment = [
        ("DATABASE_URL", url),
        ("HOWDAH_HOME", home_text),
        ("XDG_CONFIG_HOME", home_text),
    ];
    let mut arguments = Vec::new();
    if let Some(config) = config {
        let file = home.join("howdah.toml");
        std::fs::write(&file, config).unwrap();
        arguments = vec!["--config".to_owned(), file.to_str().unwrap().to_owned()];
    }
    Client::start(Options {
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        arguments,
        ..Options::default()
    })
    .await
}

async fn call(client: &Client, tool: &str, arguments: Value) -> Value {
    client.call_tool(tool, arguments).await.unwrap()
}

fn worked(result: &Value) -> bool {
    result["isError"] != json!(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_schemas_tables_and_columns() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("hostile").await;
        let home = tempfile::tempdir().unwrap();
        let client = client(&database.url(), home.path(), None).await;
        for name in names() {
            let q = quoted(&name);
            database
                .execute(&format!(
                    "CREATE SCHEMA {q}; CREATE TABLE {q}.{q} ({q} int PRIMARY KEY, other text); \
                     CREATE VIEW {q}.v AS SELECT {q} FROM {q}.{q}; COMMENT ON TABLE {q}.{q} IS 'marked'; \
                     INSERT INTO {q}.{q} VALUES (7)"
                ))
                .await;
            let result = call(&client, "get_table_schema", json!({ "name": format!("{q}.{q}") })).await;
            assert!(worked(&result), "{major} {name:?}: {result}");
            let text = result["structuredContent"].to_string();
            assert!(text.contains("marked"), "{name:?}: {text}");
            let as_json = serde_json::to_string(&name).unwrap();
            assert!(text.contains(&as_json), "{name:?} as it is: {text}");

            let sql = format!("SELECT {q} FROM {q}.{q} WHERE {q} = 7");
            let result = call(&client, "run_query", json!({ "sql": sql })).await;
            assert!(worked(&result), "{name:?}: {result}");
            assert_eq!(result["structuredContent"]["rows"][0][0], 7, "{name:?}");
            assert_eq!(result["structuredContent"]["columns"][0]["name"], json!(name));

            let result = call(&client, "explain_query", json!({ "sql": sql })).await;
            assert!(worked(&result), "{name:?}: {result}");

            // As a name that does not exist, quoted and as it is: an answer, whichever.
            for wrong in [name.clone(), format!("{q}.nothing"), format!("nothing.{q}")] {
                let result = call(&client, "get_table_schema", json!({ "name": wrong })).await;
                assert!(result["content"][0]["text"].is_string(), "{name:?}: {result}");
            }
            let result = call(
                &client,
                "search_objects",
                json!({ "pattern": name, "limit": 1000 }),
            )
            .await;
            assert!(worked(&result), "{name:?}: {result}");
            // A dot separates schema and name there, and * stands for anything.
            if !name.contains(['.', '*', '"']) {
                let text = result["structuredContent"].to_string();
                let inner = |text: &str| serde_json::to_string(text).unwrap().trim_matches('"').to_owned();
                let found = [inner(&name), inner(&q)]
                    .iter()
                    .any(|shown| text.contains(shown.as_str()));
                assert!(found, "{name:?} is found: {text:.600}");
            }
        }
        // Nothing of it was taken for SQL.
        let probe = database.probe().await;
        let tables: i64 = probe
            .query_one("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'r' AND n.nspname = c.relname", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(tables, names().len() as i64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_databases_roles_and_targets() {
    let server = server(*majors().last().unwrap()).await;
    let judge = server.probe("postgres").await;
    let percent = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<String>()
    };
    for (number, name) in names().into_iter().enumerate() {
        let q = quoted(&name);
        let database = server.database_named(&name).await;
        judge
            .batch_execute(&format!("DROP ROLE IF EXISTS {q}; CREATE ROLE {q} LOGIN"))
            .await
            .unwrap();
        let home = tempfile::tempdir().unwrap();
        let url = format!(
            "postgres://{}@127.0.0.1:{}/{}",
            percent(&name),
            server.port(),
            percent(&name)
        );
        let key = toml_string(&name);
        let config = format!("[targets.{key}]\nurl = {}\n", toml_string(&url));
        let client = client(&server.url("postgres"), home.path(), Some(&config)).await;

        let sql = "SELECT current_user, current_database()";
        let result = call(&client, "run_query", json!({ "sql": sql, "target": name })).await;
        assert!(worked(&result), "{number} {name:?}: {result}");
        let row = &result["structuredContent"]["rows"][0];
        assert_eq!(
            (row[0].as_str(), row[1].as_str()),
            (Some(name.as_str()), Some(name.as_str()))
        );

        // The other database of the default target's server, by name.
        let result = call(
            &client,
            "run_query",
            json!({ "sql": "SELECT current_database()", "target": "DATABASE_URL", "database": name }),
        )
        .await;
        if worked(&result) {
            assert_eq!(result["structuredContent"]["rows"][0][0], json!(name));
        }
        let result = call(&client, "connect_to_database", json!({ "target": name })).await;
        assert!(worked(&result), "{name:?}: {result}");
        let result = call(
            &client,
            "run_query",
            json!({ "sql": "SELECT current_database()" }),
        )
        .await;
        assert_eq!(result["structuredContent"]["rows"][0][0], json!(name), "{result}");
        drop(client);
        drop(database);
    }
}

fn toml_string(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Names of clusters become directories: what is no plain name is refused, and nothing is made of it.
#[tokio::test(flavor = "multi_thread")]
async fn of_clusters() {
    let server = server(*majors().last().unwrap()).await;
    let home = tempfile::tempdir().unwrap();
    let client = client(&server.url("postgres"), home.path(), None).await;
    let mut hostile = names();
    // (Some of them are good names of clusters.)
    hostile.retain(|name| !name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    hostile.extend(["../escape", "/tmp/absolute", ".", "..", "", "-rf", "a/b", "a\0b"].map(str::to_owned));
    for name in hostile {
        for (tool, arguments) in [
            ("start_create_cluster_job", json!({ "name": name })),
            ("start_cluster_job", json!({ "action": "stop", "name": name })),
            ("describe_clusters", json!({ "name": name })),
        ] {
            let Ok(result) = client.call_tool(tool, arguments).await else {
                continue;
            };
            let text = result.to_string();
            if tool != "describe_clusters" {
                assert!(!worked(&result), "{name:?}: {text}");
            }
        }
    }
    let outside = home.path().parent().unwrap().join("escape");
    assert!(!outside.exists() && !std::path::Path::new("/tmp/absolute").exists());
}
