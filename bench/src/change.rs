//! Schema changes under load: an open-loop load on a table of a million rows, the change
//! beside it, and afterwards the schema, every row and every acknowledged write compared.

mod kills;
mod load;
mod scenario;
mod waits;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use howdah_testkit::{Database, Server, ServerOptions};
use kills::Kills;
use load::{Latencies, Load};
use scenario::{SCENARIOS, Scenario};
use tokio::process::Command;
use waits::Waits;

/// What a client may wait beyond what the load alone makes it wait, in milliseconds.
const STALL_MS: f64 = 60.0;
/// What a client may wait in all while somebody reads the table in front, in milliseconds.
const IN_FRONT_MS: f64 = 100.0;
/// The size of a table and its indexes afterwards, against what the plain statement leaves.
const BLOAT: f64 = 1.3;
/// WAL segments that the server has at its start, of 16 MiB each.
const SEGMENTS: u32 = 128;
/// As many operations as a percentile of them says something.
const FEWEST: usize = 1_000;

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
    /// What the random moments come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep a transaction of so many seconds that reads the table in front, again and again.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    reader: u32,
    /// Measure again, so often, where only clients' waits are beyond their bounds.
    #[arg(long, default_value_t = 1)]
    again: u32,
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
            ("min_wal_size", "2GB"),
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
    used_for_a_while(&server).await?;
    println!(
        "change         total   bound |   alone p50/p99/max ms |  beside p50/p99/max ms |  ours ms |   heap  index |   ops errors verdict"
    );
    let mut bad = 0;
    for scenario in SCENARIOS {
        if !arguments.names.is_empty() && !arguments.names.iter().any(|name| name == scenario.name) {
            continue;
        }
        let mut kills = Kills::new(arguments.seed, arguments.kills);
        let mut again = arguments.again;
        loop {
            match measure(&server, scenario, &arguments, &howdah, &mut kills).await {
                Ok(measured) => {
                    println!("{}", measured.line);
                    // A change that ended before all kills is carried out once more.
                    if kills.left > 0 {
                        continue;
                    }
                    if measured.good {
                        break;
                    }
                    if again == 0 || !measured.only_waits {
                        bad += 1;
                        break;
                    }
                    again -= 1;
                }
                Err(error) => {
                    bad += 1;
                    println!("{:<12} {error:?}", scenario.name);
                    break;
                }
            }
        }
    }
    if bad > 0 {
        bail!("{bad} changes went wrong");
    }
    Ok(())
}

/// Gives the server WAL segments to use again, as every server has that has been written to for a while. A new one
/// is filled with zeros and flushed while every commit waits, which takes 50 to 110 ms on a virtual disk: clients
/// of a server of a minute's age feel that every 16 MiB, whoever writes them.
async fn used_for_a_while(server: &Server) -> Result<()> {
    let client = server.probe("postgres").await;
    for _ in 0..SEGMENTS {
        client
            .batch_execute("SELECT pg_logical_emit_message(false, 'bench', 'x'); SELECT pg_switch_wal()")
            .await?;
    }
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}

/// What one change was like.
struct Measured {
    line: String,
    good: bool,
    /// Whether nothing but clients' waits is beyond its bounds.
    only_waits: bool,
}

