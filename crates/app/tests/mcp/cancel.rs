//! However a client goes away, what it had running on the server ends within
//! two seconds, as a superuser's own connection sees it.

use std::time::Duration;

use howdah_testkit::mcp::{Call, Client};
use serde_json::json;

use crate::{ERAS, Setup, is_error, running, server, until_running};

const GONE_WITHIN: Duration = Duration::from_secs(2);

async fn sleeping(client: &Client, judge: &howdah_testkit::tokio_postgres::Client, mark: &str) -> Call {
    let sql = format!("SELECT pg_sleep(25), '{mark}'");
    let call = client.begin_tool("run_query", json!({ "sql": sql })).await;
    until_running(judge, mark, 1, Duration::from_secs(10)).await;
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn by_notification() {
    let judge = server().await.probe("postgres").await;
    for (number, era) in ERAS.into_iter().enumerate() {
        let client = Setup::new(&server().await.url("postgres")).era(era).start().await;
        let mark = format!("cancelled-{number}");
        let call = sleeping(&client, &judge, &mark).await;
        client.cancel(&call).await;
        until_running(&judge, &mark, 0, GONE_WITHIN).await;
        // The session goes on.
        let result = client
            .call_tool("run_query", json!({ "sql": "SELECT 1" }))
            .await
            .unwrap();
        assert!(!is_error(&result), "{result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_call_that_is_named() {
    let judge = server().await.probe("postgres").await;
    let client = Setup::new(&server().await.url("postgres")).start().await;
    let one = sleeping(&client, &judge, "named-one").await;
    let _two = sleeping(&client, &judge, "named-two").await;
    client.cancel(&one).await;
    until_running(&judge, "named-one", 0, GONE_WITHIN).await;
    assert_eq!(running(&judge, "named-two").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_end_of_input() {
    let judge = server().await.probe("postgres").await;
    let mut client = Setup::new(&server().await.url("postgres")).start().await;
    let _call = sleeping(&client, &judge, "end-of-input").await;
    client.close_input().await;
    until_running(&judge, "end-of-input", 0, GONE_WITHIN).await;
    assert_eq!(
        client.exit_code(howdah_testkit::allowed(GONE_WITHIN)).await,
        Some(0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn by_sigterm() {
    let judge = server().await.probe("postgres").await;
    let mut client = Setup::new(&server().await.url("postgres")).start().await;
    let _call = sleeping(&client, &judge, "by-sigterm").await;
    client.terminate();
    until_running(&judge, "by-sigterm", 0, GONE_WITHIN).await;
    assert_eq!(
        client.exit_code(howdah_testkit::allowed(GONE_WITHIN)).await,
        Some(143)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn by_sigint() {
    let judge = server().await.probe("postgres").await;
    let mut client = Setup::new(&server().await.url("postgres")).start().await;
    let _call = sleeping(&client, &judge, "by-sigint").await;
    let sent = std::process::Command::new("kill")
        .args(["-INT", &client.pid().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    until_running(&judge, "by-sigint", 0, GONE_WITHIN).await;
    assert_eq!(
        client.exit_code(howdah_testkit::allowed(GONE_WITHIN)).await,
        Some(130)
    );
}

/// Then only the server can notice.
#[tokio::test(flavor = "multi_thread")]
async fn by_sigkill() {
    let judge = server().await.probe("postgres").await;
    let mut client = Setup::new(&server().await.url("postgres")).start().await;
    let _call = sleeping(&client, &judge, "by-sigkill").await;
    client.kill().await;
    until_running(&judge, "by-sigkill", 0, GONE_WITHIN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_ctrl_c_at_the_command_line() {
    let judge = server().await.probe("postgres").await;
    let program = tokio::task::spawn_blocking(howdah_testkit::howdah).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut child = tokio::process::Command::new(program)
        .args(["query", "SELECT pg_sleep(25), 'by-ctrl-c'"])
        .env("DATABASE_URL", server().await.url("postgres"))
        .env("HOWDAH_HOME", home.path())
        .spawn()
        .unwrap();
    until_running(&judge, "by-ctrl-c", 1, Duration::from_secs(10)).await;
    let pid = child.id().unwrap().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    until_running(&judge, "by-ctrl-c", 0, GONE_WITHIN).await;
    assert_eq!(child.wait().await.unwrap().code(), Some(130));
}
