#[path = "advise_indexes/elsewhere.rs"]
mod elsewhere;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use howdah_advise::indexes::{Advice, AdviseOptions, Workload, advise, counted, logged, verify, why_not};
use howdah_core::{Caller, Context, Effect, Error, Output, Progress, Report, Result, Tool, Toolset, human_bytes};
use howdah_pg::{ConnInfo, NoEnvironment, Origin, PgError, Session, Target};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{sql_input, target_session};

/// Advises indexes for a workload: which to build, what they bring, what they take and what they cost the writes.
///
/// Candidates come from the statements as the server resolves them: equality, ranges, order, joins, groups, covering
/// and partial indexes, expressions, patterns, documents, arrays, full text, block ranges. The server's own planner
/// tells what each would bring, through the extension hypopg, with several sets of constants. Nothing is changed and
/// no statement is run. The workload is a text of statements separated by semicolons; a comment such as
/// `-- weight: 40` before one says how often it runs (1 if not given). Statements that differ only in their constants
/// are samples of one. INSERT, UPDATE and DELETE count too: they pay for every index.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct AdviseIndexes {
    /// The statements, separated by semicolons; `$1` stands for a parameter. If not given, those that
    /// pg_stat_statements has counted in this database.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// A file of statements separated by semicolons, or - for standard input; else what pg_stat_statements counted
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub queries: Option<PathBuf>,
    /// A log of the server, with the statements that it found slow or the plans of auto_explain: text with any prefix (RDS too), CSV or JSON
    #[arg(long, value_name = "FILE", conflicts_with = "queries", value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub log: Option<PathBuf>,
    /// Megabytes that the new indexes may take together (500 if not given).
    #[arg(long, value_name = "MB")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub budget: Option<u32>,
    /// What the workload's writes may cost with them, as a multiple of what they cost now (2.5 if not given).
    #[arg(long, value_name = "FACTOR")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_factor: Option<f64>,
    /// Seconds to look for a better answer; if not given what takes a quiet machine 8 (most workloads need two), and a busy one 20 at most. The answer is good after the first.
    #[arg(long, value_name = "SECONDS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// A copy of the database (a clone, a restored snapshot) as a target or a URL: indexes are built there, the statements that read are run, what does not hold is taken out, and all is dropped again
    #[arg(long, value_name = "TARGET")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub verify: Option<String>,
    /// Text (if not given); sql: one CREATE INDEX a line and nothing else; or json.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    #[serde(default)]
    pub format: AdviceFormat,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// How advice is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdviceFormat {
    /// For reading.
    #[default]
    Text,
    /// One CREATE INDEX a line.
    Sql,
    /// Everything, for a program.
    Json,
}

/// The advice, and how it was asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IndexAdvice {
    /// The indexes and what they bring.
    #[serde(flatten)]
    pub advice: Advice,
    #[serde(skip)]
    #[schemars(skip)]
    format: AdviceFormat,
}

howdah_core::tool!(AdviseIndexes);

/// Seconds that may be asked for.
const MOST_SECONDS: f64 = 3_600.0;

impl Tool for AdviseIndexes {
    const NAME: &'static str = "advise_indexes";
    const TITLE: &'static str = "Advise indexes";
    const TOOLSET: Toolset = Toolset::Build;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["index", "advise"];
    const EXAMPLES: &'static str = "
        howdah index advise                                        what to build for what pg_stat_statements counted
        howdah index advise --queries app.sql                      for a file of statements
        howdah index advise --verify my-clone                      tried out in a clone first
        howdah index advise --queries app.sql --format sql | psql   build it at once
        howdah index advise --log postgresql.log                   for what the server logged as slow
        howdah index advise --queries app.sql --budget 200 --write-factor 1.5   within tighter bounds";
    type Out = IndexAdvice;

