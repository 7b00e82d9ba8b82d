#[path = "review_schema/files.rs"]
mod files;
#[path = "review_schema/report.rs"]
mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;

use howdah_core::{
    Caller, Config, Context, Effect, Error, Output, Report, Result, Severity, Tool, Toolset,
};
use howdah_lint::Profile;
use howdah_lint::schema::{ReviewOptions, Reviewed, SchemaFinding, Skipped, review};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::no_verdict::no_verdict;
use crate::target_session;

/// Reviews the design of a database: keys, foreign keys, types, nullability, normal form, indexes, names
/// and privileges, from the catalog, the statistics and, where allowed, samples of the rows.
///
/// Each finding names the object, what it rests on, the SQL that mends it and the section of the guide.
/// Nothing is changed. What the role may not read is skipped, and said.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ReviewSchema {
    /// Files of DDL, or directories of them, to review in place of a target: they are built in a scratch database
    /// on this machine. For people at the command line.
    #[arg(value_name = "FILE")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PathBuf>,
    /// DDL to review in place of a target: it is built in a scratch database on this machine.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// Only these schemas.
    #[arg(long = "schema", value_name = "NAME", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<String>,
    /// Only these rules, by code: schema/no-primary-key, or no-primary-key. Also runs rules that are off by default.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Not these rules.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Whose opinion counts where opinions differ: modern (bigint, identity, text), or guide, the guide's letter.
    #[arg(long, value_name = "PROFILE", value_parser = parsed::<Profile>, hide_possible_values = true)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Whether to look at samples of the rows, for dependencies between columns and orphans: true or false.
    /// A person's reviews do unless told otherwise, an agent's where `sample = true` stands in section [review].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<bool>,
    /// Milliseconds to spend on samples (2500 if not given).
    #[arg(long, value_name = "MS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 600_000))]
    pub sample_budget_ms: Option<u64>,
    /// Read whole tables to confirm what samples and statistics suggest.
    #[arg(long)]
    #[serde(default)]
    pub confirm: bool,
    /// Exit with 1 if there is a finding at least as severe: note, warning, danger (the default) or never.
    #[arg(long, value_name = "SEVERITY", value_parser = parsed::<FailOn>, hide_possible_values = true)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<FailOn>,
    /// How many findings to give, the worst first: 10,000 if not given, 100 for an agent.
    #[arg(long, value_name = "N")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub limit: Option<usize>,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// From which severity on the exit code is 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailOn {
    /// Any finding.
    Note,
    /// Warnings and dangers.
    Warning,
    /// Dangers.
    #[default]
    Danger,
    /// Never.
    Never,
}

impl FailOn {
    fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Note => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Danger => severity == Severity::Danger,
            Self::Never => false,
        }
    }
}

/// A word of an option as its type reads it in JSON.
fn parsed<T: serde::de::DeserializeOwned>(word: &str) -> std::result::Result<T, String> {
    let value = serde_json::Value::String(word.replace('-', "_"));
    // The message of serde lists the words that are possible.
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// What the review found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SchemaReview {
    /// The database.
    pub database: String,
    /// The worst first, then by table.
    pub findings: Vec<SchemaFinding>,
    /// How many there are of each severity, those that were left out too.
    pub counts: Counts,
    /// How many findings were left out of `findings`.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// How many there are of each rule.
    pub by_rule: BTreeMap<String, usize>,
    /// What could not be looked at, and why.
    pub skipped: Vec<Skipped>,
    /// Tables that were reviewed, without partitions.
    pub tables: usize,
    /// What the statistics are worth; none of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistics: Option<StatisticsAge>,
    #[serde(skip)]
    #[schemars(skip)]
    fail_on: FailOn,
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Something is lost, fails or soon will.
    pub danger: usize,
    /// To be looked at.
    pub warning: usize,
    /// Worth knowing.
    pub note: usize,
}

/// What the statistics are worth.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StatisticsAge {
    /// Days that the counters of use have been counting on this server.
    pub counted_days: f64,
    /// Tables that were never analysed: nothing is known of their rows.
    pub never_analyzed: usize,
    /// Days since the table whose statistics are oldest was analysed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_days: Option<f64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

howdah_core::tool!(ReviewSchema);

/// Findings that an agent gets where it names no number.
const AGENT_LIMIT: usize = 100;
/// Findings that anybody gets: more are not read, and take room.
const MOST_FINDINGS: usize = 10_000;

impl Tool for ReviewSchema {
    const NAME: &'static str = "review_schema";
    const TITLE: &'static str = "Review the schema";
    const TOOLSET: Toolset = Toolset::Build;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["review"];
    const EXAMPLES: &'static str = "
        howdah review                                     the schema of the default target
        howdah review --schema sales --fail-on warning    one schema; exit code 1 if anything is wrong
        howdah review --only functional-dependency --confirm   one rule, checked against all rows
        howdah review schema.sql migrations/               files of DDL, built in a scratch database";
    type Out = SchemaReview;

