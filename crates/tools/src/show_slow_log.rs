use std::path::PathBuf;

use howdah_aurora::{Clusters, log_of_rds};
use howdah_core::{Caller, Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset};
use howdah_pg::{Host, Origin, Target};
use howdah_watch::slow_log::{SlowLog, SlowLogOptions, summarise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{sql_input, target_session, watched};

/// Sums up a server's log: its slow statements, waits for locks, temporary files, errors, and the work of autovacuum.
///
/// Of each statement: how often it was logged, its total, mean, slowest and 95th percentile, when, who, its share of all
/// time, and the slowest execution. Executions that differ in their constants alone are one statement. The log is that
/// of the target's servers where they are on this machine, or a file; text with any prefix (RDS too), CSV or JSON.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowSlowLog {
    /// A log; - reads standard input.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// From this moment on, written as the log writes its moments, or the beginning of one: 2026-01-31 10.
    #[arg(long, value_name = "MOMENT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What this database did alone.
    #[arg(long, value_name = "DATABASE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// At most so many statements.
    #[arg(long, default_value_t = 10)]
    #[serde(default = "ten")]
    pub limit: usize,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// A log, summed up.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShownLog {
    /// Where it was read.
    pub read: Vec<String>,
    /// What it tells.
    #[serde(flatten)]
    pub log: SlowLog,
}

howdah_core::tool!(ShowSlowLog);

/// At most so many statements are shown, whatever is asked for.
const MOST: usize = 200;

impl Tool for ShowSlowLog {
    const NAME: &'static str = "show_slow_log";
    const TITLE: &'static str = "Sum up the log of slow statements";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["log", "show"];
    const EXAMPLES: &'static str = "
        howdah log show                                  the log of the target's servers on this machine
        howdah log show --since '2026-01-31 10' --json   from ten o'clock on, for a program
        howdah log show --file postgresql.log --limit 5  a log that was fetched from elsewhere";
    type Out = ShownLog;

    async fn run(self, cx: &Context) -> Result<ShownLog> {
        let since = self.since.as_deref().map(moment).transpose()?;
        let mut texts = Vec::new();
        let mut read = Vec::new();
        let mut notes = Vec::new();
        for file in self.files(cx).await? {
            let (text, note) = sql_input::log(file.as_deref()).await?;
            texts.push(text);
            read.push(file.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string()));
            notes.extend(note);
        }
        let options = SlowLogOptions {
            since,
            database: self.of,
            limit: self.limit.clamp(1, MOST),
        };
        let summed = tokio::task::spawn_blocking(move || {
            let mut log = match texts.as_slice() {
                [one] => summarise(one, &options),
                several => summarise(&several.join("\n"), &options),
            };
            log.notes.extend(notes);
            log
        });
        let log = summed
            .await
            .map_err(|error| Error::internal(format!("Reading the log failed: {error}")))?;
        Ok(ShownLog { read, log })
    }
}

/// A moment, or the beginning of one, as a log writes it.
fn moment(text: &str) -> Result<String> {
    const FORM: &str = "0000-00-00 00:00:00";
    let written: String = text.trim().replacen('T', " ", 1);
    let fits = |(c, form): (char, char)| if form == '0' { c.is_ascii_digit() } else { c == form };
    if written.len() < "0000".len() || !written.chars().zip(FORM.chars()).all(fits) {
        return Err(Error::invalid(format!("{text:?} is no moment of a log."))
            .hint("Write it as the log does, or its beginning: 2026-01-31, '2026-01-31 10' or '2026-01-31 10:30:00'."));
    }
    Ok(written)
}

impl ShowSlowLog {
    /// The files to read; `None` is standard input.
    async fn files(&self, cx: &Context) -> Result<Vec<Option<PathBuf>>> {
        let is_person = matches!(cx.caller, Caller::Person { .. });
        if let Some(file) = &self.file {
            if !is_person {
                return Err(Error::refused("Files are read for people at the command line only.")
                    .hint("Without `file` the log of the target's servers is read, where they are on this machine."));
            }
            let is_file = file.as_os_str() != "-";
            return Ok(vec![is_file.then(|| file.clone())]);
        }
        let target = target_session::resolve(cx, self.target.as_deref(), None).await?;
        let files = match target.origin {
            Origin::Cluster => {
                let cluster = target.name.split('/').next().unwrap_or(&target.name);
                cx.get::<Clusters>()?.logs(cluster).await?
            }
            // What a server calls its log is read with this person's rights.
            _ if is_person => vec![told_by(cx, &target).await?],
            _ => return Err(elsewhere(&target)),
        };
        Ok(files.into_iter().map(Some).collect())
    }
}

