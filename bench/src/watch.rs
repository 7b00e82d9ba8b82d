//! A day of samples of many databases: what it takes on the disk, how long questions take, and what expires.

mod active;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use howdah_pg::{ConnInfo, Origin, Target};
use howdah_store::Store;
use howdah_store::samples::{
    Activity, By, Collected, History, Metric, RelationState, RelationUse, Sampled, Samples, Seen,
    StatementTotal, StatementUse, Window,
};
use howdah_watch::history::{Sensitivity, growth, load, regressions, step_of};

use crate::measure::{self, Line};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Databases that are watched.
    #[arg(long, default_value_t = 20)]
    databases: u32,
    /// Statements of each that are executed in every minute.
    #[arg(long, default_value_t = 200)]
    statements: i64,
    /// Keep them on a PostgreSQL server, as several machines do, and not in files.
    #[arg(long)]
    server: bool,
}

const START: i64 = 1_800_000_000 - 1_800_000_000 % DAY;
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
const MIB: f64 = 1_048_576.0;

/// Measures and prints.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let home = tempfile::tempdir()?;
    let major = *howdah_testkit::majors().last().context("no PostgreSQL")?;
    let history = match arguments.server {
        false => History::Beside(Store::open(home.path().join("store"))),
        true => {
            let url = howdah_testkit::server(major)
                .await
                .database("history")
                .await
                .url();
            History::On {
                server: Arc::new(Target::new("history", ConnInfo::parse(&url)?, Origin::Config)),
                schema: "howdah_history".to_owned(),
            }
        }
    };
    let mut databases = Vec::new();
    let mut claims = Vec::new();
    let began = Instant::now();
    for number in 0..arguments.databases {
        let samples = history.samples(&format!("database {number}"));
        claims.push(samples.claim().await?.context("somebody else watches")?);
        day(&samples, START, arguments.statements).await?;
        databases.push(samples);
        eprintln!("{} of {} days", number + 1, arguments.databases);
    }
    let minutes = f64::from(arguments.databases) * 1_440.0;
    let written_ms = began.elapsed().as_secs_f64() * 1e3 / minutes;
    let mut bytes = 0;
    for samples in &databases {
        // On a server each tells of all.
        let its = samples.bytes().await?;
        bytes = if arguments.server { its } else { bytes + its };
    }
    let per_day = bytes as f64 / f64::from(arguments.databases);
    let mut lines = vec![
        figure("a day of a database, MB", per_day / 1e6, "≈ 20"),
        figure("to record a minute, ms", written_ms, ""),
    ];

    let window = Window {
        from_s: START,
        to_s: START + DAY,
    };
    let samples = databases.first().context("no database")?;
    let (took, totals) = timed(samples.statements(window)).await?;
    ensure!(
        totals.len() as i64 == arguments.statements,
        "{} statements",
        totals.len()
    );
    lines.push(figure("top statements of the day, ms", took, ""));
    let (took, loads) = timed(load(samples, window, step_of(window), By::Wait)).await?;
    ensure!(loads.looks == DAY, "{} looks", loads.looks);
    lines.push(figure("load of the day by wait event, ms", took, ""));
    let (took, _) = timed(regressions(samples, window, Sensitivity::default())).await?;
    lines.push(figure("regressions of the day, ms", took, ""));
    let (took, _) = timed(growth(samples, window, None)).await?;
    lines.push(figure("growth over the day, ms", took, ""));

    // It is watched again after a pause. Minutes are kept for two days, ten minutes for five weeks, six hours for thirteen months.
    again(samples, START + 4 * DAY, arguments.statements).await?;
    kept(samples, START + 4 * DAY).await?;
    lines.push(figure(
        "what is left of it after four days, MB",
        samples.bytes().await? as f64 / 1e6,
        "",
    ));
    // Summed-up spans keep those that took most by themselves, and the others in one row.
    let calls = |totals: &[StatementTotal]| totals.iter().map(|total| total.used.calls).sum::<i64>();
    let left = samples.statements(window).await?;
    ensure!(
        calls(&left) == calls(&totals),
        "{} of {} calls are kept",
        calls(&left),
        calls(&totals)
    );
    again(samples, START + 40 * DAY, arguments.statements).await?;
    kept(samples, START + 40 * DAY).await?;
    lines.push(figure(
        "what is left after forty days, MB",
        samples.bytes().await? as f64 / 1e6,
        "",
    ));
    kept(samples, START + 500 * DAY).await?;
    ensure!(
        samples.reach().await?.is_none(),
        "after thirteen months nothing is left"
    );
    lines.push(figure(
        "what is left after thirteen months, MB",
        samples.bytes().await? as f64 / 1e6,
        "",
    ));
    if arguments.server {
        // Room that is free stays with the tables of all databases there.
        lines.retain(|line| !line.what.contains(" after "));
    }
    lines.push(figure("memory of this process, MiB", peak_mib()?, ""));
    lines.extend(active::measure(major).await?);
    measure::print(&lines, major, false);
    Ok(())
}