    async fn run(self, cx: &Context) -> Result<SchemaReview> {
        no_verdict(cx, self.review(cx).await)
    }
}

impl ReviewSchema {
    async fn review(self, cx: &Context) -> Result<SchemaReview> {
        let mut options = self.options(cx)?;
        options.most_findings = match (self.limit, cx.caller) {
            (Some(limit), _) => limit.clamp(1, 1_000_000),
            (None, Caller::Agent) => AGENT_LIMIT,
            (None, _) => MOST_FINDINGS,
        };
        let reviewed = match self.sources(cx).await? {
            Some(sources) => files::review_sources(&sources, &self.schemas, &options).await?,
            None => {
                let mut session =
                    target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
                review(&mut session, &self.schemas, &options, true).await?
            }
        };
        Ok(SchemaReview::of(reviewed, self.fail_on.unwrap_or_default()))
    }

    /// What is to be reviewed in place of a target.
    async fn sources(&self, cx: &Context) -> Result<Option<Vec<files::Source>>> {
        if let Some(sql) = &self.sql {
            return Ok(Some(vec![files::Source {
                name: "the text".to_owned(),
                text: sql.clone(),
            }]));
        }
        if self.files.is_empty() {
            return Ok(None);
        }
        match cx.caller {
            Caller::Person { .. } => Ok(Some(files::read(&self.files).await?)),
            Caller::Agent | Caller::Dashboard => Err(Error::refused(
                "Files of this machine are read for people at the command line only.",
            )
            .hint("Give their text as `sql`.")),
        }
    }

    /// The section `[review]`, and what this call says over it. Whose opinion counts is one choice for both
    /// reviews: `[lint]` says it where `[review]` does not.
    fn options(&self, cx: &Context) -> Result<ReviewOptions> {
        let section: Section = cx.get::<Config>()?.section("review")?;
        let mut options = section.options;
        let by_default = match cx.caller {
            Caller::Agent => false,
            Caller::Person { .. } | Caller::Dashboard => true,
        };
        options.sample = self.sample.or(section.sample).unwrap_or(by_default);
        options.confirm = self.confirm;
        let linted: howdah_lint::Settings = cx.get::<Config>()?.section("lint")?;
        options.profile = self.profile.or(section.profile).or(linted.profile).unwrap_or_default();
        if let Some(budget) = self.sample_budget_ms {
            options.sample_budget_ms = budget.min(600_000);
        }
        if !self.only.is_empty() {
            options.only.clone_from(&self.only);
        }
        options.ignore.extend(self.ignore.iter().cloned());
        options.known_rules()?;
        Ok(options)
    }
}

/// The section `[review]` of `howdah.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Section {
    sample: Option<bool>,
    profile: Option<Profile>,
    #[serde(flatten)]
    options: ReviewOptions,
}

impl SchemaReview {
    fn of(reviewed: Reviewed, fail_on: FailOn) -> Self {
        let Reviewed {
            findings,
            counted,
            skipped,
            model,
        } = reviewed;
        let mut counts = Counts::default();
        let mut by_rule = BTreeMap::new();
        for ((rule, severity), number) in counted {
            match severity {
                Severity::Danger => counts.danger += number,
                Severity::Warning => counts.warning += number,
                Severity::Note => counts.note += number,
            }
            *by_rule.entry(rule.to_owned()).or_insert(0) += number;
        }
        let left_out = by_rule.values().sum::<usize>() - findings.len();
        let days = |seconds: i64| (seconds as f64 / 8640.0).round() / 10.0;
        let never_analyzed = model
            .designed()
            .filter(|table| table.analyzed_age_s.is_none())
            .count();
        let oldest = model.designed().filter_map(|table| table.analyzed_age_s).max();
        Self {
            database: model.context.database.clone(),
            findings,
            counts,
            left_out,
            by_rule,
            skipped,
            tables: model.designed().count(),
            statistics: model.context.is_populated.then(|| StatisticsAge {
                counted_days: days(model.context.counted_for_s),
                never_analyzed,
                oldest_days: oldest.map(days),
            }),
            fail_on,
        }
    }

    fn fails(&self) -> bool {
        let some = |count: usize, severity| count > 0 && self.fail_on.includes(severity);
        some(self.counts.danger, Severity::Danger)
            || some(self.counts.warning, Severity::Warning)
            || some(self.counts.note, Severity::Note)
    }
}

impl Output for SchemaReview {
    fn report(&self) -> Report {
        report::of(self)
    }

    fn summary(&self) -> String {
        let worst: Vec<String> = self
            .findings
            .iter()
            .take(3)
            .map(|found| found.finding.message.clone())
            .collect();
        let mut summary = report::counted(self);
        if !worst.is_empty() {
            summary.push_str(&format!("\nThe worst: {}", worst.join(" ")));
        }
        for skipped in &self.skipped {
            summary.push_str(&format!("\nNot looked at: {}. {}", skipped.what, skipped.reason));
        }
        summary
    }

    fn exit_code(&self) -> u8 {
        u8::from(self.fails())
    }
}
