//! The judge: runs each script beside clients, on the small and the large
//! database, and writes down what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio_postgres::Client;

use super::case::Case;
use super::contents::Contents;
use super::ordinary::{Aftermath, Sessions, message};
use super::traffic::{Traffic, Wait};
use super::verdict::{self, Verdict};
use super::world::{OWNER, Size, World};

/// The wait on the large database must be longer by this, in milliseconds of CPU
/// time, to be told from the noise of the clients' pace.
const FLOOR_MS: f64 = 6.0;
/// The large tables have 40 times the rows; a wait that grows with them grows at
/// least so much, whatever part of it is the same on both.
const GROWTH: f64 = 2.0;
/// Nothing in the truth set runs for longer.
const LONGEST_RUN: Duration = Duration::from_secs(120);

/// The name of the database that a case is run in.
const DATABASE: &str = "truth_case";

/// Judges these cases on one version and keeps each verdict as it comes.
pub(crate) async fn judge(version: u16, cases: &[Case]) -> Result<()> {
    let mut verdicts = verdict::load(version)?;
    let mut cases: Vec<&Case> = cases
        .iter()
        .filter(|case| case.versions.contains(&version))
        .collect();
    cases.sort_by(|a, b| a.setup.cmp(&b.setup));
    let world = World::start(version, &Size::BOTH).await?;
    eprintln!("PostgreSQL {version}: {} cases", cases.len());
    let mut before: Option<(&[(String, bool)], Contents)> = None;
    for case in cases {
        if before.as_ref().is_none_or(|(setup, _)| *setup != case.setup) {
            world.copy(Size::Small, DATABASE, &case.setup).await?;
            let contents = Contents::read(&world.server.probe(DATABASE).await, None).await?;
            before = Some((&case.setup, contents));
        }
        let (_, contents) = before.as_ref().context("just read")?;
        let judged = settle(&world, case, contents)
            .await
            .with_context(|| case.name.clone())?;
        eprintln!(
            "{version} {:55} {:4} R {:.0}→{:.0} W {:.0}→{:.0} {}",
            case.name,
            judged.letters,
            judged.read_ms[0],
            judged.read_ms[1],
            judged.write_ms[0],
            judged.write_ms[1],
            judged.evidence.chars().take(110).collect::<String>()
        );
        verdicts.insert(case.name.clone(), judged);
        verdict::save(version, &verdicts)?;
    }
    Ok(())
}

/// Forgets verdicts on cases that are no more, or not for this version.
pub(crate) fn tidy(version: u16, cases: &[Case]) -> Result<()> {
    let verdicts: BTreeMap<String, Verdict> = verdict::load(version)?
        .into_iter()
        .filter(|(name, _)| {
            cases
                .iter()
                .any(|case| case.name == *name && case.versions.contains(&version))
        })
        .collect();
    verdict::save(version, &verdicts)
}

/// A verdict that three runs agree on, where one alone is close.
async fn settle(world: &World, case: &Case, before: &Contents) -> Result<Verdict> {
    let first = once(world, case, before).await?;
    if !first.close {
        return Ok(first.verdict);
    }
    let second = once(world, case, before).await?;
    let third = once(world, case, before).await?;
    let mut runs = [first.verdict, second.verdict, third.verdict];
    let stable = runs.iter().all(|run| run.dangerous() == runs[0].dangerous());
    runs.sort_by(|a, b| (a.write_ms[1] + a.read_ms[1]).total_cmp(&(b.write_ms[1] + b.read_ms[1])));
    let [_, mut middle, _] = runs;
    if !stable {
        middle.evidence = format!("UNSTABLE {}", middle.evidence);
    }
    Ok(middle)
}

struct Judged {
    verdict: Verdict,
    /// Near enough to a threshold that another run may say otherwise.
    close: bool,
}

async fn once(world: &World, case: &Case, before: &Contents) -> Result<Judged> {
    let small = observe(world, case, Size::Small, Some(before)).await?;
    // What fails, fails on any size; how long it took to do so matters to nobody.
    let large = match small.failures.is_empty() {
        true => observe(world, case, Size::Large, None).await?,
        false => Observation {
            failures: small.failures.clone(),
            ..Observation::default()
        },
    };
    let figure = |write: bool| [longest(&small.waits, write), longest(&large.waits, write)];
    let (read_ms, write_ms) = (figure(false), figure(true));
    let mut letters = String::new();
    let mut evidence = Vec::new();
    for (letter, write, [few, many]) in [('R', false, read_ms), ('W', true, write_ms)] {
        if grows(few, many) {
            letters.push(letter);
            evidence.push(format!("{letter}: {}", relations(&large.waits, write)));
        }
    }
    for (letter, found) in [
        ('C', &small.broken),
        ('L', &small.lost),
        ('F', &small.failures),
        ('X', &small.debris),
    ] {
        if !found.is_empty() {
            letters.push(letter);
            evidence.push(format!("{letter}: {}{}", found[0], more(found.len())));
        }
    }
    if small.failures.is_empty() != large.failures.is_empty() {
        bail!(
            "fails on one size only: {:?} {:?}",
            small.failures,
            large.failures
        );
    }
    if !small.prepared_only.is_empty() {
        evidence.push(format!(
            "note: {}{}",
            small.prepared_only[0],
            more(small.prepared_only.len())
        ));
    }
    // What the clients and the tables show does not depend on the clock.
    let certain = letters.contains(['C', 'L', 'F', 'X']);
    let close = !certain
        && [read_ms, write_ms]
            .into_iter()
            .any(|[few, many]| is_close(few, many));
    Ok(Judged {
        verdict: Verdict {
            letters,
            read_ms,
            write_ms,
            evidence: evidence.join("; "),
        },
        close,
    })
}