    async fn run(self, cx: &Context) -> Result<IndexAdvice> {
        let mut options = self.options()?;
        // A role that may do that is a person's own; an agent is told how to have it created.
        options.create_for_the_moment = matches!(cx.caller, Caller::Person { .. });
        let given = self.given(cx).await?;
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let report = |phase: &str| {
            cx.progress.report(Progress {
                phase: phase.to_owned(),
                fraction: None,
                eta_s: None,
            });
        };
        let (workload, notes) = match given {
            Some(Given::Statements(text)) => (Workload::read(&text), Vec::new()),
            Some(Given::Log(text, note)) => {
                let (workload, mut notes) = logged(&mut session, &text).await?;
                notes.extend(note);
                (workload, notes)
            }
            // The weights are read before anything is planned, which is counted as well.
            None => counted(&mut session).await?,
        };
        let mut advice = match why_not(&mut session, &options).await? {
            None => advise(&mut session, &workload, &options, &report).await?,
            Some(refusal) => {
                elsewhere::advise_elsewhere(&mut session, &workload, &options, &report, refusal).await?
            }
        };
        if let Some(copy) = &self.verify {
            let mut copy = self.copy(cx, copy).await?;
            verify(&mut session, &mut copy, &mut advice, &report).await?;
        }
        advice.notes.splice(0..0, notes);
        Ok(IndexAdvice {
            advice,
            format: self.format,
        })
    }
}

impl AdviseIndexes {
    fn options(&self) -> Result<AdviseOptions> {
        let mut options = AdviseOptions::default();
        if let Some(megabytes) = self.budget {
            options.budget_bytes = u64::from(megabytes) * 1024 * 1024;
        }
        if let Some(factor) = self.write_factor {
            if !(1.0..=100.0).contains(&factor) {
                return Err(Error::invalid("The write factor is a multiple from 1 to 100."));
            }
            options.write_factor = factor;
        }
        if let Some(seconds) = self.seconds {
            if !(0.1..=MOST_SECONDS).contains(&seconds) {
                return Err(Error::invalid("The seconds are from 0.1 to 3600."));
            }
            options.time = Duration::from_secs_f64(seconds);
            options.plans = None;
        }
        Ok(options)
    }

    /// A session on a copy of the database, in which indexes may be built.
    async fn copy(&self, cx: &Context, copy: &str) -> Result<Session> {
        if !matches!(cx.caller, Caller::Person { .. }) {
            return Err(Error::refused("Indexes are built in a copy for people at the command line only."));
        }
        if !copy.contains("://") && !copy.contains('=') {
            return target_session::open(cx, Some(copy), self.database.as_deref()).await;
        }
        let conninfo = ConnInfo::parse_with(copy, &NoEnvironment).map_err(PgError::from)?;
        let target = Arc::new(Target::new("copy", conninfo, Origin::CommandLine));
        Ok(target.session().await?)
    }

    /// The workload as it is given; none where the server has counted it.
    async fn given(&self, cx: &Context) -> Result<Option<Given>> {
        if let Some(sql) = &self.sql {
            return Ok(Some(Given::Statements(sql.clone())));
        }
        let Some(file) = self.queries.as_ref().or(self.log.as_ref()) else {
            return Ok(None);
        };
        if !matches!(cx.caller, Caller::Person { .. }) {
            return Err(Error::refused("Files are read for people at the command line only.")
                .hint("Give the statements as `sql`."));
        }
        let from_stdin = file.as_os_str() == "-";
        let file = (!from_stdin).then_some(file.as_path());
        Ok(Some(match &self.log {
            Some(_) => {
                let (text, note) = sql_input::log(file).await?;
                Given::Log(text, note)
            }
            None => Given::Statements(sql_input::workload(file).await?),
        }))
    }
}

/// Where the workload comes from.
enum Given {
    /// A text of statements.
    Statements(String),
    /// A server's log, and what is to be said of how it was read.
    Log(String, Option<String>),
}

impl Output for IndexAdvice {
    fn report(&self) -> Report {
        match self.format {
            AdviceFormat::Text => self.text(),
            AdviceFormat::Sql => {
                // Standard output is for the indexes alone.
                for unread in &self.advice.not_planned {
                    tracing::warn!("Not planned: {} {}", unread.statement, unread.reason);
                }
                for note in &self.advice.notes {
                    tracing::warn!("{note}");
                }
                let lines: Vec<&str> = self.advice.indexes.iter().map(|index| index.create.as_str()).collect();
                match lines.is_empty() {
                    true => Report::new(),
                    false => Report::new().code(lines.join("\n")),
                }
            }
            AdviceFormat::Json => {
                let json = serde_json::to_string_pretty(self).unwrap_or_default();
                Report::new().code(json)
            }
        }
    }

