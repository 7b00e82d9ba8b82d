#[path = "review_sql/files.rs"]
mod files;
#[path = "review_sql/render.rs"]
mod render;
#[path = "review_sql/reported.rs"]
mod reported;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use howdah_core::{Caller, Config, Context, Effect, Error, ErrorKind, Finding, Output, Progress, Report, Result, Severity, Tool, Toolset};
use howdah_lint::query::{self, QueryOptions};
use howdah_lint::migration::Basis;
use howdah_lint::runner::Plan;
use howdah_lint::{ByRehearsal, ByText, NEWEST, Options, Reviewed, Settings, Surroundings, fix};
use howdah_localpg::Installation;
use howdah_pg::Targets;
use howdah_rehearse::Scratch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::no_verdict::no_verdict;
use crate::target_session;
use files::Source;
use reported::Reported;

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
    /// Put the fixes that are safe into the files
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub fix: bool,
    /// Report only what this file does not know; --write-baseline writes it
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub baseline: Option<PathBuf>,
    /// Write what is found now to the baseline, and report nothing of it
    #[arg(long, conflicts_with = "fix")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub write_baseline: bool,
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
        no_verdict(cx, self.review(cx, person).await)
    }
}

impl ReviewSql {
    async fn review(self, cx: &Context, person: bool) -> Result<SqlReview> {
        let names_files = !self.paths.is_empty() || self.baseline.is_some() || self.write_baseline || self.fix;
        if !person && names_files {
            return Err(Error::refused("Files are read for people at the command line only.")
                .hint("Send the script itself, as sql."));
        }
        // Standard input is a person's: in a session of MCP it is the client's own messages.
        if !person && self.sql.is_empty() {
            return Err(Error::invalid("There is no script.").hint("Give the statements in the argument sql."));
        }
        if self.write_baseline && self.baseline.is_none() {
            return Err(Error::invalid("--write-baseline needs the file to write.").hint("Name it with --baseline."));
        }
        let (settings, home) = settings(cx)?;
        let sources = match self.paths.is_empty() && !self.sql.is_empty() {
            true => vec![Source::sent(&self.sql)],
            false => files::read(self.paths.clone(), settings.clone(), home.clone()).await?,
        };
        let (surroundings, note) = self.surroundings(cx, &sources).await?;
        let options = Options {
            major: surroundings
                .as_ref()
                .map(Surroundings::major)
                .or(self.pg)
                .or(settings.pg)
                .unwrap_or(NEWEST),
            small_table_rows: f64::from(self.small_table_rows.or(settings.small_table_rows).unwrap_or(1000)),
        };
        let mut notes: Vec<String> = note.into_iter().collect();
        let scratch = self.scratch(surroundings.as_ref(), &options, &mut notes).await?;
        let against = Against {
            settings,
            home,
            options,
            surroundings,
            scratch,
        };
        let mut review = self.judge(cx, &sources, &against).await?;
        if self.fix {
            let fixed = fixed(&sources, &review)?;
            if !fixed.is_empty() {
                notes.extend(fixed.iter().map(|(_, note)| note.clone()));
                let mut sources = sources;
                for (number, text) in fixed.into_iter().map(|(fixed, _)| fixed) {
                    sources[number].text = text;
                }
                review = self.judge(cx, &sources, &against).await?;
            }
        }
        notes.append(&mut review.notes);
        review.notes = notes;
        Ok(review)
    }

    /// Judges the scripts one after another.
    async fn judge(&self, cx: &Context, sources: &[Source], against: &Against) -> Result<SqlReview> {
        let options = &against.options;
        let from = against.settings.fail_on.map_or(Level::Danger, Level::from);
        let mut review = SqlReview {
            files: Vec::new(),
            counts: Counts::default(),
            notes: Vec::new(),
            format: self.format.unwrap_or_default(),
            fail_on: self.fail_on.unwrap_or(from),
        };
        let baseline = self.baseline.clone();
        let baseline = baseline.or_else(|| Some(against.home.join(against.settings.baseline.as_ref()?)));
        let mut reported = Reported::new(&against.settings, baseline.as_deref(), self.write_baseline)?;
        let plans = self.plans(sources, &against.settings);
        let surroundings = against.surroundings.as_ref();
        let mut by_text = ByText::new(surroundings, options);
        let by_rehearsal = |scratch| ByRehearsal::new(scratch, surroundings, options);
        let mut by_rehearsal = against.scratch.as_ref().map(by_rehearsal);
        let queries = QueryOptions {
            model: surroundings.map(Surroundings::model),
            is_migration: true,
            ..QueryOptions::default()
        };
        for (number, (source, plan)) in sources.iter().zip(&plans).enumerate() {
            let (statements, mut reviewed) = match &mut by_rehearsal {
                Some(by_rehearsal) => {
                    cx.progress.report(Progress {
                        phase: format!("Rehearsing {}", source.name()),
                        fraction: Some(number as f64 / sources.len() as f64),
                        eta_s: None,
                    });
                    let script = source.script(plan);
                    let mut reviewed = match by_rehearsal.review(&script).await {
                        Ok(reviewed) => reviewed,
                        // Worth less than a rehearsal, and more than nothing.
                        Err(error) => {
                            let mut reviewed = by_text.review(&script);
                            reviewed.notes.push(format!(
                                "{} was judged by its text alone, since its rehearsal failed: {error}",
                                source.name()
                            ));
                            reviewed
                        }
                    };
                    reviewed.findings.extend(query::of_script(&script, &queries));
                    (script.spans(), reviewed)
                }
                None => part_by_part(&mut by_text, source, plan, &queries),
            };
            reviewed.findings.sort_by_key(|finding| finding.span.map_or(0, |span| span.start));
            reviewed.findings = reported.of(source, &statements, reviewed.findings);
            review.add(source, reviewed);
        }
        review.notes.extend(reported.finish()?);
        Ok(review)
    }

