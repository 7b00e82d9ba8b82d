//! A client that sent a token is told how far a call has come.

use std::path::Path;
use std::time::Duration;

use howdah_testkit::mcp::Era;
use serde_json::json;

use crate::{Setup, is_error};

#[tokio::test(flavor = "multi_thread")]
async fn it_grows_and_ends_before_the_answer() {
    let client = Setup::new("").era(Era::Stateless).start().await;
    let cluster = Cluster(client.home());
    let started = client
        .call_tool("start_create_cluster_job", json!({ "name": "progress" }))
        .await
        .unwrap();
    assert!(!is_error(&started), "{started}");
    let job = &started["structuredContent"]["job_id"];
    let mut most = 0;
    // On a machine that is busy with other things one call may not be enough.
    for attempt in 0..10 {
        let token = format!("attempt {attempt}");
        let params = json!({
            "name": "get_job_status",
            "arguments": { "id": job, "wait_s": 50 },
            "_meta": { "progressToken": token },
        });
        let before = client.notifications().len();
        let status = client.request("tools/call", params).await.unwrap();
        assert!(!is_error(&status), "{status}");
        let said = client.notifications().split_off(before);
        let progress: Vec<f64> = said
            .iter()
            .filter(|said| said["method"] == "notifications/progress")
            .map(|said| {
                assert_eq!(said["params"]["progressToken"], token);
                assert!(said["params"]["message"].is_string(), "{said}");
                said["params"]["progress"].as_f64().unwrap()
            })
            .collect();
        assert!(progress.windows(2).all(|two| two[0] < two[1]), "{progress:?}");
        most = most.max(progress.len());
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(
            client.notifications().len(),
            before + said.len(),
            "more came after the answer"
        );
        if status["structuredContent"]["state"] == "succeeded" {
            break;
        }
    }
    assert!(most >= 2, "a job that takes seconds has more to say");
    drop(cluster);
}

/// The cluster that a test made in this home; it goes with the test, however that ends.
struct Cluster<'home>(&'home Path);

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        let deleted = std::process::Command::new(howdah_testkit::howdah())
            .args([
                "cluster",
                "delete",
                "progress",
                "--skip-final-snapshot",
                "--yes",
                "--wait",
            ])
            .env("HOWDAH_HOME", self.0)
            .output()
            .unwrap();
        if !std::thread::panicking() {
            assert_eq!(
                deleted.status.code(),
                Some(0),
                "{}",
                String::from_utf8_lossy(&deleted.stderr)
            );
            let said = String::from_utf8_lossy(&deleted.stderr);
            assert!(
                said.contains('%'),
                "without a terminal --wait says how far it is, by lines: {said}"
            );
        }
    }
}
