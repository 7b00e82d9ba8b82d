//! `howdah explain` and its tool, in the built program.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output, Stdio};

use howdah_testkit::mcp::{Client, Options};
use howdah_testkit::{majors, server};
use serde_json::{Value, json};

const TABLES: &str = "
    CREATE TABLE orders AS SELECT i AS id, i % 5000 AS customer, md5(i::text) AS note FROM generate_series(1, 50000) i;
    CREATE TABLE tickets (id serial, note text);";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(
            tempfile::Builder::new()
                .prefix("howdah-explain-")
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

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    fn error(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_found_and_an_index_is_tried_out() {
    for major in majors() {
        let database = server(major).await.database("explain").await;
        database.execute(TABLES).await;
        database.execute("VACUUM ANALYZE orders").await;
        let home = Home::new();
        let url = database.url();
        let sql = "SELECT * FROM orders WHERE customer = 17";
        for measure in [&[][..], &["--analyze"]] {
            let plan = home.json(&[&["explain", "--url", &url, sql], measure].concat());
            assert_eq!(plan["analyzed"], !measure.is_empty());
            let finding = &plan["findings"][0];
            assert_eq!(finding["code"], "seq-scan-filter", "{major}: {plan:#}");
            assert_eq!(finding["relation"], "orders");
            assert!(finding["predicate"].as_str().unwrap().contains("customer = 17"));
            let fix = finding["fix"]["sql"].as_str().unwrap_or_default();
            if fix.is_empty() {
                // Without hypopg that is said.
                assert!(
                    plan["notes"][0].as_str().unwrap().contains("hypopg"),
                    "{major}: {plan:#}"
                );
            } else {
                assert!(
                    fix.starts_with("CREATE INDEX CONCURRENTLY ON public.orders"),
                    "{fix}"
                );
                let proof = &finding["proof"];
                assert!(
                    proof["cost_after"].as_f64().unwrap() * 10.0 < proof["cost_before"].as_f64().unwrap()
                );
            }
        }
        // Nothing is left behind, not even the extension.
        let probe = database.probe().await;
        let left = probe
            .query_one("SELECT count(*) FROM pg_extension WHERE extname = 'hypopg'", &[])
            .await
            .unwrap();
        assert_eq!(left.get::<_, i64>(0), 0);
        let text = home.run(&["explain", "--url", &url, "--format", "postgres", sql]);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.starts_with("Seq Scan on orders  (cost="), "{text}");
        let raw = home.run(&["explain", "--url", &url, "--format", "json", sql]);
        let raw: Value = serde_json::from_slice(&raw.stdout).unwrap();
        assert_eq!(raw[0]["Plan"]["Node Type"], "Seq Scan");
        // A value for $1, or from 16 on any.
        let generic = ["explain", "--url", &url, "SELECT * FROM orders WHERE id = $1"];
        match major >= 16 {
            true => assert_eq!(home.json(&generic)["analyzed"], false),
            false => assert!(home.error(&generic).contains("--param")),
        }
        assert_eq!(
            home.json(&[&generic[..], &["--param", "5"]].concat())["analyzed"],
            false
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_are_run_only_when_asked_and_taken_back() {
    for major in majors() {
        let database = server(major).await.database("explain").await;
        database.execute(TABLES).await;
        let home = Home::new();
        let url = database.url();
        let sql = "UPDATE orders SET note = 'x' WHERE id = 5";
        assert!(
            home.error(&["explain", "--url", &url, "--analyze", sql])
                .contains("--roll-back")
        );
        let plan = home.json(&["explain", "--url", &url, "--analyze", "--roll-back", sql]);
        assert_eq!(plan["analyzed"], true, "{plan:#}");
        // An INSERT would use up a number of the sequence, which no rollback gives back.
        let insert = "INSERT INTO tickets (note) VALUES ('x')";
        let refused = home.error(&["explain", "--url", &url, "--analyze", "--roll-back", insert]);
        assert!(refused.contains("taking it back"), "{refused}");
        let probe = database.probe().await;
        let row = probe
            .query_one(
                "SELECT (SELECT count(*) FROM orders WHERE note = 'x'), (SELECT count(*) FROM tickets), (SELECT is_called FROM tickets_id_seq)",
                &[],
            )
            .await
            .unwrap();
        assert_eq!(
            (row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, bool>(2)),
            (0, 0, false)
        );
        // An agent is not listened to.
        let client = Client::start(Options {
            environment: vec![
                ("HOWDAH_HOME".into(), home.0.path().display().to_string()),
                ("DATABASE_URL".into(), url.clone()),
            ],
            ..Options::default()
        })
        .await;
        let arguments = json!({ "sql": sql, "analyze": true, "roll_back": true });
        let result = client.call_tool("explain_query", arguments).await.unwrap();
        assert_eq!(result["isError"], true, "{result}");
        let file = json!({ "sql": "", "plan_file": "/etc/passwd" });
        let result = client.call_tool("explain_query", file).await.unwrap();
        assert_eq!(result["isError"], true, "{result}");
        let given = json!({ "plan": "Result  (cost=0.00..0.01 rows=1 width=4)", "earlier": "Result  (cost=0.00..9.01 rows=1 width=4)" });
        let result = client.call_tool("explain_query", given).await.unwrap();
        let verdict = &result["structuredContent"]["comparison"]["verdict"];
        assert!(
            verdict.as_str().unwrap().starts_with("Expected to be faster"),
            "{result}"
        );
    }
}

#[test]
fn plans_in_files_need_no_server() {
    let home = Home::new();
    let write = |name: &str, text: &str| {
        let path = home.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let before = write(
        "before.txt",
        "Index Scan using orders_pkey on orders  (cost=0.29..8.31 rows=1 width=4) (actual time=0.010..0.012 rows=1 loops=1)\n  Index Cond: (id = 5)\nExecution Time: 0.050 ms\n",
    );
    let after = write(
        "after.json",
        r#"[{"Plan": {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "orders", "Startup Cost": 0, "Total Cost": 9000, "Plan Rows": 1, "Plan Width": 4,
            "Actual Startup Time": 0.1, "Actual Total Time": 40.0, "Actual Rows": 1, "Actual Loops": 1, "Filter": "(id = 5)", "Rows Removed by Filter": 99999}, "Execution Time": 40.1}]"#,
    );
    let plan = home.json(&["explain", "--plan", &after, "--compare", &before]);
    assert_eq!(plan["findings"][0]["code"], "seq-scan-filter", "{plan:#}");
    let verdict = plan["comparison"]["verdict"].as_str().unwrap();
    assert!(
        verdict.starts_with("Regressed")
            && verdict.contains("orders is read by Seq Scan in place of Index Scan using orders_pkey"),
        "{verdict}"
    );
    let none = write("none.txt", "SELECT 1;\n");
    assert!(home.error(&["explain", "--plan", &none]).contains("EXPLAIN"));
    assert!(
        home.error(&["explain", "--plan", "nowhere.txt"])
            .contains("nowhere.txt")
    );
}
