//! `howdah mcp` as clients see it, on real servers, judged by a connection of
//! its own.

#![allow(clippy::unwrap_used)]

mod cancel;
mod confirm;
mod faults;
mod load;
mod progress;
mod protocol;
mod secrets;

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

use howdah_testkit::mcp::{Client, Era, Options, Person};
use howdah_testkit::{majors, tokio_postgres};
use serde_json::{Value, json};

/// All revisions that are served.
const ERAS: [Era; 3] = [
    Era::Initialize("2025-06-18"),
    Era::Initialize("2025-11-25"),
    Era::Stateless,
];

/// The server that these tests share.
async fn server() -> &'static howdah_testkit::Server {
    howdah_testkit::server(*majors().last().unwrap()).await
}

/// A client of `howdah mcp` whose own directory is `home`.
struct Setup {
    home: tempfile::TempDir,
    options: Options,
}

impl Setup {
    fn new(url: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let environment = [
            ("DATABASE_URL", url),
            ("HOWDAH_HOME", home.path().to_str().unwrap()),
            ("XDG_CONFIG_HOME", home.path().to_str().unwrap()),
        ];
        let options = Options {
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Options::default()
        };
        Self { home, options }
    }

    fn era(mut self, era: Era) -> Self {
        self.options.era = era;
        self
    }

    fn arguments(mut self, arguments: &[&str]) -> Self {
        self.options
            .arguments
            .extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    fn config(self, text: &str) -> Self {
        let file = self.home.path().join("howdah.toml");
        std::fs::write(&file, text).unwrap();
        self.arguments(&["--config", file.to_str().unwrap()])
    }

    fn person(mut self, person: Person) -> Self {
        self.options.person = Some(person);
        self
    }

    async fn start(self) -> Running {
        Running {
            client: Client::start(self.options).await,
            home: self.home,
        }
    }
}

/// A client with the home of its server, which lasts as long.
struct Running {
    client: Client,
    home: tempfile::TempDir,
}

impl Running {
    fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Deref for Running {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// The text of a tool's result.
fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

fn is_error(result: &Value) -> bool {
    result["isError"] == json!(true)
}

/// How many backends run a statement with this mark in it.
async fn running(judge: &tokio_postgres::Client, mark: &str) -> i64 {
    let pattern = format!("%{mark}%");
    let row = judge
        .query_one(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()",
            &[&pattern],
        )
        .await
        .unwrap();
    row.get(0)
}

/// Waits until as many backends run it, for ten times the budget at most.
async fn until_running(judge: &tokio_postgres::Client, mark: &str, count: i64, within: Duration) -> Duration {
    let begun = std::time::Instant::now();
    let within = howdah_testkit::allowed(within);
    loop {
        let now = running(judge, mark).await;
        if now == count {
            return begun.elapsed();
        }
        assert!(
            begun.elapsed() < within,
            "{now} run {mark} after {within:?}, not {count}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