fn figure(what: &'static str, value: f64, budget: &'static str) -> Line {
    Line {
        program: "howdah".to_owned(),
        what,
        value,
        raw: None,
        budget,
    }
}

async fn timed<T, E: Into<anyhow::Error>>(asked: impl Future<Output = Result<T, E>>) -> Result<(f64, T)> {
    let began = Instant::now();
    let answer = asked.await.map_err(Into::into)?;
    Ok((began.elapsed().as_secs_f64() * 1e3, answer))
}

fn peak_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line
        .and_then(|rest| rest.split_whitespace().next())
        .context("no VmHWM")?
        .parse()?;
    Ok(kib * 1024.0 / MIB)
}

/// What a watcher records in a day, with the upkeep that it does meanwhile.
async fn day(samples: &Samples, from_s: i64, statements: i64) -> Result<()> {
    for minute in 0..1_440 {
        let at_s = from_s + minute * MINUTE;
        samples
            .record_activity(
                (0..6)
                    .map(|span| activity(at_s + span * 10, statements))
                    .collect(),
            )
            .await?;
        samples
            .record(collected(at_s, minute % 10 == 0, statements))
            .await?;
        if minute % 60 == 59 {
            samples.keep(at_s).await?;
        }
    }
    Ok(())
}

/// The upkeep of some hours: each time it gives back so many pages.
async fn kept(samples: &Samples, now_s: i64) -> Result<()> {
    for _ in 0..20 {
        samples.keep(now_s).await?;
    }
    Ok(())
}

/// A watcher is back after a pause.
async fn again(samples: &Samples, at_s: i64, statements: i64) -> Result<()> {
    samples.record_activity(vec![activity(at_s, statements)]).await?;
    Ok(samples.record(collected(at_s, false, statements)).await?)
}

fn activity(at_s: i64, statements: i64) -> Activity {
    let seen = (0..8).map(|number: i64| Seen {
        wait: ["CPU", "IO:DataFileRead", "LWLock:WALWrite", "Lock:transactionid"][(number % 4) as usize]
            .to_owned(),
        query_id: Some((at_s / 10 * 7 + number * 3) % statements + 1),
        role: ["app", "worker"][(number % 2) as usize].to_owned(),
        count: 1 + number as u32,
    });
    Activity {
        at_s,
        ticks: 10,
        seen: seen.collect(),
    }
}

/// A minute; every tenth with texts and sizes.
fn collected(at_s: i64, is_tenth: bool, statements: i64) -> Collected {
    let noise = |seed: i64| (at_s / 60 * 7_919 + seed * 104_729) % 1_000;
    let used = |id: i64| StatementUse {
        calls: 100 + noise(id),
        time_us: (100 + noise(id)) * (500 + id * 10),
        rows: noise(id) * 3,
        hit: noise(id) * 40,
        read: noise(id) / 10,
        wal_bytes: noise(id) * 100,
        ..StatementUse::default()
    };
    let relation = |id: i64| Sampled {
        is_index: id % 2 == 1,
        name: format!("public.relation_{id}"),
    };
    let relations = (0..statements.min(40)).map(|id| {
        let used = RelationUse {
            scans: noise(id),
            tuples_found: noise(id) * 5,
            updated: noise(id),
            hit: noise(id) * 30,
            ..RelationUse::default()
        };
        (Some(relation(id)), used)
    });
    let sizes = (0..statements.min(100)).map(|id| {
        let state = RelationState {
            bytes: 8_192 * (1_000 + id + (at_s - START) / 600),
            live: 1_000,
            dead: noise(id),
        };
        (relation(id), state)
    });
    let texts = (1..=statements).map(|id| (id, format!("SELECT * FROM table_{id} WHERE id = $1")));
    let metrics = (0..45).map(|id| Metric {
        name: format!("metric.{id}"),
        is_counter: id % 3 != 0,
        value: noise(id) as f64,
    });
    Collected {
        at_s,
        statements: (1..=statements).map(|id| (id, used(id))).collect(),
        texts: if is_tenth { texts.collect() } else { Vec::new() },
        relations: relations.collect(),
        sizes: if is_tenth { sizes.collect() } else { Vec::new() },
        metrics: metrics.collect(),
        changes: Vec::new(),
    }
}
