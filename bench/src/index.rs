//! Index advice, judged by building it: the CPU time of every statement with every set of parameters, that of the
//! writes, and the room that the indexes take, beside an advisor that knows single columns only and, when asked, Postgres MCP Pro.

mod measured;
mod pro;
mod scale;
mod single;
mod tpch;
mod workload;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use howdah_testkit::ServerOptions;
use measured::{Measured, measure};
use tokio::process::Command;
use tokio_postgres::{Client, NoTls};
use workload::{Application, Domain};

/// Advises, builds what was advised, and measures.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What is advised for.
    #[arg(long, value_enum, default_value_t = Domain::Application)]
    workload: Domain,
    /// Rows in per cent of about five million; with fewer the parameters would name what is not there.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(100..=1000))]
    percent: u32,
    /// A database to use in place of a new server: loaded if it is empty, and left as it was.
    #[arg(long)]
    url: Option<String>,
    /// The major version of a new server; it needs hypopg.
    #[arg(long, default_value_t = 15)]
    pg: u16,
    /// Show each statement.
    #[arg(long)]
    verbose: bool,
    /// Measure time and memory for many statements on many tables instead.
    #[arg(long)]
    scale: bool,
    /// Leave out the advisor of single columns.
    #[arg(long)]
    alone: bool,
    /// Further options for `howdah index advise`.
    #[arg(last = true)]
    options: Vec<String>,
}

#[allow(clippy::print_stdout)] // The table is what it is for.
pub(crate) async fn run(arguments: Arguments, howdah: &Path, peers: Option<&Path>) -> Result<()> {
    let howdah = howdah
        .canonicalize()
        .with_context(|| format!("{} is missing: build it first", howdah.display()))?;
    if arguments.scale {
        return scale::run(arguments.pg, &howdah, &arguments.options).await;
    }
    let server;
    let url = match &arguments.url {
        Some(url) => url.clone(),
        None => {
            let settings = [
                ("shared_buffers", "1GB"),
                ("max_wal_size", "8GB"),
                ("work_mem", "32MB"),
            ];
            server = howdah_testkit::private(ServerOptions {
                major: arguments.pg,
                settings: settings
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                ..ServerOptions::default()
            })
            .await;
            server.database(arguments.workload.name()).await.url()
        }
    };
    let client = connect(&url).await?;
    load(&client, arguments.workload, arguments.percent).await?;
    let application = Application::read(&client, arguments.workload).await?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), application.as_seen())?;

    eprintln!("measuring without indexes …");
    let before = measure(&client, &application).await?;
    let (advised, seconds) = advise(&howdah, &url, file.path(), &arguments.options).await?;
    let (again, _) = advise(&howdah, &url, file.path(), &arguments.options).await?;
    if advised != again {
        bail!("two runs gave different indexes");
    }
    println!("advisor           seconds indexes      MB   CPU left   write CPU   worst");
    print(
        "howdah",
        &client,
        &application,
        &before,
        &advised,
        seconds,
        arguments.verbose,
    )
    .await?;
    if !arguments.alone {
        let started = Instant::now();
        let simple = single::advise(&client, &application).await?;
        let seconds = started.elapsed().as_secs_f64();
        print(
            "single columns",
            &client,
            &application,
            &before,
            &simple,
            seconds,
            false,
        )
        .await?;
    }
    if let Some(venv) = peers {
        let started = Instant::now();
        if let Some(theirs) = pro::advise(venv, &url, &application).await? {
            let seconds = started.elapsed().as_secs_f64();
            let name = "Postgres MCP Pro";
            print(name, &client, &application, &before, &theirs, seconds, false).await?;
        }
    }
    Ok(())
}

/// How often what seems slower is measured again.
const AGAIN: usize = 3;

