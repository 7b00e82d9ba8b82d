#[path = "review_sql/files.rs"]
mod files;
#[path = "review_sql/render.rs"]
mod render;

use std::path::PathBuf;
use std::sync::Arc;

use howdah_core::{Caller, Context, Effect, Error, ErrorKind, Finding, Output, Progress, Report, Result, Severity, Tool, Toolset};
use howdah_lint::migration::{Basis, Script};
use howdah_lint::{ByText, NEWEST, Options, Reviewed, Surroundings, by_rehearsal};
use howdah_localpg::Installation;
use howdah_pg::Targets;
use howdah_rehearse::Scratch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::target_session;
use files::Source;

/// Judges migrations before they run: what blocks clients for as long as a table is large, breaks
/// statements that work now, loses data, fails, or leaves something behind.
///
/// With a target its schema is rebuilt in a scratch database on a server of this machine, without
/// rows; the script runs there statement by statement, and what it did is read from the server
/// and multiplied by the target's sizes. The target itself is only asked for its catalogs.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ReviewSql {
    /// The script, of one statement or many.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sql: String,
    /// Files, or directories whose files run in the order of their names; - is standard input
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    pub paths: Vec<PathBuf>,
    /// The major version of the server, 13 to 18; the target's own where there is one.
    #[arg(long, value_name = "MAJOR", value_parser = clap::value_parser!(u16).range(13..=18))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 13, max = 18))]
    pub pg: Option<u16>,
    /// Each script runs in one transaction, as many migration tools have it.
    #[arg(long)]
    #[serde(default)]
    pub in_transaction: bool,
    /// Run the script in a scratch database on this machine, and believe what the server shows:
    /// true or false. With a target that is what happens if not given.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearse: Option<bool>,
    /// Tables of no more rows are small: what happens to them is a note (1000 if not given).
    #[arg(long, value_name = "ROWS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small_table_rows: Option<u32>,
    /// text (if not given), json, sarif or github
    #[arg(long, value_name = "FORMAT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub format: Option<Format>,
    /// Exit with 1 if a finding is at least as severe: danger (if not given), warning or note
    #[arg(long, value_name = "SEVERITY")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub fail_on: Option<Level>,
    /// The target; none if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// How the findings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people, with the lines of the source.
    #[default]
    Text,
    /// As --json.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
}

/// From which severity on the exit code is 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What blocks, breaks, loses, fails or leaves debris.
    #[default]
    Danger,
    /// And what should be looked at.
    Warning,
    /// And what is worth knowing.
    Note,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SqlReview {
    /// One for each script.
    pub files: Vec<FileReview>,
    /// How many findings of each severity there are.
    pub counts: Counts,
    /// What limits the findings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(skip)]
    format: Format,
    #[serde(skip)]
    fail_on: Level,
}

/// The findings in one script.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FileReview {
    /// The file; absent for a script that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// text, or rehearsal.
    pub basis: String,
    /// In the order of the script.
    pub findings: Vec<PlacedFinding>,
    #[serde(skip)]
    source: Arc<str>,
}

/// A finding and where it stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlacedFinding {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
}

/// How many findings of each severity there are.
#[derive(Debug, Default, Clone, Copy, Serialize, JsonSchema)]
pub struct Counts {
    /// See the severity of findings.
    pub danger: usize,
    /// See the severity of findings.
    pub warning: usize,
    /// See the severity of findings.
    pub note: usize,
}

howdah_core::tool!(ReviewSql);

impl Tool for ReviewSql {
    const NAME: &'static str = "review_sql";
    const TITLE: &'static str = "Review a migration";
    const TOOLSET: Toolset = Toolset::Build;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["lint"];
    const EXAMPLES: &'static str = "
        howdah lint migrations/                             a directory, in the order of its names
        howdah lint --pg 15 --in-transaction V7__orders.sql   as its runner will run it
        howdah lint --url postgres://app@db/shop V7__orders.sql   against the real schema and sizes
        howdah lint --format sarif migrations/ > lint.sarif   for code scanning";
    type Out = SqlReview;

    async fn run(self, cx: &Context) -> Result<SqlReview> {
        let person = matches!(cx.caller, Caller::Person { .. });
        match self.review(cx, person).await {
            // To a script that runs this, whatever kept it from judging is the same: no verdict.
            Err(error) if person && error.kind != ErrorKind::Cancelled => Err(Error {
                kind: ErrorKind::Local,
                ..error
            }),
            result => result,
        }
    }
}