/// Where a server on this machine says that its log is.
async fn told_by(cx: &Context, target: &Target) -> Result<PathBuf> {
    let is_here = |host: &Host| {
        let name = host.name();
        name == "localhost" || name.starts_with(['/', '@']) || host.address().is_some_and(|address| address.is_loopback())
    };
    if !target.conninfo.hosts().iter().all(is_here) {
        return Err(elsewhere(target));
    }
    let mut session = target_session::open(cx, Some(&target.name), None).await?;
    let asked = "SELECT pg_catalog.current_setting('data_directory', true), pg_catalog.pg_current_logfile()";
    let rows = session.query(asked, &[]).await.map_err(|_| elsewhere(target))?;
    let told = rows.first().and_then(|row| Some((row.get(0)?, row.get(1)?)));
    let (data, log) = told.ok_or_else(|| elsewhere(target))?;
    Ok(PathBuf::from(data).join(log))
}

fn elsewhere(target: &Target) -> Error {
    let error = Error::new(
        ErrorKind::NotFound,
        format!("The log of target {} is not known to be on this machine.", target.name),
    );
    let names: Vec<String> = target.conninfo.hosts().iter().map(Host::name).collect();
    let of_rds = names.iter().find(|name| name.ends_with(".rds.amazonaws.com")).and_then(|name| name.split('.').next());
    match of_rds {
        Some(instance) => error.hint(log_of_rds(instance)),
        None => error.hint("Give it with --file; `SHOW log_directory` and `SHOW data_directory` say where the server keeps it, or journalctl has it."),
    }
}

impl ShownLog {
    fn counted(&self) -> String {
        let log = &self.log;
        let span = match (&log.from, &log.to) {
            (Some(from), Some(to)) => format!("From {from} to {to}: "),
            _ => String::new(),
        };
        format!(
            "{span}{} of {} took {:.1} s; {} of the log were read.",
            howdah_core::counted(log.calls, "execution"),
            howdah_core::counted(log.different, "slow statement"),
            log.total_ms / 1_000.0,
            howdah_core::counted(log.entries, "entry")
        )
    }
}

impl Output for ShownLog {
    fn report(&self) -> Report {
        let log = &self.log;
        let mut report = Report::new().text(self.counted());
        if !log.statements.is_empty() {
            let rows = log.statements.iter().map(|one| {
                vec![
                    format!("{:.1} %", one.share_percent),
                    one.calls.to_string(),
                    format!("{:.0} ms", one.mean_ms),
                    format!("{:.0} ms", one.p95_ms),
                    format!("{:.0} ms", one.max_ms),
                    one.last.clone().unwrap_or_default(),
                    watched::one_line(&one.statement, 100),
                ]
            });
            report = report.table(&["Time", "Calls", "Mean", "p95", "Max", "Last", "Statement"], rows.collect());
        }
        if !log.noted.is_empty() {
            let rows = log.noted.iter().map(|one| {
                let much = match (one.total_ms, one.bytes) {
                    (Some(ms), _) => format!("{:.1} s", ms / 1_000.0),
                    (None, Some(bytes)) => howdah_core::human_bytes(bytes),
                    (None, None) => String::new(),
                };
                vec![
                    one.kind.name().to_owned(),
                    one.times.to_string(),
                    much,
                    one.last.clone().unwrap_or_default(),
                    watched::one_line(&one.message, 100),
                ]
            });
            report = report.table(&["Also", "Times", "In all", "Last", "What"], rows.collect());
        }
        log.notes.iter().fold(report, |report, note| report.text(note.clone()))
    }

    fn summary(&self) -> String {
        let mut summary = self.counted();
        for one in self.log.statements.iter().take(3) {
            summary.push_str(&format!(
                "\n{:.0} % of the time, {} times {:.0} ms: {}",
                one.share_percent,
                one.calls,
                one.mean_ms,
                watched::one_line(&one.statement, 160)
            ));
        }
        for one in self.log.noted.iter().take(5) {
            summary.push_str(&format!("\n{}, {} times: {}", one.kind.name(), one.times, watched::one_line(&one.message, 160)));
        }
        for note in &self.log.notes {
            summary.push_str(&format!("\n{note}"));
        }
        summary
    }
}

fn ten() -> usize {
    10
}