async fn measure(
    server: &Server,
    scenario: &Scenario,
    arguments: &Arguments,
    howdah: &Path,
    kills: &mut Kills,
) -> Result<Measured> {
    let (database, plain) = (server.database("change").await, server.database("plain").await);
    for database in [&database, &plain] {
        let client = database.probe().await;
        client.batch_execute(&scenario::setup(arguments.rows)).await?;
        client.batch_execute(scenario.setup).await?;
        client.batch_execute("VACUUM (ANALYZE)").await?;
        client.batch_execute("CHECKPOINT").await?;
    }
    // What the plain statement makes of the same data is what fresh means.
    let reference = plain.probe().await;
    reference.batch_execute(scenario.script).await?;
    let fresh = scenario::sizes(&reference, scenario).await?;
    let expected = scenario::schema(&reference).await?;
    // What that wrote is on the disk before anybody is measured: half a minute later the kernel would write it,
    // and commits would wait for the same disk.
    reference.batch_execute("CHECKPOINT").await?;
    let url = database.url();
    stops(&database, howdah, &url, scenario).await?;

    let load = Load::start(server, &database.name, arguments.rows).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    load.reset();
    tokio::time::sleep(Duration::from_secs(arguments.baseline)).await;
    let before = load.reset();
    let reader = arguments.reader;
    let in_front = (reader > 0).then(|| {
        let (url, table) = (server.url(&database.name), scenario.table);
        tokio::spawn(async move { read_in_front(&url, reader, table).await })
    });
    if in_front.is_some() {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let waits = Waits::watch(server, &database.name, arguments.verbose).await;
    let begun = Instant::now();
    if arguments.kills == 0 {
        let output = change(howdah, &url, scenario.script).output().await?;
        show(arguments, &output);
        if !output.status.success() {
            load.stop().await?;
            bail!("howdah: {}", text(&output));
        }
    } else {
        kills.until_done(server, howdah, &url, scenario).await?;
    }
    let total = begun.elapsed();
    // Of the hundred operations beside a change of a third of a second, p99 would be the worst alone.
    while load.felt() < FEWEST {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let beside = load.reset();
    let ours = waits.longest_ms().await?;
    if let Some(in_front) = in_front {
        in_front.abort();
    }
    tokio::time::sleep(Duration::from_secs(arguments.baseline)).await;
    let alone = before.and(&load.reset());
    let (model, errors) = load.stop().await?;
    let client = database.probe().await;
    if arguments.verbose {
        step_by_step(&client, &beside).await?;
    }
    model.compare(&client, scenario).await?;
    if scenario.contract {
        let row = client.query_one("SELECT id FROM howdah.changes", &[]).await?;
        let output = command(
            howdah,
            &[
                "change",
                "contract",
                row.get(0),
                "--yes",
                "--quiet",
                "--url",
                &url,
            ],
        )
        .output()
        .await?;
        if !output.status.success() {
            bail!("howdah change contract: {}", text(&output));
        }
        model.compare(&client, scenario).await?;
    }
    let after = scenario::sizes(&client, scenario).await?;
    let found = scenario::schema(&client).await?;
    if found != expected {
        bail!(
            "the schema is not that of the plain script:\n{}",
            scenario::difference(&expected, &found)
        );
    }
    let unexpected: Vec<&String> = errors
        .iter()
        .filter(|error| arguments.kills == 0 && !error.contains("cached plan"))
        .collect();
    let (heap, index) = (after.heap / fresh.heap, after.indexes / fresh.indexes.max(1.0));
    let mut beyond: Vec<String> = unexpected.iter().take(1).map(|error| (*error).clone()).collect();
    // How long a change takes and what it leaves is promised where nobody stands in front: until a reader's
    // snapshot goes, there are waits and dead rows whatever the change does.
    let bound_s = scenario
        .bound_s
        .filter(|_| arguments.kills == 0 && arguments.reader == 0);
    if bound_s.is_some_and(|bound| total.as_secs_f64() > bound) {
        beyond.push("too slow".to_owned());
    }
    if arguments.kills == 0 && arguments.reader == 0 && (heap > BLOAT || index > BLOAT) {
        beyond.push("bloated".to_owned());
    }
    let only_waits = beyond.is_empty();
    // A client that waits where howdah has no lock waits for the machine.
    let longest = match arguments.reader {
        0 => alone.max + STALL_MS,
        _ => IN_FRONT_MS,
    };
    if arguments.kills == 0 && beside.max > longest {
        beyond.push(format!("a stall of {:.0} ms", beside.max));
    }
    if arguments.kills == 0 && beside.p99 > 2.0 * alone.p99 {
        beyond.push(format!("p99 {:.1} times", beside.p99 / alone.p99));
    }
    let good = beyond.is_empty();
    let line = format!(
        "{:<12} {:>6.1}s {:>7} | {:>22} | {:>22} | {:>8.0} | {:>6.2} {:>6.2} | {:>5} {:>6} {}{}",
        scenario.name,
        total.as_secs_f64(),
        bound_s.map_or("-".to_owned(), |bound| format!("{bound}s")),
        shown(&alone),
        shown(&beside),
        ours,
        heap,
        index,
        alone.count + beside.count,
        errors.len(),
        if good {
            "right".to_owned()
        } else {
            format!("BEYOND BOUNDS: {}", beyond.join(", "))
        },
        if arguments.kills > 0 {
            format!(", after {} kills", arguments.kills - kills.left)
        } else {
            String::new()
        },
    );
    Ok(Measured {
        line,
        good,
        only_waits,
    })
}

/// What clients felt while each step was at work: where a bad figure comes from.
async fn step_by_step(client: &tokio_postgres::Client, beside: &Latencies) -> Result<()> {
    let sql = "SELECT extract(epoch FROM steps.started_at)::float8, extract(epoch FROM steps.ended_at)::float8, plan::json -> 'steps' -> ordinal ->> 'title' \
               FROM howdah.steps JOIN howdah.changes ON id = change WHERE steps.ended_at IS NOT NULL ORDER BY ordinal";
    for row in client.query(sql, &[]).await? {
        let (from, to, title): (f64, f64, String) = (row.get(0), row.get(1), row.get(2));
        let felt = beside.between(from, to);
        eprintln!("{:>7.2} s  {:>22}  {title}", to - from, shown(&felt));
    }
    Ok(())
}

/// What stands in a change's way makes it stop with nothing touched, and is then removed.
async fn stops(database: &Database<'_>, howdah: &Path, url: &str, scenario: &Scenario) -> Result<()> {
    if scenario.obstacle.is_empty() {
        return Ok(());
    }
    let client = database.probe().await;
    let before = scenario::schema(&client).await?;
    client.batch_execute(scenario.obstacle).await?;
    let output = change(howdah, url, scenario.script).output().await?;
    if output.status.success() {
        bail!("howdah carried the change out over: {}", scenario.obstacle);
    }
    if scenario::schema(&client).await? != before {
        bail!("howdah stopped, and left something: {}", text(&output));
    }
    client.batch_execute(scenario.repair).await?;
    Ok(())
}

/// A transaction that reads the table and stays open, then another.
async fn read_in_front(url: &str, seconds: u32, table: &'static str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    // By the old name: a change may take it away meanwhile, which ends this.
    let table = if table == "items" { "t" } else { table };
    loop {
        let sql = format!(
            "BEGIN; SELECT FROM {table} LIMIT 1; SELECT pg_sleep({seconds}); COMMIT; SELECT pg_sleep(2)"
        );
        client.batch_execute(&sql).await?;
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn shown(latencies: &Latencies) -> String {
    format!("{:.1}/{:.1}/{:.1}", latencies.p50, latencies.p99, latencies.max)
}

fn show(arguments: &Arguments, output: &Output) {
    if arguments.verbose {
        eprintln!("{}", text(output));
    }
}

fn change(howdah: &Path, url: &str, script: &str) -> Command {
    command(
        howdah,
        &["change", "run", "--yes", "--quiet", "--url", url, "--sql", script],
    )
}

fn command(howdah: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(howdah);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
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