impl ReviewSql {
    async fn review(self, cx: &Context, person: bool) -> Result<SqlReview> {
        if !person && !self.paths.is_empty() {
            return Err(Error::refused("Files are read for people at the command line only.")
                .hint("Send the script itself, as sql."));
        }
        let sources = match self.paths.is_empty() && !self.sql.is_empty() {
            true => vec![Source::sent(&self.sql)],
            false => files::read(self.paths.clone()).await?,
        };
        let (surroundings, note) = self.surroundings(cx).await?;
        let options = Options {
            major: surroundings
                .as_ref()
                .map(Surroundings::major)
                .or(self.pg)
                .unwrap_or(NEWEST),
            small_table_rows: f64::from(self.small_table_rows.unwrap_or(1000)),
        };
        let mut review = SqlReview {
            files: Vec::new(),
            counts: Counts::default(),
            notes: note.into_iter().collect(),
            format: self.format.unwrap_or_default(),
            fail_on: self.fail_on.unwrap_or_default(),
        };
        let scripts: Vec<Script<'_>> = sources.iter().map(|source| source.script(self.in_transaction)).collect();
        let scratch = self.scratch(surroundings.as_ref(), &options, &mut review.notes).await?;
        let mut by_text = ByText::new(surroundings.as_ref(), &options);
        for (number, (source, script)) in sources.iter().zip(&scripts).enumerate() {
            let reviewed = match &scratch {
                Some(scratch) => {
                    cx.progress.report(Progress {
                        phase: format!("Rehearsing {}", source.name()),
                        fraction: Some(number as f64 / sources.len() as f64),
                        eta_s: None,
                    });
                    let before: Vec<&Script<'_>> = scripts[..number].iter().collect();
                    by_rehearsal(scratch, surroundings.as_ref(), &before, script, &options).await?
                }
                None => by_text.review(script),
            };
            review.add(source, reviewed);
        }
        Ok(review)
    }

    /// What the target's catalogs say, where a target was named.
    async fn surroundings(&self, cx: &Context) -> Result<(Option<Surroundings>, Option<String>)> {
        let named = self.target.is_some() || cx.get::<Targets>()?.is_asked_for();
        if !named {
            return Ok((None, None));
        }
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        Ok((Some(Surroundings::of(&mut session).await?), None))
    }

    /// A scratch server, where a rehearsal is wanted, or possible with a target.
    async fn scratch(
        &self,
        surroundings: Option<&Surroundings>,
        options: &Options,
        notes: &mut Vec<String>,
    ) -> Result<Option<Scratch>> {
        if !self.rehearse.unwrap_or(surroundings.is_some()) {
            return Ok(None);
        }
        let installed = || {
            let mut all = Installation::all();
            all.extend(Installation::running());
            all
        };
        let major = surroundings.map(Surroundings::major).or(self.pg).or(Some(options.major));
        match Scratch::among(installed, major).await {
            Ok(scratch) => Ok(Some(scratch)),
            Err(error) if self.rehearse == Some(true) => Err(error.into()),
            Err(error) => {
                notes.push(format!("Judged by the text alone, since there is no server to rehearse on: {error}"));
                Ok(None)
            }
        }
    }
}

impl SqlReview {
    fn add(&mut self, source: &Source, reviewed: Reviewed) {
        for note in reviewed.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        let mut lines = files::Lines::of(&source.text);
        let placed = reviewed.findings.into_iter().map(|finding| {
            let (line, column) = lines.place(finding.span.map_or(0, |span| span.start));
            PlacedFinding { line, column, finding }
        });
        let findings: Vec<PlacedFinding> = placed.collect();
        for placed in &findings {
            match placed.finding.severity {
                Severity::Danger => self.counts.danger += 1,
                Severity::Warning => self.counts.warning += 1,
                Severity::Note => self.counts.note += 1,
            }
        }
        self.files.push(FileReview {
            path: source.path.as_ref().map(|path| path.display().to_string()),
            basis: match reviewed.basis {
                Basis::Text => "text".to_owned(),
                Basis::Rehearsal => "rehearsal".to_owned(),
            },
            findings,
            source: Arc::clone(&source.text),
        });
    }

    fn worst(&self) -> Option<Severity> {
        self.files
            .iter()
            .flat_map(|file| &file.findings)
            .map(|placed| placed.finding.severity)
            .max()
    }
}

impl Output for SqlReview {
    fn report(&self) -> Report {
        match self.format {
            Format::Text => render::text(self),
            Format::Json => Report::new().code(serde_json::to_string_pretty(self).unwrap_or_default()),
            Format::Sarif => Report::new().code(render::sarif(self)),
            Format::Github => Report::new().code(render::github(self)),
        }
    }

    fn summary(&self) -> String {
        let Counts { danger, warning, note } = self.counts;
        match self.worst() {
            None => "Nothing was found.".to_owned(),
            Some(Severity::Danger) => format!("Dangerous: {danger} dangers, {warning} warnings, {note} notes."),
            Some(_) => format!("No danger; {warning} warnings, {note} notes."),
        }
    }

    fn exit_code(&self) -> u8 {
        let from = match self.fail_on {
            Level::Danger => Severity::Danger,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Note,
        };
        u8::from(self.worst().is_some_and(|worst| worst >= from))
    }
}
