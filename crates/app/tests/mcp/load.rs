//! Many calls at once, and answers of very different sizes.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use crate::{ERAS, Setup, is_error, server};

#[tokio::test(flavor = "multi_thread")]
async fn calls_run_side_by_side() {
    for era in ERAS {
        let client = Setup::new(&server().await.url("postgres")).era(era).start().await;
        // Connections first, so that only the sleep is measured.
        let query = |sql: &str| client.call_tool("run_query", json!({ "sql": sql }));
        join_all((0..16).map(|_| query("SELECT pg_sleep(0.2)"))).await;
        let begun = Instant::now();
        for result in join_all((0..16).map(|_| query("SELECT pg_sleep(2)"))).await {
            assert!(!is_error(&result.unwrap()));
        }
        let took = begun.elapsed();
        assert!(
            took < Duration::from_secs(16),
            "16 calls of two seconds took {took:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_answer_does_not_wait_for_a_long_call() {
    let client = Setup::new(&server().await.url("postgres")).start().await;
    let long = client
        .begin_tool("run_query", json!({ "sql": "SELECT pg_sleep(12)" }))
        .await;
    let begun = Instant::now();
    client
        .call_tool("run_query", json!({ "sql": "SELECT 1" }))
        .await
        .unwrap();
    assert!(
        begun.elapsed() < howdah_testkit::allowed(Duration::from_secs(1)),
        "{:?}",
        begun.elapsed()
    );
    assert!(long.answer().await.unwrap().is_ok());
}

/// More calls than there are connections wait their turn; none is lost.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_are_all_answered() {
    let client = Setup::new(&server().await.url("postgres")).start().await;
    let calls = (0..200).map(|number| {
        let client = &client;
        async move {
            let sql = format!("SELECT {number} AS number, repeat('x', {number} * 50) AS filling");
            let result = client
                .call_tool("run_query", json!({ "sql": sql }))
                .await
                .unwrap();
            assert!(!is_error(&result), "{result}");
            assert!(
                result["structuredContent"]
                    .to_string()
                    .contains(&format!("{number}")),
                "{result}"
            );
        }
    });
    join_all(calls).await;
}
