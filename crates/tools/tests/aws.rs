//! Clusters of AWS in the built program, as a person and as an agent meet them, against moto
//! behind the recorder of the crate `aurora`.
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
mod account;

use std::sync::Arc;

use account::Account;
use howdah_testkit::mcp::Person;
use serde_json::{Value, json};

#[test]
fn a_person_creates_copies_and_deletes_a_cluster() {
    let account = Account::new();
    let created = account.text(&[
        "cluster",
        "create",
        "shop",
        "--provider",
        "aws",
        "--readers",
        "1",
        "--wait",
    ]);
    assert!(created.contains("shop"), "{created}");
    let shown = account.text(&["cluster", "show", "shop"]);
    for part in [
        "available",
        "shop-1 (db.serverless",
        "in the secret arn:aws:secretsmanager",
        "0.5 to 4 ACU",
        "Deletion protection",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // What loses connections needs --yes; what only costs money is said by the command itself.
    let refused = account.refusal(&["cluster", "remove-reader", "shop", "shop-2"]);
    assert!(
        refused.contains("needs your word")
            && refused.contains("howdah cluster remove-reader shop shop-2 --yes"),
        "{refused}"
    );
    account.text(&["cluster", "add-reader", "shop", "--wait"]);
    account.text(&["cluster", "remove-reader", "shop", "shop-2", "--yes", "--wait"]);
    account.text(&["cluster", "snapshot", "shop", "monday", "--wait"]);
    account.text(&[
        "cluster",
        "restore",
        "shop",
        "--snapshot",
        "monday",
        "--as",
        "copy",
        "--wait",
    ]);
    account.text(&[
        "cluster", "clone", "shop", "--as", "twin", "--size", "1-2", "--wait",
    ]);
    account.text(&[
        "cluster",
        "modify",
        "shop",
        "--deletion-protection",
        "true",
        "--wait",
    ]);
    let refused = account.refusal(&["cluster", "delete", "shop", "--final-snapshot", "last", "--yes"]);
    assert!(
        refused.contains("protected") && refused.contains("--deletion-protection false"),
        "{refused}"
    );
    let refused = account.refusal(&["cluster", "failover", "shop", "--yes"]);
    assert!(
        refused.contains("has not allowed") && refused.contains("allow = [\"failover\"]"),
        "{refused}"
    );
    let refused = account.refusal(&["cluster", "delete", "copy", "--skip-final-snapshot", "--yes"]);
    assert!(refused.contains("delete-without-snapshot"), "{refused}");
    account.text(&[
        "cluster",
        "delete",
        "copy",
        "--final-snapshot",
        "copy-last",
        "--yes",
        "--wait",
    ]);
    let listed = account.text(&["cluster", "list"]);
    assert!(
        listed.contains("twin") && listed.contains("copy-last"),
        "{listed}"
    );
    account.text(&["job", "list"]);
    account.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_asks_before_it_costs_money() {
    let account = Account::new();
    let create = json!({ "name": "shop", "provider": "aws", "preset": "dev", "size": "0.5-2" });
    let agent = account.agent(None).await;
    let refused = account
        .call(&agent, "start_create_cluster_job", create.clone())
        .await;
    assert_eq!(refused["isError"], true, "{refused}");
    assert!(
        refused
            .to_string()
            .contains("howdah cluster create shop --provider aws --preset dev --size 0.5-2"),
        "{refused}"
    );
    assert!(!account.text(&["cluster", "list", "--json"]).contains("shop"));

    let yes: Person = Arc::new(|question| {
        let message = question["message"].as_str().unwrap();
        assert!(
            message.contains("costs money") && message.contains("0.5 to 2 ACU"),
            "{message}"
        );
        json!({ "action": "accept", "content": { "confirm": true } })
    });
    let agent = account.agent(Some(yes)).await;
    let started = account.call(&agent, "start_create_cluster_job", create).await;
    assert_ne!(started["isError"], true, "{started}");
    let id = started["structuredContent"]["job_id"].as_str().unwrap();
    account.text(&["job", "show", id, "--follow"]);
    let shown = account
        .call(&agent, "describe_clusters", json!({ "name": "shop" }))
        .await;
    assert_eq!(
        shown["structuredContent"]["clusters"][0]["status"], "available",
        "{shown}"
    );
    account.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_alarms_and_logs_are_for_people_and_agents() {
    let account = Account::new();
    account.text(&["cluster", "create", "shop", "--provider", "aws", "--wait"]);
    let topic = "arn:aws:sns:eu-central-1:123456789012:on-call";

    // What is in force at once needs no more than the command; what restarts needs --yes.
    account.text(&[
        "cluster",
        "modify",
        "shop",
        "--parameter",
        "log_min_duration_statement=250",
        "--wait",
    ]);
    let shown = account.text(&["cluster", "show", "shop"]);
    assert!(shown.contains("log_min_duration_statement=250"), "{shown}");
    let logical = [
        "cluster",
        "modify",
        "shop",
        "--parameter",
        "rds.logical_replication=1",
        "--restart",
    ];
    let refused = account.refusal(&logical);
    assert!(
        refused.contains("becomes 1 with the next restart")
            && refused.contains("--parameter rds.logical_replication=1 --restart --yes"),
        "{refused}"
    );
    account.text(&[&logical[..], &["--yes", "--wait"]].concat());
    let refused = account.refusal(&["cluster", "modify", "shop", "--parameter", "work_men=1"]);
    assert!(refused.contains("no parameter"), "{refused}");

    // Nobody is told, then somebody is; an agent asks before that changes.
    assert!(
        account
            .text(&["cluster", "alarms", "shop"])
            .contains("create-alarms shop")
    );
    account.text(&["cluster", "create-alarms", "shop", "--sns-topic", topic, "--wait"]);
    let shown = account.text(&["cluster", "alarms", "shop"]);
    for part in [
        "howdah/shop/urgent",
        "DatabaseConnections > ",
        topic,
        "0 of them in alarm",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let agent = account.agent(None).await;
    let seen = account
        .call(&agent, "show_alarms", json!({ "name": "shop" }))
        .await;
    assert_eq!(
        seen["structuredContent"]["alarms"].as_array().unwrap().len(),
        9,
        "{seen}"
    );
    let refused = account
        .call(
            &agent,
            "start_cluster_job",
            json!({ "name": "shop", "action": "delete_alarms" }),
        )
        .await;
    assert_eq!(refused["isError"], true, "{refused}");
    assert!(
        refused
            .to_string()
            .contains("howdah cluster delete-alarms shop --yes"),
        "{refused}"
    );
    account.text(&["cluster", "delete-alarms", "shop", "--yes", "--wait"]);
    assert!(account.text(&["cluster", "alarms", "shop"]).contains("No alarm"));

    // The log is AWS's, and read like any other.
    let line = "2026-05-01 09:00:00 UTC:10.0.0.1(5000):app@shop:[123]:LOG:  duration: 1500.000 ms  statement: SELECT count(*) FROM orders\n";
    account.order(&json!({ "logs": { "shop-1": {
        "error/postgresql.log.2026-05-01-0900": { "written": 1_777_626_000_000_i64, "text": line.repeat(3) },
    } } }));
    let log = account.text(&["log", "show", "--target", "shop"]);
    assert!(
        log.contains("from orders") || log.contains("FROM orders"),
        "{log}"
    );
    account.assert_clean();
}

const PRODUCTION: &str =
    "[clusters.aws]\npoll_seconds = 0.05\nmonitoring_role = 'arn:aws:iam::123456789012:role/monitoring'\n";

#[test]
fn readiness_is_what_aws_says_where_the_server_is_out_of_reach() {
    let account = Account::new();
    std::fs::write(account.home.path().join("howdah.toml"), PRODUCTION).unwrap();
    let ready = |cluster: &str| {
        let output = account.run(&["ready", cluster, "--json"]);
        let ready: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), ready)
    };
    let verdict = |ready: &Value, code: &str| {
        let items = ready["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["code"] == code).unwrap();
        item["verdict"].as_str().unwrap().to_owned()
    };
    for (cluster, preset) in [("shop", "production"), ("trial", "dev")] {
        account.text(&[
            "cluster",
            "create",
            cluster,
            "--provider",
            "aws",
            "--preset",
            preset,
            "--wait",
        ]);
    }
    let (code, shop) = ready("shop");
    // Nobody tried a restore.
    assert_eq!((code, &shop["ready"]), (1, &json!(false)), "{shop:#}");
    for code in [
        "cluster-available",
        "encryption-at-rest",
        "deletion-protection",
        "capacity",
        "retention",
        "enhanced-monitoring",
    ] {
        assert_eq!(verdict(&shop, code), "pass", "{code}: {shop:#}");
    }
    for code in ["primary-keys", "timeouts", "indexes-valid"] {
        assert_eq!(verdict(&shop, code), "skipped", "{code}: {shop:#}");
    }
    assert_eq!(verdict(&shop, "restore-drill"), "fail", "{shop:#}");
    let (_, trial) = ready("trial");
    for (code, due) in [
        ("high-availability", "fail"),
        ("deletion-protection", "fail"),
        ("enhanced-monitoring", "warn"),
        ("alarms", "fail"),
    ] {
        assert_eq!(verdict(&trial, code), due, "{code}: {trial:#}");
    }
    let topic = "arn:aws:sns:eu-central-1:123456789012:on-call";
    account.text(&[
        "cluster",
        "create-alarms",
        "trial",
        "--sns-topic",
        topic,
        "--wait",
    ]);
    let (_, trial) = ready("trial");
    assert_eq!(verdict(&trial, "alarms"), "pass", "{trial:#}");
    // What costs money is not made by a drill.
    let refused = account.refusal(&["ready", "shop", "--drill", "restore", "--yes"]);
    assert!(refused.contains("howdah cluster restore shop"), "{refused}");
    account.text(&["cluster", "snapshot", "trial", "monday", "--wait"]);
    account.text(&[
        "cluster",
        "restore",
        "trial",
        "--snapshot",
        "monday",
        "--as",
        "trial-drill",
        "--wait",
    ]);
    let (_, trial) = ready("trial");
    for code in ["snapshot", "restore-drill"] {
        assert_eq!(verdict(&trial, code), "pass", "{code}: {trial:#}");
    }
    account.assert_clean();
}

#[test]
fn a_cluster_is_watched_through_aws_alone() {
    let account = Account::new();
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = since.as_secs() / 60 * 60;
    let minutes =
        |value: f64| -> Vec<(u64, f64)> { (1..=30).map(|minute| (now - 60 * minute, value)).collect() };
    let load: Vec<Value> = (4..=20)
        .map(|minute| {
            json!({ "at": now - 60 * minute, "wait": ["IO", "DataFileRead"], "statement": [77, "SELECT ?"], "user": "app", "load": 2.0 })
        })
        .collect();
    account.order(&json!({ "reset": true, "seed": { "shop": 1 }, "insights": ["shop-1"], "load": load, "metrics": [
        { "name": "CPUUtilization", "kind": "DBInstanceIdentifier", "of": "shop-1", "points": minutes(42.0) },
        { "name": "FreeableMemory", "kind": "DBInstanceIdentifier", "of": "shop-1", "points": minutes(3.0 * 1_073_741_824.0) },
    ] }));
    // The database is not connected to: there is none.
    account.text(&["watch", "--cluster", "shop", "--for", "20s"]);
    let said = account.text(&["history", "metrics", "aws.", "--target", "shop"]);
    assert!(
        said.contains("aws.shop-1.CPUUtilization") && said.contains("42.00 %"),
        "{said}"
    );
    assert!(said.contains("3.0 GiB"), "{said}");
    let said = account.text(&["history", "metrics", "cpu", "--target", "shop", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let cpu = &said["metrics"][0];
    assert_eq!(
        (&cpu["of"], &cpu["unit"], &cpu["mean"]),
        (&json!("shop-1"), &json!("%"), &json!(42.0)),
        "{said}"
    );
    assert_eq!(cpu["steps"].as_array().unwrap().len(), 30, "{said}");
    let said = account.text(&["history", "load", "--target", "shop", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["shares"][0]["of"], "IO:DataFileRead", "{said}");
    assert_eq!(said["shares"][0]["average"], 2.0, "{said}");
    let said = account.text(&["history", "load", "--by", "role", "--target", "shop"]);
    assert!(said.contains("app"), "{said}");

    // What is not allowed is said once, with what to allow.
    account.order(&json!({ "always": { "GetMetricData": "denied", "GetResourceMetrics": "denied" } }));
    let output = account.run(&["watch", "--cluster", "shop", "--for", "6s", "--aws-every", "1s"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert_eq!(
        said.matches("allow cloudwatch:GetMetricData").count(),
        1,
        "{said}"
    );
    account.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_read_and_written_by_the_data_api() {
    let account = Account::new();
    let server = howdah_testkit::server(howdah_testkit::majors()[0]).await;
    let maintenance = server.database("data api").await;
    // What the emulator gives as the database of a cluster.
    maintenance
        .execute("DROP DATABASE IF EXISTS app WITH (FORCE)")
        .await;
    maintenance.execute("CREATE DATABASE app").await;
    let socket = server.socket_dir().join(format!(".s.PGSQL.{}", server.port()));
    account.order(&json!({
        "reset": true, "seed": { "data-orders": 1 },
        "server": { "socket": socket, "user": "postgres", "clusters": ["data-orders"] },
    }));
    fn by_data_api<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--target", "rdsapi:data-orders"]].concat()
    }
    let write = |sql| account.text(&by_data_api(&["query", "--yes", sql]));
    write("CREATE TABLE orders (id int PRIMARY KEY, total numeric(10, 2))");
    write("INSERT INTO orders VALUES (1, 12.50), (2, 99)");
    let read: Value = serde_json::from_str(&account.text(&by_data_api(&[
        "query",
        "--json",
        "SELECT id, total, now() > '2020-01-01' AS late FROM orders ORDER BY id",
    ])))
    .unwrap();
    assert_eq!(read["rows"][1][1], 99.0, "{read}");
    let described = account.text(&by_data_api(&["describe", "orders"]));
    assert!(described.contains("numeric(10,2)"), "{described}");
    let refused = account.refusal(&by_data_api(&["query", "DELETE FROM orders"]));
    assert!(refused.contains("DELETE"), "{refused}");
    // What needs a session of its own says which way there is.
    let refused = account.refusal(&by_data_api(&[
        "change",
        "run",
        "--yes",
        "--sql",
        "CREATE INDEX ON orders (total)",
    ]));
    assert!(
        refused.contains("pooler") || refused.contains("Data API"),
        "{refused}"
    );
    let chosen = "[howdah]\ndefault_target = \"rdsapi:data-orders/app\"\n";
    std::fs::write(account.home.path().join("howdah.toml"), chosen).unwrap();
    let count = account.text(&["query", "--json", "SELECT count(*) FROM orders"]);
    assert!(count.contains("[[2]]"), "{count}");
    // An agent has the same, and as little.
    let agent = account.agent(None).await;
    let arguments = json!({ "target": "rdsapi:data-orders", "sql": "SELECT count(*) FROM orders" });
    let reply = account.call(&agent, "run_query", arguments).await;
    assert_eq!(reply["structuredContent"]["rows"][0][0], 2, "{reply}");
    let arguments = json!({ "target": "rdsapi:data-orders", "sql": "DELETE FROM orders" });
    let reply = account.call(&agent, "run_query", arguments).await;
    // A cluster that Howdah made asks a person, with the effect that the server measured.
    assert_eq!(reply["structuredContent"]["pending"]["rows"], 2, "{reply}");
    account.assert_clean();
}