fn grows(small: f64, large: f64) -> bool {
    large - small >= FLOOR_MS && large >= GROWTH * small
}

fn is_close(small: f64, large: f64) -> bool {
    let near =
        |value: f64, threshold: f64, factor: f64| value > threshold / factor && value < threshold * factor;
    near(large - small, FLOOR_MS, 2.0)
        || (large - small > FLOOR_MS && near(large / small.max(0.1), GROWTH, 1.5))
}

fn longest(waits: &[Wait], write: bool) -> f64 {
    waits
        .iter()
        .filter(|wait| wait.write == write)
        .map(|wait| wait.ms)
        .fold(0.0, f64::max)
}

fn relations(waits: &[Wait], write: bool) -> String {
    let mut names: Vec<&str> = waits
        .iter()
        .filter(|wait| wait.write == write && wait.ms >= FLOOR_MS)
        .map(|wait| wait.relation.as_str())
        .collect();
    names.sort_unstable();
    names.join(", ")
}

fn more(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        _ => format!(" (and {} more)", count - 1),
    }
}

#[derive(Debug, Default)]
struct Observation {
    waits: Vec<Wait>,
    broken: Vec<String>,
    prepared_only: Vec<String>,
    lost: Vec<String>,
    failures: Vec<String>,
    debris: Vec<String>,
}

async fn observe(world: &World, case: &Case, size: Size, before: Option<&Contents>) -> Result<Observation> {
    world.copy(size, DATABASE, &case.setup).await?;
    let admin = world.server.probe(DATABASE).await;
    let sessions = match before {
        Some(_) => Some(Sessions::open(world, DATABASE).await?),
        None => None,
    };
    if let Some(sessions) = &sessions
        && case.setup.is_empty()
    {
        let useless = sessions.useless()?;
        if !useless.is_empty() {
            bail!(
                "clients.sql: neither works nor finds a row: {}",
                useless.join("\n")
            );
        }
    }
    // What a setup makes has another identity in every copy.
    let own = match before.filter(|_| !case.setup.is_empty()) {
        Some(_) => Some(Contents::read(&admin, None).await?),
        None => None,
    };
    let before = own.as_ref().or(before);
    let mark = catalog_mark(&admin).await?;
    let traffic = Traffic::start(world, DATABASE, &case.script).await?;
    let script = world.server.probe_as(OWNER, DATABASE).await;
    let pid: i32 = script.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
    let watch = traffic.watch(world, DATABASE, pid).await;
    let failure = tokio::time::timeout(LONGEST_RUN, run(&script, case))
        .await
        .context("the script takes too long for a truth set")?;
    let open: bool = admin
        .query_one(
            "SELECT coalesce(state LIKE 'idle in transaction%', false) FROM pg_stat_activity WHERE pid = $1",
            &[&pid],
        )
        .await?
        .get(0);
    // The runner goes away, and with it what it had not committed.
    drop(script);
    while admin
        .query_opt("SELECT FROM pg_stat_activity WHERE pid = $1", &[&pid])
        .await?
        .is_some()
    {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut seen = Observation {
        waits: watch.end().await?,
        ..Observation::default()
    };
    traffic.end().await;
    seen.debris.extend(
        admin
            .query(include_str!("invalid_indexes.sql"), &[])
            .await?
            .iter()
            .map(|row| format!("invalid index {}", row.get::<_, String>(0))),
    );
    match failure {
        Some(error) => {
            if mark != catalog_mark(&admin).await? {
                seen.debris.push("half applied".to_owned());
            }
            seen.failures.push(error);
        }
        None if open => seen.debris.push("open transaction".to_owned()),
        None => {}
    }
    if let (Some(sessions), Some(before)) = (sessions, before) {
        let after = Contents::read(&admin, Some(before)).await?;
        let Aftermath {
            failures,
            hidden,
            vanished,
            prepared_only,
        } = sessions.aftermath(world, DATABASE).await?;
        seen.lost = before.lost(&after);
        seen.broken = failures;
        seen.broken.extend(hidden);
        seen.broken.extend(before.vanished(&after));
        // Rows that a DELETE took away are meant to be gone.
        if !before.deleted(&after) {
            seen.broken.extend(vanished);
        }
        seen.prepared_only = prepared_only;
    }
    drop(admin);
    Ok(seen)
}

async fn catalog_mark(admin: &Client) -> Result<String> {
    Ok(admin.query_one(include_str!("catalog.sql"), &[]).await?.get(0))
}

/// Runs the script as its runner would; the error that ended it.
async fn run(client: &Client, case: &Case) -> Option<String> {
    let pieces = match howdah_sql::split(&case.script) {
        Ok(pieces) => pieces,
        Err(error) => return Some(error.to_string()),
    };
    let around = |sql: &'static str| case.in_transaction.then_some(sql);
    let statements = around("BEGIN")
        .into_iter()
        .chain(pieces.iter().map(|piece| piece.text))
        .chain(around("COMMIT"));
    for statement in statements {
        if let Err(error) = client.simple_query(statement).await {
            let start: String = statement
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .chars()
                .take(60)
                .collect();
            return Some(format!("{start} → {}", message(&error)));
        }
    }
    None
}