    fn summary(&self) -> String {
        let mut summary = self.counted();
        for index in self.advice.indexes.iter().take(10) {
            summary.push_str(&format!("\n{}", index.ddl));
        }
        if self.advice.indexes.len() > 10 {
            summary.push_str("\nThe others are in the structured output.");
        }
        for unread in self.advice.not_planned.iter().take(5) {
            summary.push_str(&format!("\nNot planned: {} {}", unread.statement, unread.reason));
        }
        for note in &self.advice.notes {
            summary.push_str(&format!("\n{note}"));
        }
        summary
    }
}

impl IndexAdvice {
    fn counted(&self) -> String {
        let advice = &self.advice;
        if advice.statements == 0 {
            return match advice.not_planned.len() {
                0 => "There is no statement in the workload, so that there is nothing to advise.".to_owned(),
                _ => format!(
                    "Nothing is advised: of {} none could be planned.",
                    howdah_core::counted(advice.not_planned.len(), "statement")
                ),
            };
        }
        if advice.indexes.is_empty() {
            return format!(
                "No index is worth its cost, for {} that could be planned.",
                howdah_core::counted(advice.statements, "statement")
            );
        }
        format!(
            "{} of {} {} {:.1} % of the work of {}, by the planner's reckoning; the writes cost {:.2} times \
             what they do now. {} plans in {:.1} s.",
            howdah_core::counted(advice.indexes.len(), "index"),
            human_bytes(advice.bytes),
            if advice.indexes.len() == 1 { "leaves" } else { "leave" },
            advice.left_percent,
            howdah_core::counted(advice.statements, "statement"),
            advice.write_factor,
            advice.plans,
            advice.duration_ms as f64 / 1000.0
        )
    }

    fn text(&self) -> Report {
        let mut report = Report::new();
        for index in &self.advice.indexes {
            let mut text = format!("{}\n  {}", index.ddl, human_bytes(index.bytes));
            if index.write_factor_without + 0.005 < self.advice.write_factor {
                text.push_str(&format!(
                    "; without it the writes cost {:.2} times what they do now in place of {:.2}",
                    index.write_factor_without, self.advice.write_factor
                ));
            }
            if !index.is_planned {
                text.push_str("; its cost is by a rule, as the planner cannot pretend its kind");
            }
            if let Some(name) = &index.replaces {
                text.push_str(&format!("\n  the index {name} is then superfluous"));
            }
            for helped in index.helps.iter().take(3) {
                let line = helped.line.map_or(String::new(), |line| format!("line {line}: "));
                text.push_str(&format!(
                    "\n  {} → {}  {line}{}",
                    helped.cost_without, helped.cost_with, helped.statement
                ));
            }
            if index.helps.len() > 3 {
                text.push_str(&format!("\n  and {} more", index.helps.len() - 3));
            }
            report = report.text(text);
        }
        for unread in &self.advice.not_planned {
            let line = unread.line.map_or(String::new(), |line| format!("line {line}: "));
            report = report.text(format!("Not planned: {line}{}\n  {}", unread.statement, unread.reason));
        }
        for note in &self.advice.notes {
            report = report.text(note.clone());
        }
        if let Some(verified) = &self.advice.verified {
            let mut text = format!(
                "Measured in the copy: {:.1} % of the time of {} runs is left.",
                verified.left_percent, verified.runs
            );
            for dropped in &verified.dropped {
                text.push_str(&format!("\n  not worth it: {}\n    {}", dropped.create, dropped.reason));
            }
            for slower in &verified.slower {
                text.push_str(&format!(
                    "\n  slower, {} → {} ms: {}",
                    slower.before_ms, slower.after_ms, slower.statement
                ));
            }
            for statistic in &verified.statistics {
                text.push_str(&format!(
                    "\n  {}\n    {} rows where {} were expected, with it {}: {}",
                    statistic.create,
                    statistic.rows,
                    statistic.expected_without,
                    statistic.expected_with,
                    statistic.condition
                ));
            }
            report = report.text(text);
        }
        report.text(self.counted())
    }
}
