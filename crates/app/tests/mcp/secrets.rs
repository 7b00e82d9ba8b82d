//! What others say to the server may hold their passwords, and is told to a model without.

use serde_json::json;

use crate::{Setup, server};

const PLANTED: &str = "planted-9f2c17";

#[tokio::test(flavor = "multi_thread")]
async fn statements_of_others_are_told_without_their_values() {
    let server = server().await;
    let other = server.probe("postgres").await;
    let pid: i32 = other
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    // Rolled back with the session.
    other
        .batch_execute(&format!("BEGIN; CREATE ROLE planted PASSWORD '{PLANTED}'"))
        .await
        .unwrap();
    let client = Setup::new(&server.url("postgres"))
        .arguments(&["--toolsets", "all"])
        .start()
        .await;
    for (tool, arguments) in [
        ("show_activity", json!({})),
        ("end_session", json!({ "pid": pid, "terminate": true })),
    ] {
        let told = client.call_tool(tool, arguments).await.unwrap().to_string();
        assert!(told.contains("CREATE ROLE planted PASSWORD"), "{tool}: {told}");
        assert!(!told.contains(PLANTED), "{tool}: {told}");
    }
    assert!(
        other.query_one("SELECT 1", &[]).await.is_ok(),
        "nobody agreed to its end"
    );
}
