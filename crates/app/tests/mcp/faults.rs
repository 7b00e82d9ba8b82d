//! The server is away, comes back, or is not what was expected.

use std::time::{Duration, Instant};

use howdah_testkit::{ServerOptions, private};
use serde_json::json;

use crate::{Setup, is_error, server, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_at_the_start_is_reported_and_found_again() {
    let server = private(ServerOptions::default()).await;
    server.stop().await;
    let client = Setup::new(&server.url("postgres")).start().await;
    assert!(!client.list_tools().await.is_empty());

    let begun = Instant::now();
    let info = client
        .call_tool("get_database_connection_info", json!({}))
        .await
        .unwrap();
    assert!(
        begun.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)),
        "{:?}",
        begun.elapsed()
    );
    assert!(!is_error(&info), "{info}");
    let target = &info["structuredContent"]["targets"][0];
    assert_eq!(
        (&target["state"], &target["mode"]),
        (&json!("down"), &json!("read-only")),
        "{info}"
    );
    assert_eq!(target["hosts"][0], format!("127.0.0.1:{}", server.port()));

    let begun = Instant::now();
    let result = client
        .call_tool("run_query", json!({ "sql": "SELECT 1" }))
        .await
        .unwrap();
    assert!(is_error(&result), "{result}");
    assert_eq!(
        result["structuredContent"]["error"]["kind"], "unavailable",
        "{result}"
    );
    assert!(
        begun.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)),
        "{:?}",
        begun.elapsed()
    );

    server.start().await;
    let result = client
        .call_tool("run_query", json!({ "sql": "SELECT 1" }))
        .await
        .unwrap();
    assert!(!is_error(&result), "the first call after the start: {result}");
    let info = client
        .call_tool("get_database_connection_info", json!({}))
        .await
        .unwrap();
    let target = &info["structuredContent"]["targets"][0];
    assert_eq!(target["state"], "up", "{info}");
    assert_eq!(target["server"]["is_in_recovery"], false, "{info}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_after_a_restart_succeeds() {
    let server = private(ServerOptions::default()).await;
    let client = Setup::new(&server.url("postgres")).start().await;
    for _ in 0..2 {
        let result = client
            .call_tool("run_query", json!({ "sql": "SELECT 1" }))
            .await
            .unwrap();
        assert!(!is_error(&result), "{result}");
        server.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_answers_nothing_is_reported_in_time() {
    // A socket that takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let client = Setup::new(&format!("postgres://x@127.0.0.1:{port}/x?sslmode=disable"))
        .start()
        .await;
    let begun = Instant::now();
    let info = client
        .call_tool("get_database_connection_info", json!({}))
        .await
        .unwrap();
    assert!(
        begun.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(info["structuredContent"]["targets"][0]["state"], "down", "{info}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_never_echoed() {
    let server = server().await;
    let url = format!(
        "postgres://scram:wrong-but-secret@127.0.0.1:{}/postgres",
        server.port()
    );
    let client = Setup::new(&url).start().await;
    for tool in ["get_database_connection_info", "connect_to_database"] {
        let result = client.call_tool(tool, json!({})).await.unwrap();
        assert!(!result.to_string().contains("wrong-but-secret"), "{result}");
        assert!(
            text(&result).contains("password authentication failed"),
            "{result}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_chooses_the_database_of_later_calls() {
    let server = server().await;
    let (one, two) = (server.database("one").await, server.database("two").await);
    let config = format!(
        "[howdah]\ndefault_target = \"one\"\n[targets.one]\nurl = \"{}\"\n[targets.two]\nurl = \"{}\"\n[targets.away]\nurl = \"postgres://x@127.0.0.1:1/x\"\n",
        one.url(),
        two.url()
    );
    let client = Setup::new("").config(&config).start().await;
    let current = async || {
        let result = client
            .call_tool("run_query", json!({ "sql": "SELECT current_database()" }))
            .await
            .unwrap();
        result["structuredContent"].to_string()
    };
    assert!(current().await.contains(&one.name));
    let result = client
        .call_tool("connect_to_database", json!({ "target": "two" }))
        .await
        .unwrap();
    assert_eq!(
        result["structuredContent"]["target"]["database"],
        json!(two.name),
        "{result}"
    );
    assert!(current().await.contains(&two.name));
    let result = client
        .call_tool(
            "connect_to_database",
            json!({ "target": "two", "database": "postgres" }),
        )
        .await
        .unwrap();
    assert!(!is_error(&result), "{result}");
    assert!(current().await.contains("postgres"));
    // What does not work changes nothing.
    for arguments in [
        json!({ "target": "away" }),
        json!({ "target": "nowhere" }),
        json!({ "target": one.url() }),
        json!({ "target": "two", "database": "no such database" }),
    ] {
        let result = client
            .call_tool("connect_to_database", arguments.clone())
            .await
            .unwrap();
        assert!(is_error(&result), "{arguments}: {result}");
    }
    assert!(current().await.contains("postgres"));
    let info = client
        .call_tool("get_database_connection_info", json!({}))
        .await
        .unwrap();
    let states: Vec<_> = info["structuredContent"]["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| (target["name"].clone(), target["state"].clone()))
        .collect();
    assert!(
        states.contains(&(json!("away"), json!("down"))) && states.contains(&(json!("one"), json!("up"))),
        "{states:?}"
    );
}