    fn plans(&self, sources: &[Source], settings: &Settings) -> Vec<Plan> {
        let in_transaction = self.in_transaction || settings.in_transaction == Some(true);
        let around = howdah_lint::runner::Surroundings::default();
        let plan = |source: &Source| source.plan(in_transaction, &around);
        sources.iter().map(plan).collect()
    }

    /// What the target's catalogs say, where a target was named.
    async fn surroundings(&self, cx: &Context, sources: &[Source]) -> Result<(Option<Surroundings>, Option<String>)> {
        let named = self.target.is_some() || cx.get::<Targets>()?.is_asked_for();
        if !named {
            return Ok((None, None));
        }
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let texts: Vec<&str> = sources.iter().map(|source| &*source.text).collect();
        Ok((Some(Surroundings::of(&mut session, &texts).await?), None))
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

/// Judges a script by its text. Where it is very long, only the trees of a part of it are in memory.
fn part_by_part(
    by_text: &mut ByText<'_>,
    source: &Source,
    plan: &Plan,
    queries: &QueryOptions<'_>,
) -> (Vec<Range<usize>>, Reviewed) {
    let mut statements = Vec::new();
    let mut all = Reviewed { findings: Vec::new(), notes: Vec::new(), basis: Basis::Text };
    let mut parts = 0;
    for script in source.parts(plan) {
        let reviewed = by_text.review(&script);
        all.findings.extend(reviewed.findings);
        all.findings.extend(query::of_script(&script, queries));
        all.notes.extend(reviewed.notes);
        statements.extend(script.spans());
        parts += 1;
    }
    if parts > 1 {
        all.notes.push(format!(
            "{} is so long that it was judged in {parts} parts: what statements of different parts do to each other is not seen.",
            source.name()
        ));
    }
    (statements, all)
}

/// What scripts are judged against.
struct Against {
    settings: Settings,
    home: PathBuf,
    options: Options,
    surroundings: Option<Surroundings>,
    scratch: Option<Scratch>,
}

/// Section `[lint]`, and the directory that its paths count from.
fn settings(cx: &Context) -> Result<(Settings, PathBuf)> {
    let Ok(config) = cx.get::<Config>() else {
        return Ok((Settings::default(), PathBuf::new()));
    };
    let settings = config.section("lint")?;
    let file = std::path::absolute(config.origin()).unwrap_or_default();
    let home = file.parent().map(PathBuf::from).unwrap_or_default();
    Ok((settings, home))
}

/// A script with that number, with its safe fixes in place, and what to tell about it.
type Fixed = ((usize, Arc<str>), String);

/// Writes the safe fixes into the files of the scripts.
fn fixed(sources: &[Source], review: &SqlReview) -> Result<Vec<Fixed>> {
    let mut all = Vec::new();
    for (number, (source, file)) in sources.iter().zip(&review.files).enumerate() {
        let Some(path) = &source.path else { continue };
        let findings: Vec<Finding> = file.findings.iter().map(|placed| placed.finding.clone()).collect();
        let fixed = fix::with_safe_fixes(&source.text, &findings);
        if fixed.fixes == 0 {
            continue;
        }
        std::fs::write(path, &fixed.text).map_err(|error| {
            Error::new(ErrorKind::Local, format!("{} cannot be written: {error}", path.display()))
        })?;
        let note = match fixed.fixes {
            1 => format!("1 fix was put into {}.", path.display()),
            fixes => format!("{fixes} fixes were put into {}.", path.display()),
        };
        all.push(((number, fixed.text.into()), note));
    }
    Ok(all)
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Danger => Self::Danger,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Note,
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_person_names_files() {
        let sql = "SELECT 1".to_owned();
        let inputs = [
            ReviewSql { paths: vec!["a.sql".into()], ..ReviewSql::default() },
            ReviewSql { sql: sql.clone(), fix: true, ..ReviewSql::default() },
            ReviewSql { sql: sql.clone(), baseline: Some("a.json".into()), ..ReviewSql::default() },
            ReviewSql { sql, baseline: Some("a.json".into()), write_baseline: true, ..ReviewSql::default() },
        ];
        for caller in [Caller::Agent, Caller::Dashboard] {
            for input in &inputs {
                let error = input.clone().run(&Context::new(caller)).await.unwrap_err();
                assert_eq!(error.kind, ErrorKind::Refused, "{input:?}");
            }
            let nothing = ReviewSql::default();
            assert_eq!(nothing.run(&Context::new(caller)).await.unwrap_err().hint.unwrap(), "Give the statements in the argument sql.");
        }
    }
}
