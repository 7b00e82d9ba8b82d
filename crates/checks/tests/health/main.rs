//! The checks, on real servers: what is found there, and what is not.

#![allow(clippy::unwrap_used)]

mod pages;

use std::time::{Duration, Instant};

use howdah_checks::{Check, CheckResult, Pass, Settings, examine};
use howdah_pg::{ConnInfo, Connection, NoEnvironment};

/// How long something that was provoked may take to show.
const SHOWS_WITHIN: Duration = Duration::from_secs(5);

async fn pass(url: &str, checks: &[&'static Check], settings: &Settings) -> Pass {
    let info = ConnInfo::parse_with(url, &NoEnvironment).unwrap();
    let mut connection = Connection::connect(&info).await.unwrap();
    examine(&mut connection, checks, settings).await.unwrap()
}

async fn result(url: &str, check: &'static Check, settings: &Settings) -> CheckResult {
    pass(url, &[check], settings).await.results.pop().unwrap()
}

/// The result once it is as expected, or as it is after a minute: counters arrive late.
async fn eventually(
    url: &str,
    check: &'static Check,
    settings: &Settings,
    expected: impl Fn(&CheckResult) -> bool,
) -> CheckResult {
    let began = Instant::now();
    loop {
        let result = result(url, check, settings).await;
        if expected(&result) || began.elapsed() > SHOWS_WITHIN {
            return result;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

