//! Schema changes under load: an open-loop load on a table of a million rows, the change
//! beside it, and afterwards the schema, every row and every acknowledged write compared.

mod load;
mod scenario;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use howdah_testkit::{Server, ServerOptions};
use load::{Latencies, Load};
use scenario::{SCENARIOS, Scenario};
use tokio::process::Command;

/// Carries out changes under load and prints what the clients felt.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only these.
    names: Vec<String>,
    /// Rows of the table.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// Seconds of load before the change, which are what it is compared with.
    #[arg(long, default_value_t = 10)]
    baseline: u64,
    /// Kill howdah and the server in turn, so often for each change, at random moments.
    #[arg(long, default_value_t = 0)]
    kills: u32,
    /// The major version.
    #[arg(long, default_value_t = 15)]
    pg: u16,
    /// Show what howdah writes.
    #[arg(long)]
    verbose: bool,
}

#[allow(clippy::print_stdout)] // The table is what it is for.
pub(crate) async fn run(arguments: Arguments, howdah: &Path) -> Result<()> {
    let howdah = howdah
        .canonicalize()
        .with_context(|| format!("{} is missing: build it first", howdah.display()))?;
    let server = howdah_testkit::private(ServerOptions {
        major: arguments.pg,
        settings: [
            ("shared_buffers", "512MB"),
            ("max_wal_size", "4GB"),
            // What is acknowledged has to be there after a crash; the test server's own settings give that up.
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        ..ServerOptions::default()
    })
    .await;
    println!(
        "change         total   bound |   alone p50/p99/max ms |  beside p50/p99/max ms |   heap  index |   ops errors verdict"
    );
    let mut bad = 0;
    for scenario in SCENARIOS {
        if !arguments.names.is_empty() && !arguments.names.iter().any(|name| name == scenario.name) {
            continue;
        }
        match measure(&server, scenario, &arguments, &howdah).await {
            Ok(line) => println!("{line}"),
            Err(error) => {
                bad += 1;
                println!("{:<12} {error:?}", scenario.name);
            }
        }
    }
    if bad > 0 {
        bail!("{bad} changes went wrong");
    }
    Ok(())
}

async fn measure(
    server: &Server,
    scenario: &Scenario,
    arguments: &Arguments,
    howdah: &Path,
) -> Result<String> {
    let (database, plain) = (server.database("change").await, server.database("plain").await);
    for database in [&database, &plain] {
        let client = database.probe().await;
        client.batch_execute(&scenario::setup(arguments.rows)).await?;
        client.batch_execute(scenario.setup).await?;
        client.batch_execute("VACUUM (ANALYZE)").await?;
        client.batch_execute("CHECKPOINT").await?;
    }
    // What the plain statement makes of the same data is what fresh means.
    plain.probe().await.batch_execute(scenario.script).await?;
    let fresh = scenario::sizes(&plain.probe().await, scenario).await?;
    let expected = scenario::schema(&plain.probe().await).await?;

    let load = Load::start(server, &database.name, arguments.rows).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    load.reset();
    tokio::time::sleep(Duration::from_secs(arguments.baseline)).await;
    let alone = load.reset();
    let begun = Instant::now();
    let url = database.url();
    let kills = if arguments.kills == 0 {
        let output = change(howdah, &url, scenario.script).output().await?;
        show(arguments, &output);
        if !output.status.success() {
            load.stop().await?;
            bail!(
                "howdah: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        0
    } else {
        killed(server, howdah, &url, scenario, arguments).await?
    };
    let total = begun.elapsed();
    let beside = load.reset();
    let (model, errors) = load.stop().await?;
    let client = database.probe().await;
    if arguments.verbose {
        let sql = "SELECT format('%s s  %s', round(extract(epoch FROM steps.ended_at - steps.started_at), 2), plan::json -> 'steps' -> ordinal ->> 'title') \
                   FROM howdah.steps JOIN howdah.changes ON id = change ORDER BY ordinal";
        for row in client.query(sql, &[]).await? {
            eprintln!("{}", row.get::<_, String>(0));
        }
    }
    let found = scenario::schema(&client).await?;
    if found != expected {
        bail!(
            "the schema is not that of the plain script:\n{}",
            scenario::difference(&expected, &found)
        );
    }
    model.compare(&client, scenario).await?;
    let after = scenario::sizes(&client, scenario).await?;
    let unexpected: Vec<&String> = errors
        .iter()
        .filter(|error| arguments.kills == 0 && !error.contains("cached plan"))
        .collect();
    let good = unexpected.is_empty() && scenario.bound_s.is_none_or(|bound| total.as_secs_f64() <= bound);
    Ok(format!(
        "{:<12} {:>6.1}s {:>7} | {:>22} | {:>22} | {:>6.2} {:>6.2} | {:>5} {:>6} {}{}",
        scenario.name,
        total.as_secs_f64(),
        scenario
            .bound_s
            .map_or("-".to_owned(), |bound| format!("{bound}s")),
        shown(&alone),
        shown(&beside),
        after.heap / fresh.heap,
        after.indexes / fresh.indexes.max(1.0),
        alone.count + beside.count,
        errors.len(),
        if good { "right" } else { "NOT WITHIN BOUNDS" },
        if kills > 0 {
            format!(", after {kills} kills")
        } else {
            unexpected
                .first()
                .map_or(String::new(), |error| format!(" {error}"))
        },
    ))
}

fn shown(latencies: &Latencies) -> String {
    format!("{:.1}/{:.1}/{:.1}", latencies.p50, latencies.p99, latencies.max)
}

fn show(arguments: &Arguments, output: &Output) {
    if arguments.verbose {
        eprintln!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn change(howdah: &Path, url: &str, script: &str) -> Command {
    let mut command = Command::new(howdah);
    command
        .args(["change", "run", "--yes", "--quiet", "--url", url, "--sql", script])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Kills howdah and the server in turn, and gives the same command again each time.
async fn killed(
    server: &Server,
    howdah: &Path,
    url: &str,
    scenario: &Scenario,
    arguments: &Arguments,
) -> Result<u32> {
    let mut seed = 0x9e37_79b9_u64 ^ scenario.name.len() as u64;
    let mut done = 0;
    loop {
        let mut child = change(howdah, url, scenario.script).spawn()?;
        let strikes = done < arguments.kills;
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let after = Duration::from_millis(if strikes {
            50 + (seed >> 33) % 2_500
        } else {
            600_000
        });
        tokio::select! {
            status = child.wait() => {
                if status?.success() {
                    return Ok(done);
                }
                let output = child.wait_with_output().await?;
                bail!("howdah, after {done} kills: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            }
            () = tokio::time::sleep(after) => {
                done += 1;
                if done % 2 == 1 {
                    child.kill().await?;
                } else {
                    server.crash().await;
                    server.start().await;
                    // Howdah waits for the server by itself; it is left alone for a while.
                    let _ = tokio::time::timeout(Duration::from_millis(800), child.wait()).await;
                    child.kill().await.ok();
                }
            }
        }
    }
}

/// The program to measure, where none is named.
pub(crate) fn default_program(release: PathBuf) -> PathBuf {
    let debug = PathBuf::from("target/debug/howdah");
    if release.exists() || !debug.exists() {
        release
    } else {
        debug
    }
}
