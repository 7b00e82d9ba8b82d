//! Average active sessions as they are watched, beside those that pgbench is known to keep active.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use howdah_pg::{ConnInfo, Origin, Target};
use howdah_store::Store;
use howdah_store::samples::{By, History, Window};
use howdah_watch::history::load;
use howdah_watch::{Pace, run, samples_of};
use tokio_util::sync::CancellationToken;

use super::figure;
use crate::measure::Line;

/// Clients of pgbench, none of which ever thinks. Where all compute on fewer cores, it waits for
/// one itself between two statements, and the session is idle until then: a second of work each
/// keeps that beneath what is measured.
const CLIENTS: u32 = 8;
const SECONDS: u64 = 40;
/// At the beginning and at the end not all clients are at work.
const EDGE: Duration = Duration::from_secs(4);

/// Measures each kind of work.
pub(super) async fn measure(major: u16) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (what, script) in [
        (
            "sessions at work, of 8 that wait, off by %",
            "SELECT pg_sleep(0.2);",
        ),
        (
            "sessions at work, of 8 that compute, off by %",
            "SELECT sum(n) FROM (SELECT generate_series(1, 3000000) AS n) AS numbers;",
        ),
    ] {
        let average = watched(major, script).await?;
        let known = f64::from(CLIENTS);
        lines.push(figure(what, 100.0 * (average - known).abs() / known, "≤ 5"));
    }
    Ok(lines)
}

/// Average active sessions while pgbench runs the script.
async fn watched(major: u16, script: &str) -> Result<f64> {
    let home = tempfile::tempdir()?;
    let file = home.path().join("script.sql");
    std::fs::write(&file, script)?;
    let server = howdah_testkit::server(major).await;
    let database = server.database("active").await;
    // The builds that tests fetch come without it; one of another version does as well.
    let pgbench = howdah_testkit::majors()
        .into_iter()
        .find_map(|other| howdah_testkit::installation(other).program("pgbench"))
        .context("no PostgreSQL here came with pgbench")?;
    let mut load_of = Command::new(pgbench)
        .args(["-n", "-j", "2", "-c", &CLIENTS.to_string()])
        .args(["-T", &SECONDS.to_string(), "-f"])
        .arg(&file)
        .arg(database.url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let target = Arc::new(Target::new(
        "active",
        ConnInfo::parse(&database.url())?,
        Origin::Config,
    ));
    let samples = samples_of(&History::Beside(Store::open(home.path().join("store"))), &target);
    let stop = CancellationToken::new();
    let watching = tokio::spawn(run(
        target,
        samples.clone(),
        Pace::default(),
        stop.clone(),
        |_| {},
    ));
    let from_s = now_s()? + i64::try_from(EDGE.as_secs())?;
    tokio::time::sleep(Duration::from_secs(SECONDS) - EDGE).await;
    let to_s = now_s()?;
    stop.cancel();
    watching.await??;
    let ended = tokio::task::spawn_blocking(move || load_of.wait()).await??;
    ensure!(ended.success(), "pgbench failed");
    // Spans of ten seconds that lie wholly within.
    let window = Window {
        from_s: from_s.div_euclid(10) * 10 + 10,
        to_s: to_s.div_euclid(10) * 10,
    };
    let seen = load(&samples, window, 10, By::Wait).await?;
    ensure!(seen.looks >= 3, "{} looks", seen.looks);
    Ok(seen.average)
}

fn now_s() -> Result<i64> {
    Ok(i64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    )?)
}
