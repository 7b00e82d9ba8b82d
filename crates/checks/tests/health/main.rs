//! The checks, on real servers: what is found there, and what is not.

#![allow(clippy::unwrap_used)]

mod aurora;
mod damage;
mod diagnosis;
mod pages;
mod roles;
mod scale;
mod sessions;
mod settings;
mod standby;
mod upgrade;

use std::time::{Duration, Instant};

use howdah_checks::{Check, CheckResult, Pass, Settings, Status, check_named, examine};
use howdah_pg::{ConnInfo, Connection, NoEnvironment};

/// How long something that was provoked may take to show.
const SHOWS_WITHIN: Duration = Duration::from_secs(120);

async fn pass(url: &str, checks: &[&'static Check], settings: &Settings) -> Pass {
    let info = ConnInfo::parse_with(url, &NoEnvironment).unwrap();
    let mut connection = Connection::connect(&info).await.unwrap();
    examine(&mut connection, checks, settings).await.unwrap()
}

async fn result(url: &str, check: &'static Check, settings: &Settings) -> CheckResult {
    pass(url, &[check], settings).await.results.pop().unwrap()
}

/// The result once it is as expected, or as it is after a while: counters arrive late.
async fn eventually(
    url: &str,
    check: &'static Check,
    settings: &Settings,
    expected: impl Fn(&CheckResult) -> bool,
) -> CheckResult {
    let began = Instant::now();
    loop {
        let result = result(url, check, settings).await;
        let is_refused = result.message.starts_with("The server refused");
        if expected(&result) || is_refused || began.elapsed() > SHOWS_WITHIN {
            return result;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn settings(code: &str, thresholds: &[(&str, f64)]) -> Settings {
    let mut settings = Settings::default();
    for (name, value) in thresholds {
        settings.set(code, name, *value);
    }
    settings.known().unwrap();
    settings
}

/// The check finds something, and `expected` is said of it.
async fn found(url: &str, code: &str, thresholds: &[(&str, f64)], expected: &str) -> CheckResult {
    let check = check_named(code).unwrap();
    let says = |result: &CheckResult| {
        result.status >= Status::Warn
            && result
                .problems
                .iter()
                .any(|problem| problem.message.contains(expected))
    };
    let result = eventually(url, check, &settings(code, thresholds), says).await;
    assert!(says(&result), "{expected:?} expected of {result:#?}");
    result
}

/// The check finds nothing.
async fn fine(url: &str, code: &str, thresholds: &[(&str, f64)]) {
    let check = check_named(code).unwrap();
    let is_ok = |result: &CheckResult| result.status == Status::Ok;
    let result = eventually(url, check, &settings(code, thresholds), is_ok).await;
    assert!(is_ok(&result), "{result:#?}");
}
