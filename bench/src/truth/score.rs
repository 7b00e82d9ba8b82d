//! How well `howdah lint` agrees with the servers.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::process::Command;

use super::case::{self, Case, VERSIONS};
use super::verdict::{self, Verdict};
use super::world::{OWNER, Size, World};

/// What is scored.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only cases whose names begin so.
    names: Vec<String>,
    /// Only this version.
    #[arg(long, value_name = "N")]
    pg: Option<u16>,
    /// Only these modes: static, url, rehearse, squawk.
    #[arg(long = "mode", value_name = "MODE")]
    modes: Vec<String>,
    /// Print what the linter says where it is wrong.
    #[arg(long)]
    explain: bool,
}

/// One run must end within this.
const LONGEST_RUN: Duration = Duration::from_secs(60);

/// Rules of squawk that are not about danger: taste, and timeouts.
const MATTERS_OF_STYLE: &str = "prefer-bigint-over-int,prefer-bigint-over-smallint,prefer-identity,\
    prefer-robust-stmts,prefer-text-field,prefer-timestamp-tz,require-lock-timeout,require-statement-timeout";

/// The populated database as the case finds it.
const DATABASE: &str = "truth_score";

#[derive(Default)]
struct Tally {
    hits: u32,
    false_alarms: u32,
    misses: u32,
    passes: u32,
    errors: u32,
    seconds: f64,
}

/// What a linter said.
struct Answer {
    code: Option<i32>,
    text: String,
    seconds: f64,
}

/// Runs the linter on every case, prints the figures and what was wrong.
#[allow(clippy::print_stdout)]
pub(crate) async fn score(arguments: &Arguments, howdah: &Path, peers: Option<&Path>) -> Result<()> {
    let howdah = howdah.canonicalize().with_context(|| {
        format!(
            "{} is missing: build it, or name another with --howdah",
            howdah.display()
        )
    })?;
    let mut cases = case::chosen(&arguments.names)?;
    // The linter changes nothing: cases with the same setup share a database.
    cases.sort_by(|a, b| a.setup.cmp(&b.setup));
    let squawk = peers
        .map(|peers| peers.join("bin/squawk"))
        .filter(|squawk| squawk.exists());
    let mut modes: Vec<&str> = vec!["static", "url", "rehearse"];
    modes.extend(squawk.is_some().then_some("squawk"));
    if !arguments.modes.is_empty() {
        modes.retain(|mode| arguments.modes.iter().any(|wanted| wanted == mode));
    }
    let mut tallies: BTreeMap<(&str, u16), Tally> = BTreeMap::new();
    for version in VERSIONS
        .into_iter()
        .filter(|version| arguments.pg.is_none_or(|only| only == *version))
    {
        let verdicts = verdict::load(version)?;
        let world = match modes.iter().any(|mode| is_live(mode)) {
            true => Some(World::start(version, &[Size::Large]).await?),
            false => None,
        };
        let mut ready: Option<&[(String, bool)]> = None;
        for case in &cases {
            let Some(verdict) = verdicts.get(&case.name) else {
                continue;
            };
            let url = match &world {
                Some(world) => {
                    if ready != Some(case.setup.as_slice()) {
                        world.copy(Size::Large, DATABASE, &case.setup).await?;
                        ready = Some(&case.setup);
                    }
                    Some(world.server.url_as(OWNER, DATABASE))
                }
                None => None,
            };
            for mode in &modes {
                let answer = match *mode {
                    "squawk" => ask_squawk(squawk.as_deref().context("squawk")?, case, version).await?,
                    _ => ask_howdah(&howdah, case, version, mode, url.as_deref()).await?,
                };
                let tally = tallies.entry((mode, version)).or_default();
                if let Some(wrong) = tally.count(verdict, &answer) {
                    println!(
                        "{version} {mode:8} {wrong:11} {:2} {}  [{}]",
                        verdict.letters, case.name, verdict.evidence
                    );
                    if arguments.explain {
                        println!("{}", answer.text.trim_end());
                    }
                }
            }
        }
    }
    print(&tallies);
    Ok(())
}

