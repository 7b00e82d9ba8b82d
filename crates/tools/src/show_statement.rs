use std::collections::BTreeMap;

use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use howdah_store::samples::StatementUse;
use howdah_watch::at;
use howdah_watch::history::{Regression, Sensitivity, regressions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{find_regressions, watched};

/// Shows one statement over time: calls, mean time, rows and blocks, what it waited for, and whether it became slower.
///
/// From the samples of `howdah watch` or `howdah serve`. top_queries names the statements.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowStatement {
    /// The statement's id, as top_queries tells it.
    #[arg(value_name = "QUERY_ID", allow_hyphen_values = true)]
    pub query_id: String,
    /// The length of time to look at: 90s, 15m, 6h, 2d, 1w.
    #[arg(long, value_name = "TIME", default_value = "1d")]
    #[serde(default = "a_day")]
    pub last: String,
    /// How long ago it ended; now if not given.
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ago: Option<String>,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// A statement over time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StatementHistory {
    /// The server's id of it.
    pub query_id: String,
    /// The text, without constants.
    pub statement: String,
    /// From when to when.
    pub window: String,
    /// When the time begins, in seconds since 1970.
    pub from_s: i64,
    /// When it ends, in seconds since 1970.
    pub to_s: i64,
    /// Seconds of a step.
    pub step_s: i64,
    /// Executions.
    pub calls: i64,
    /// Milliseconds of one.
    pub mean_ms: f64,
    /// Rows of one.
    pub rows_per_call: f64,
    /// Blocks of one, in shared buffers or not.
    pub blocks_per_call: f64,
    /// What it waited for, of all looks at sessions in which it was seen at work; the most first.
    pub waits: Vec<WaitShare>,
    /// The course over time.
    pub steps: Vec<StatementStep>,
    /// Whether it became slower.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regression: Option<Regression>,
}

/// What a statement waited for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WaitShare {
    /// `type:event`, or `CPU`.
    pub wait: String,
    /// Part of the looks.
    pub percent: f64,
}

/// What a statement did in a step of time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StatementStep {
    /// When the step began, in seconds since 1970.
    pub at_s: i64,
    /// Executions.
    pub calls: i64,
    /// Milliseconds of one.
    pub mean_ms: f64,
    /// Milliseconds of all.
    pub total_ms: f64,
    /// Rows of one.
    pub rows_per_call: f64,
    /// Blocks of one.
    pub blocks_per_call: f64,
}

howdah_core::tool!(ShowStatement);

/// Steps that a window is divided into, about.
const STEPS: i64 = 60;

impl Tool for ShowStatement {
    const NAME: &'static str = "show_statement";
    const TITLE: &'static str = "Show one statement over time";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["history", "statement"];
    const EXAMPLES: &'static str = "
        howdah history statement -1234567890123456789             the last day
        howdah history statement 42 --last 1w --json   for a program";
    type Out = StatementHistory;

    async fn run(self, cx: &Context) -> Result<StatementHistory> {
        let id: i64 = self.query_id.trim().parse().map_err(|_| {
            Error::invalid(format!("{:?} is no id of a statement.", self.query_id))
                .hint("`howdah history top --json` tells the ids.")
        })?;
        let window = watched::window(&self.last, self.ago.as_deref())?;
        let samples = watched::samples(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let step_s = (window.length_s() / STEPS / 60).max(1) * 60;
        let points = samples.statement_series(window, step_s, Some(id)).await?.remove(&id).unwrap_or_default();
        let text = samples.texts().await?.remove(&id);
        let Some(statement) = text.or_else(|| (!points.is_empty()).then(String::new)) else {
            return Err(Error::not_found(format!("Statement {id} was never seen in this database."))
                .hint("`howdah history top --json` tells the ids."));
        };
        let mut whole = StatementUse::default();
        for point in &points {
            whole.add(&point.used);
        }
        let found = regressions(&samples, window, Sensitivity::default()).await?;
        let waits = samples.waits_of_statements(window).await?.remove(&id).unwrap_or_default();
        Ok(StatementHistory {
            query_id: id.to_string(),
            statement,
            window: watched::in_words(window),
            from_s: window.from_s,
            to_s: window.to_s,
            step_s,
            calls: whole.calls,
            mean_ms: whole.mean_ms(),
            rows_per_call: whole.per_call(whole.rows),
            blocks_per_call: whole.per_call(whole.hit + whole.read),
            waits: shares(waits),
            steps: points
                .iter()
                .map(|point| StatementStep {
                    at_s: point.at_s,
                    calls: point.used.calls,
                    mean_ms: point.used.mean_ms(),
                    total_ms: point.used.time_us as f64 / 1_000.0,
                    rows_per_call: point.used.per_call(point.used.rows),
                    blocks_per_call: point.used.per_call(point.used.hit + point.used.read),
                })
                .collect(),
            regression: found.into_iter().find(|one| one.query_id == id.to_string()),
        })
    }
}

fn shares(waits: BTreeMap<String, i64>) -> Vec<WaitShare> {
    let all: i64 = waits.values().sum();
    let mut shares: Vec<WaitShare> = waits
        .into_iter()
        .map(|(wait, count)| WaitShare {
            wait,
            percent: 100.0 * count as f64 / all.max(1) as f64,
        })
        .collect();
    shares.sort_by(|a, b| b.percent.total_cmp(&a.percent).then_with(|| a.wait.cmp(&b.wait)));
    shares
}

impl Output for StatementHistory {
    fn report(&self) -> Report {
        let steps = self.steps.iter().map(|step| {
            vec![
                at(step.at_s),
                step.calls.to_string(),
                format!("{:.2} ms", step.mean_ms),
                format!("{:.1}", step.rows_per_call),
                format!("{:.0}", step.blocks_per_call),
            ]
        });
        let waits = self.waits.iter().map(|share| vec![share.wait.clone(), format!("{:.0} %", share.percent)]);
        let mut report = Report::new().code(self.statement.clone()).text(self.summary());
        if let Some(regression) = &self.regression {
            report = report.text(format!("It became worse: {}.", find_regressions::headline(regression)));
            for line in &regression.evidence {
                report = report.text(line.clone());
            }
        }
        report
            .table(&["Waits for", "Share"], waits.collect())
            .table(&["UTC", "Calls", "Mean", "Rows/call", "Blocks/call"], steps.collect())
    }

    fn summary(&self) -> String {
        format!(
            "{} calls of {:.2} ms on average from {}; {:.1} rows and {:.0} blocks each.",
            self.calls, self.mean_ms, self.window, self.rows_per_call, self.blocks_per_call
        )
    }
}

fn a_day() -> String {
    "1d".to_owned()
}