/// Builds the indexes, measures with them and drops them.
#[allow(clippy::print_stdout)]
async fn print(
    name: &str,
    client: &Client,
    application: &Application,
    before: &Measured,
    indexes: &[String],
    seconds: f64,
    verbose: bool,
) -> Result<()> {
    let there = index_names(client).await?;
    let size = index_bytes(client).await?;
    for index in indexes {
        client
            .batch_execute(index)
            .await
            .with_context(|| format!("building {index}"))?;
    }
    client.batch_execute("VACUUM ANALYZE").await?;
    let megabytes = (index_bytes(client).await? - size) / 1048576.0;
    if verbose {
        let sql = "SELECT pg_get_indexdef(indexrelid), pg_relation_size(indexrelid) / 1048576.0::float8 FROM pg_index \
                   JOIN pg_class c ON c.oid = indexrelid WHERE c.relname::text <> ALL ($1) AND c.relnamespace = 'public'::regnamespace ORDER BY 1";
        for row in client.query(sql, &[&there]).await? {
            println!("  {:7.1} MB  {}", row.get::<_, f64>(1), row.get::<_, String>(0));
        }
    }
    let mut after = measure(client, application).await?;
    let mut before = before.clone();
    // What seems slower is measured again, with the indexes and without.
    let doubtful = after.slower(&before, application);
    after.again(client, application, &doubtful, AGAIN).await?;
    for name in index_names(client).await? {
        if !there.contains(&name) {
            client.batch_execute(&format!("DROP INDEX \"{name}\"")).await?;
        }
    }
    before.again(client, application, &doubtful, AGAIN).await?;
    if verbose {
        after.compare(&before, application);
    }
    let (worst, of) = after.worst(&before, application);
    println!(
        "{name:<16} {seconds:>8.1} {:>7} {megabytes:>7.0} {:>9.2}% {:>10.2}x {worst:>6.2}x {of}",
        indexes.len(),
        100.0 * after.read_seconds(application) / before.read_seconds(application),
        // Not all of them write.
        after.write_seconds(application).max(f64::MIN_POSITIVE)
            / before.write_seconds(application).max(f64::MIN_POSITIVE),
    );
    Ok(())
}

async fn advise(howdah: &Path, url: &str, file: &Path, options: &[String]) -> Result<(Vec<String>, f64)> {
    let started = Instant::now();
    let output = Command::new(howdah)
        .env("DATABASE_URL", url)
        .args(["index", "advise", "--format", "sql", "--queries"])
        .arg(file)
        .args(options)
        .output()
        .await?;
    let seconds = started.elapsed().as_secs_f64();
    let words = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("howdah: {words}");
    }
    eprint!("{words}");
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok((lines.lines().map(str::to_owned).collect(), seconds))
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn load(client: &Client, domain: Domain, percent: u32) -> Result<()> {
    let there: bool = client
        .query_one(
            "SELECT to_regclass('public.' || $1) IS NOT NULL",
            &[&domain.last_table()],
        )
        .await?
        .get(0);
    if there {
        return Ok(());
    }
    eprintln!("loading …");
    let setup = domain.setup().replace("{scale}", &format!("{percent} / 100"));
    client.batch_execute(&setup).await?;
    if matches!(domain, Domain::Tpch) {
        tpch::fill(client, percent).await?;
    }
    client
        .batch_execute("CREATE EXTENSION IF NOT EXISTS hypopg")
        .await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

async fn index_names(client: &Client) -> Result<Vec<String>> {
    let sql = "SELECT relname::text FROM pg_class WHERE relkind IN ('i', 'I') AND NOT relispartition \
               AND relnamespace = 'public'::regnamespace ORDER BY 1";
    Ok(client
        .query(sql, &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect())
}

async fn index_bytes(client: &Client) -> Result<f64> {
    let sql = "SELECT coalesce(sum(pg_relation_size(oid)), 0)::float8 FROM pg_class WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace";
    Ok(client.query_one(sql, &[]).await?.get(0))
}

/// Where the program is unless it is named.
pub(crate) fn default_program(release: PathBuf) -> PathBuf {
    crate::change::default_program(release)
}
