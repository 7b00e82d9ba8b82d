//! What the tests of changes share: two databases, the plain script and the change, and
//! a comparison of everything.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use howdah_change::{ChangeError, Ended, Executor, Observer, Options, Plan};
use howdah_core::Progress;
use howdah_pg::{ConnInfo, NoEnvironment, Origin, Target};
use howdah_testkit::tokio_postgres::{Client, SimpleQueryMessage};
use tokio_util::sync::CancellationToken;

const CATALOG: &str = include_str!("../catalog.sql");

pub fn target(url: &str) -> Arc<Target> {
    let conninfo = ConnInfo::parse_with(url, &NoEnvironment).unwrap();
    Arc::new(Target::new("test", conninfo, Origin::CommandLine))
}

pub fn executor(url: &str, options: Options) -> Executor {
    Executor::new(
        target(url),
        options,
        Arc::new(Heard::default()),
        CancellationToken::new(),
    )
}

pub async fn run(url: &str, sql: &str) -> Result<(Plan, Ended), ChangeError> {
    executor(url, Options::default()).run(sql).await
}

/// Stops the change when so many statements were executed, by ending its session.
struct Killer {
    left: AtomicUsize,
    cancel: CancellationToken,
}

impl Observer for Killer {
    fn executed(&self, _: &str, _: Option<u64>, _: Duration, _: Option<&str>) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.cancel.cancel();
        }
    }

    fn progress(&self, _: Progress) {}

    fn says(&self, _: &str) {}
}

/// Runs the script, and is stopped after so many statements of the change.
pub async fn interrupted(
    url: &str,
    sql: &str,
    statements: usize,
    options: Options,
) -> Result<Ended, ChangeError> {
    let cancel = CancellationToken::new();
    let killer = Killer {
        left: AtomicUsize::new(statements),
        cancel: cancel.clone(),
    };
    let executor = Executor::new(target(url), options, Arc::new(killer), cancel);
    executor.run(sql).await.map(|(_, ended)| ended)
}

/// What an executor said.
#[derive(Default)]
pub struct Heard {
    pub statements: Mutex<Vec<String>>,
    pub messages: Mutex<Vec<String>>,
    pub fractions: Mutex<Vec<f64>>,
}

impl Heard {
    /// Waits until it was said, for two minutes at most.
    pub async fn hears(&self, part: &str) {
        for _ in 0..2_400 {
            if self
                .messages
                .lock()
                .unwrap()
                .iter()
                .any(|said| said.contains(part))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing of {part:?} in {:?}", self.messages.lock().unwrap());
    }
}

impl Observer for Heard {
    fn executed(&self, sql: &str, _: Option<u64>, _: Duration, _: Option<&str>) {
        self.statements.lock().unwrap().push(sql.to_owned());
    }

    fn progress(&self, progress: Progress) {
        self.fractions.lock().unwrap().extend(progress.fraction);
    }

    fn says(&self, message: &str) {
        self.messages.lock().unwrap().push(message.to_owned());
    }
}

async fn lines(client: &Client, sql: &str) -> Vec<String> {
    client
        .simple_query(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
            _ => None,
        })
        .collect()
}

/// The schema of the user, as lines.
pub async fn schema(client: &Client) -> Vec<String> {
    lines(client, CATALOG).await
}

/// Every row of every table of the user, columns by name.
pub async fn data(client: &Client) -> Vec<String> {
    let tables = lines(
        client,
        "SELECT format('SELECT %L || row_to_json(row_of_it)::jsonb::text FROM %s row_of_it ORDER BY 1', c.oid::regclass::text || ' ', c.oid::regclass) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'howdah') ORDER BY c.oid::regclass::text",
    )
    .await;
    let mut rows = Vec::new();
    for table in tables {
        rows.extend(lines(client, &table).await);
    }
    rows
}

pub fn difference(expected: &[String], found: &[String]) -> String {
    let mut text = String::new();
    for line in expected.iter().filter(|line| !found.contains(line)).take(20) {
        text.push_str(&format!("- {line}\n"));
    }
    for line in found.iter().filter(|line| !expected.contains(line)).take(20) {
        text.push_str(&format!("+ {line}\n"));
    }
    text
}

/// Stops a change before the step after so many.
struct StopsAfter {
    steps: usize,
    seen: Mutex<Vec<String>>,
    cancel: CancellationToken,
}

impl Observer for StopsAfter {
    fn executed(&self, _: &str, _: Option<u64>, _: Duration, _: Option<&str>) {}

    fn progress(&self, progress: Progress) {
        let mut seen = self.seen.lock().unwrap();
        if progress.fraction == Some(0.0) && !seen.is_empty() {
            return;
        }
        if seen.last() != Some(&progress.phase) {
            seen.push(progress.phase);
        }
        if seen.len() > self.steps {
            self.cancel.cancel();
        }
    }

    fn says(&self, _: &str) {}
}

/// Carries out so many steps of a change: its id and plan.
pub async fn run_until(url: &str, sql: &str, steps: usize) -> Result<(String, Plan), String> {
    let cancel = CancellationToken::new();
    let observer = Arc::new(StopsAfter {
        steps,
        seen: Mutex::default(),
        cancel: cancel.clone(),
    });
    let target = target(url);
    let plan = {
        let mut session = target.session().await.map_err(|error| error.to_string())?;
        howdah_change::plan(&mut session, sql)
            .await
            .map_err(|error| error.to_string())?
    };
    let executor = Executor::new(target, Options::default(), observer, cancel);
    match executor.run(sql).await {
        Ok(_) | Err(ChangeError::Stopped) => Ok((plan.id.clone(), plan)),
        Err(error) => Err(format!("{error} {error:?}")),
    }
}
