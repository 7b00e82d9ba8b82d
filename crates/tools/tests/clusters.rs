//! The commands and tools of clusters, in the built program, as a person and
//! as an agent meet them.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use howdah_testkit::mcp::{Client, Era, Options, Person};
use serde_json::{Value, json};

/// A home of its own; its clusters are removed with it.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        Self(
            tempfile::Builder::new()
                .prefix("howdah-home-")
                .tempdir_in("/tmp")
                .unwrap()
                .keep(),
        )
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(howdah_testkit::howdah())
            .args(arguments)
            .env("HOWDAH_HOME", &self.0)
            .env_remove("DATABASE_URL")
            .env_remove("AWS_REGION")
            .env_remove("AWS_DEFAULT_REGION")
            .env_remove("AWS_PROFILE")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed; what it prints.
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        serde_json::from_str(&self.text(&arguments)).unwrap()
    }

    /// Runs a command that must fail; its exit code and what it says.
    fn refusal(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    fn password(&self, cluster: &str) -> String {
        std::fs::read_to_string(self.0.join("clusters").join(cluster).join("password")).unwrap()
    }

    async fn agent(&self, era: Era, person: Option<Person>) -> Client {
        Client::start(Options {
            era,
            arguments: vec!["--toolsets".into(), "all".into()],
            environment: vec![("HOWDAH_HOME".into(), self.0.display().to_string())],
            person,
        })
        .await
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for cluster in std::fs::read_dir(self.0.join("clusters")).into_iter().flatten() {
            for instance in std::fs::read_dir(cluster.unwrap().path()).into_iter().flatten() {
                let instance = instance.unwrap().path();
                if instance.join("data").exists() {
                    drop(howdah_localpg::Instance::remove_remains(&instance));
                }
            }
        }
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn a_person_creates_uses_and_deletes_a_cluster() {
    let home = Home::new();
    assert!(home.text(&["cluster", "list"]).contains("no clusters yet"));
    assert!(!home.0.join("clusters").exists());
    let (code, said) = home.refusal(&["cluster", "create", "shop", "--provider", "aws"]);
    // Or that there is no such provider, in a program that was built without it.
    assert!(
        code != 0 && (said.contains("No AWS region") || said.contains("without the feature aws")),
        "{said}"
    );

    let job = home.json(&["cluster", "create", "shop", "--initial-database", "app", "--wait"]);
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["result"]["database"], "app");
    let password = home.password("shop");
    for arguments in [
        vec!["cluster", "list"],
        vec!["cluster", "show", "shop"],
        vec!["job", "list"],
    ] {
        let text = home.text(&arguments);
        assert!(text.contains("shop") && !text.contains(&password), "{text}");
    }
    // An upgrade in place is not for this machine; what would be in the way of one is looked for all the same.
    let output = home.run(&["cluster", "check-upgrade", "shop", "--to", "99", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let looked: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        looked["refused"]
            .to_string()
            .contains("blue-green create shop --pg-version 99"),
        "{looked}"
    );
    assert!(
        looked["databases"].to_string().contains("\"app\"") && looked.get("error").is_none(),
        "{looked}"
    );
    // Nothing that anybody would have noticed so far; then it is stopped.
    let events = home.json(&["cluster", "events", "shop", "--last", "1h"]);
    assert!(events.get("mattered").is_none(), "{events}");
    let created = events["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["kind"] == "creation")
        .unwrap();
    assert_eq!(created["message"], "The job to create cluster succeeded");
    home.text(&["cluster", "stop", "shop", "--yes", "--wait"]);
    home.text(&["cluster", "start", "shop", "--wait"]);
    let events = home.json(&["cluster", "events", "shop", "--last", "1h"]);
    assert_eq!(
        events["mattered"], "2 restarts",
        "the server's word, and the job's: {events}"
    );
    let text = home.text(&["cluster", "events", "shop"]);
    assert!(
        text.contains("database system is shut down") && text.contains("writer"),
        "{text}"
    );
    let shown = home.text(&["cluster", "show", "shop"]);
    assert!(
        shown.contains("1 restart in the last 24 hours: howdah cluster events shop"),
        "{shown}"
    );
    let none = home.text(&["cluster", "events", "shop", "--last", "1h", "--ago", "2d"]);
    assert!(none.contains("Nothing happened to the cluster shop"), "{none}");
    let (_, said) = home.refusal(&["cluster", "events", "none"]);
    assert!(said.contains("no cluster none"), "{said}");
    let (_, said) = home.refusal(&["cluster", "create", "Shop"]);
    assert!(said.contains("already"), "{said}");

    let url = home.text(&["cluster", "url", "shop"]);
    assert!(url.contains(&password) && url.lines().count() == 1, "{url}");
    if let Some(psql) = howdah_localpg::Installation::all()
        .iter()
        .find_map(|found| found.program("psql"))
    {
        let output = Command::new(psql)
            .args([url.trim(), "-wAtXc", "SELECT current_database()"])
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            "app",
            "{output:?}"
        );
    }

    let (_, said) = home.refusal(&["cluster", "delete", "shop"]);
    assert!(said.contains("--final-snapshot"), "{said}");
    let (_, said) = home.refusal(&["cluster", "delete", "shop", "--skip-final-snapshot"]);
    assert!(said.contains("--yes"), "{said}");
    let delete = [
        "cluster",
        "delete",
        "shop",
        "--final-snapshot",
        "last",
        "--yes",
        "--wait",
    ];
    assert_eq!(home.json(&delete)["state"], "succeeded");
    assert!(home.text(&["cluster", "list"]).contains("last"));
    let restore = [
        "cluster",
        "restore",
        "shop",
        "--snapshot",
        "last",
        "--as",
        "again",
        "--wait",
    ];
    assert_eq!(home.json(&restore)["result"]["database"], "app");
    let (_, said) = home.refusal(&["cluster", "delete-snapshot", "none", "--yes"]);
    assert!(
        said.contains("no snapshot none") && said.contains("last"),
        "{said}"
    );
    // A copy under another name; there is nobody to share it with.
    let copy = ["cluster", "copy-snapshot", "last", "kept", "--wait"];
    assert_eq!(home.json(&copy)["result"]["copy_of"], "last");
    assert!(home.text(&["cluster", "list"]).contains("kept"));
    let (_, said) = home.refusal(&["cluster", "copy-snapshot", "none", "new"]);
    assert!(
        said.contains("no snapshot none") && said.contains("kept, last"),
        "{said}"
    );
    let (_, said) = home.refusal(&[
        "cluster",
        "share-snapshot",
        "kept",
        "--account",
        "123456789012",
        "--yes",
    ]);
    assert!(said.contains("local cannot share a snapshot"), "{said}");
    let (_, said) = home.refusal(&["cluster", "share-snapshot", "kept", "--account", "1234-5678-9012"]);
    assert!(
        said.contains("no account of AWS") && said.contains("12 digits"),
        "{said}"
    );
    let (_, said) = home.refusal(&[
        "cluster",
        "share-snapshot",
        "rds:shop-2026-05-01-03-04",
        "--account",
        "123456789012",
    ]);
    assert!(said.contains("Copy it first"), "{said}");
    home.text(&["cluster", "delete-snapshot", "kept", "--yes", "--wait"]);
    let (_, said) = home.refusal(&["cluster", "delete-snapshot", "last"]);
    assert!(said.contains("--yes") && said.contains("cluster shop"), "{said}");
    let delete = ["cluster", "delete-snapshot", "last", "--yes", "--wait"];
    assert_eq!(home.json(&delete)["result"]["deleted"], true);
    assert!(!home.text(&["cluster", "list"]).contains("last"));
    home.json(&["cluster", "stop", "again", "--wait"]);
    assert!(home.text(&["cluster", "show", "again"]).contains("stopped"));
    let (_, said) = home.refusal(&["cluster", "url", "nothing"]);
    assert!(
        said.contains("no cluster nothing") && said.contains("again"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_creates_a_cluster_and_a_person_decides_about_its_end() {
    let home = Home::new();
    let agent = home.agent(Era::Initialize("2025-06-18"), None).await;
    let names: Vec<String> = agent
        .list_tools()
        .await
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"start_cluster_job".to_owned()));
    assert!(
        !names.contains(&"cluster_url".to_owned()),
        "a URL with a password is for people only"
    );
    assert!(
        agent
            .call_tool("cluster_url", json!({ "name": "shop" }))
            .await
            .map_or(true, |it| it["isError"] == true)
    );

    let started = agent
        .call_tool("start_create_cluster_job", json!({ "name": "shop" }))
        .await
        .unwrap();
    let id = started["structuredContent"]["job_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{started}"));
    let job = loop {
        let job = agent
            .call_tool("get_job_status", json!({ "id": id, "wait_s": 20 }))
            .await
            .unwrap();
        match job["structuredContent"]["state"].as_str() {
            Some("queued" | "running") => {}
            _ => break job["structuredContent"].clone(),
        }
    };
    assert_eq!(job["state"], "succeeded", "{job}");
    let shown = agent
        .call_tool("describe_clusters", json!({ "name": "shop" }))
        .await
        .unwrap();
    assert_eq!(shown["structuredContent"]["clusters"][0]["status"], "available");
    let connected = agent
        .call_tool("connect_to_database", json!({ "target": "shop" }))
        .await
        .unwrap();
    assert_ne!(connected["isError"], true, "{connected}");
    let password = home.password("shop");
    for said in [&job, &shown, &connected] {
        assert!(!said.to_string().contains(&password));
    }

    // The client cannot ask: refused, whatever the model writes.
    let delete = json!({ "name": "shop", "action": "delete", "skip_final_snapshot": true, "yes": true });
    let refused = agent.call_tool("start_cluster_job", delete).await;
    let said = match refused {
        Ok(result) => {
            assert_eq!(result["isError"], true, "{result}");
            result.to_string()
        }
        Err(error) => error.message,
    };
    assert!(exists(&home.0), "{said}");
    let delete = json!({ "name": "shop", "action": "delete", "skip_final_snapshot": true });
    let refused = agent
        .call_tool("start_cluster_job", delete.clone())
        .await
        .unwrap();
    assert_eq!(refused["isError"], true);
    assert!(
        refused
            .to_string()
            .contains("howdah cluster delete shop --skip-final-snapshot --yes"),
        "{refused}"
    );

    for era in [Era::Initialize("2025-11-25"), Era::Stateless] {
        let no: Person = Arc::new(|_| json!({ "action": "decline" }));
        let agent = home.agent(era, Some(no)).await;
        let refused = agent
            .call_tool("start_cluster_job", delete.clone())
            .await
            .unwrap();
        assert_eq!(refused["isError"], true, "{refused}");
        assert!(refused.to_string().contains("said no"), "{refused}");
        assert!(exists(&home.0));
    }
    let yes: Person = Arc::new(|question| {
        assert!(
            question["message"]
                .as_str()
                .unwrap()
                .contains("Delete the PostgreSQL cluster shop")
        );
        json!({ "action": "accept", "content": { "confirm": true } })
    });
    let agent = home.agent(Era::Stateless, Some(yes)).await;
    let started = agent.call_tool("start_cluster_job", delete).await.unwrap();
    assert_ne!(started["isError"], true, "{started}");
    let id = started["structuredContent"]["job_id"].as_str().unwrap();
    home.text(&["job", "show", id, "--follow"]);
    assert!(!exists(&home.0));
}

fn exists(home: &Path) -> bool {
    home.join("clusters/shop/cluster.json").exists()
}
