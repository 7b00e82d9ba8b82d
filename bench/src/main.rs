//! Speed and memory of Howdah against a raw driver in the same run, and, when
//! asked, against the peers that pip can install. Ratios count; absolute
//! figures belong to the machine.

mod change;
mod export;
mod health;
mod index;
mod latency;
mod lint;
mod measure;
mod paint;
mod peers;
mod rows;
mod spawn;
mod spent;
mod truth;
mod watch;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use measure::{Line, Setting};

/// Measures Howdah and prints a table of figures, budgets and ratios.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Measure only these: spawn, select1, inflight, rows, export, paint.
    names: Vec<String>,
    /// Also measure the peers installed in this Python environment.
    #[arg(long, global = true, value_name = "VENV")]
    peers: Option<std::path::PathBuf>,
    /// The binary to measure.
    #[arg(long, global = true, default_value = "target/release/howdah")]
    howdah: std::path::PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Schema changes beside an open-loop load: what clients feel, and whether every row is right.
    Change(change::Arguments),
    /// `howdah lint` and `howdah review`: CPU time, memory, rehearsals.
    Lint(lint::Arguments),
    /// `howdah health` and `howdah review` of a large schema, and of many targets at once.
    Health(health::Arguments),
    /// A day of samples of many databases: size, questions, expiry.
    Watch(watch::Arguments),
    /// Index advice: what is advised is built and measured.
    Index(index::Arguments),
    /// The truth set of migrations: verdicts from servers, and how well `howdah lint` agrees.
    #[command(subcommand)]
    Truth(truth::Command),
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Change(command)) => {
            return change::run(command, &change::default_program(arguments.howdah)).await;
        }
        Some(Command::Lint(command)) => {
            return lint::run(command, &arguments.howdah, arguments.peers.as_deref()).await;
        }
        Some(Command::Health(command)) => {
            return health::run(command, &arguments.howdah).await;
        }
        Some(Command::Watch(command)) => {
            return watch::run(command).await;
        }
        Some(Command::Index(command)) => {
            let program = index::default_program(arguments.howdah);
            return index::run(command, &program, arguments.peers.as_deref()).await;
        }
        Some(Command::Truth(command)) => {
            return truth::run(command, arguments.howdah, arguments.peers).await;
        }
        None => {}
    }
    let major = howdah_testkit::majors()[0];
    let server = howdah_testkit::server(major).await;
    let database = server.database("bench").await;
    let howdah = arguments.howdah.canonicalize().with_context(|| {
        format!(
            "{} is missing: build it with `cargo build --release -p howdah`",
            arguments.howdah.display()
        )
    })?;
    // Both sides in the clear: libpq's default would have one of them encrypt.
    let url = format!(
        "{}{}sslmode=disable",
        database.url(),
        if database.url().contains('?') { '&' } else { '?' }
    );
    let mut settings = vec![Setting::howdah(&howdah, &url)];
    if let Some(venv) = &arguments.peers {
        settings.extend(peers::installed(venv, &url));
    }

    let wanted = |name: &str| arguments.names.is_empty() || arguments.names.iter().any(|n| n == name);
    let mut lines: Vec<Line> = Vec::new();
    for setting in &settings {
        eprintln!("measuring {} …", setting.name);
        if wanted("spawn") {
            lines.extend(spawn::measure(setting).await?);
        }
        if setting.tool.is_empty() {
            eprintln!(
                "{} connects only with a secret kept at AWS: its start alone is measured",
                setting.name
            );
            continue;
        }
        if wanted("select1") {
            lines.extend(latency::select1(setting).await?);
        }
        if wanted("inflight") {
            lines.extend(latency::in_flight(setting).await?);
        }
        if wanted("rows") {
            lines.extend(rows::measure(setting).await?);
        }
    }
    if wanted("export") {
        lines.extend(export::measure(&howdah, &url).await?);
    }
    if wanted("paint") {
        lines.extend(paint::measure(&howdah, &url).await?);
    }
    measure::print(&lines, major, arguments.json);
    Ok(())
}