fn is_live(mode: &str) -> bool {
    matches!(mode, "url" | "rehearse")
}

async fn ask_howdah(
    howdah: &Path,
    case: &Case,
    version: u16,
    mode: &str,
    url: Option<&str>,
) -> Result<Answer> {
    let mut command = Command::new(howdah);
    command.args(["lint", "--pg", &version.to_string()]);
    if case.in_transaction {
        command.arg("--in-transaction");
    }
    if let Some(url) = url.filter(|_| is_live(mode)) {
        command.args(["--url", url]);
    }
    if mode == "rehearse" {
        command.arg("--rehearse");
    }
    ask(command.arg(&case.path)).await
}

/// Squawk has no verdict of its own: its exit code says whether it has
/// anything to say, which is what its users act on.
async fn ask_squawk(squawk: &Path, case: &Case, version: u16) -> Result<Answer> {
    let mut command = Command::new(squawk);
    command.args([
        "--pg-version",
        &format!("{version}.0"),
        "--exclude",
        MATTERS_OF_STYLE,
    ]);
    if case.in_transaction {
        command.arg("--assume-in-transaction");
    }
    ask(command.arg(&case.path)).await
}

async fn ask(command: &mut Command) -> Result<Answer> {
    let start = Instant::now();
    let child = command
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (code, text) = match tokio::time::timeout(LONGEST_RUN, child.wait_with_output()).await {
        Ok(output) => {
            let output = output?;
            let text = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8_lossy(&text).into_owned())
        }
        Err(_) => (None, format!("no answer within {} s", LONGEST_RUN.as_secs())),
    };
    Ok(Answer {
        code,
        text,
        seconds: start.elapsed().as_secs_f64(),
    })
}

impl Tally {
    /// Counts an answer; how it is wrong, where it is.
    fn count(&mut self, verdict: &Verdict, answer: &Answer) -> Option<&'static str> {
        self.seconds += answer.seconds;
        let (count, wrong) = match (answer.code, verdict.dangerous()) {
            (Some(1), true) => (&mut self.hits, None),
            (Some(0), false) => (&mut self.passes, None),
            (Some(1), false) => (&mut self.false_alarms, Some("false alarm")),
            (Some(0), true) => (&mut self.misses, Some("miss")),
            (_, dangerous) => {
                self.errors += 1;
                let count = if dangerous {
                    &mut self.misses
                } else {
                    &mut self.false_alarms
                };
                (count, Some("error"))
            }
        };
        *count += 1;
        wrong
    }

    fn precision(&self) -> f64 {
        f64::from(self.hits) / f64::from(self.hits + self.false_alarms)
    }

    fn recall(&self) -> f64 {
        f64::from(self.hits) / f64::from(self.hits + self.misses)
    }
}

#[allow(clippy::print_stdout)]
fn print(tallies: &BTreeMap<(&str, u16), Tally>) {
    let rows = tallies
        .iter()
        .map(|((mode, version), tally)| {
            let (precision, recall) = (tally.precision(), tally.recall());
            let runs = tally.hits + tally.misses + tally.passes + tally.false_alarms;
            vec![
                (*mode).to_owned(),
                version.to_string(),
                runs.to_string(),
                format!("{precision:.3}"),
                format!("{recall:.3}"),
                format!("{:.3}", 2.0 * precision * recall / (precision + recall)),
                tally.false_alarms.to_string(),
                tally.misses.to_string(),
                tally.errors.to_string(),
                format!("{:.0}", 1000.0 * tally.seconds / f64::from(runs)),
            ]
        })
        .collect();
    let columns = [
        "mode",
        "version",
        "cases",
        "precision",
        "recall",
        "F1",
        "false alarms",
        "misses",
        "errors",
        "ms a case",
    ];
    println!(
        "{}",
        howdah_core::Report::new().table(&columns, rows).to_text(None)
    );
}
