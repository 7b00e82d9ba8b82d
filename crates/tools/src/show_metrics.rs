use std::collections::BTreeMap;

use howdah_aurora::figures::{Series, Unit};
use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset, human_bytes};
use howdah_store::samples::MetricPoint;
use howdah_watch::at;
use howdah_watch::history::step_of;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::watched;

/// The figures of a server over time: what the watcher counted, and what CloudWatch measured of a cluster at AWS.
///
/// From the samples of `howdah watch` or `howdah serve`. Figures of CloudWatch are named aws.INSTANCE.METRIC, or
/// aws.CLUSTER.METRIC; latencies are in milliseconds. A counter's value is how much it grew in a step.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowMetrics {
    /// Only figures whose names have this in them, in any case: cpu, aws., shop-1, sessions.
    #[arg(value_name = "NAME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The length of time to look at: 90s, 15m, 6h, 2d, 1w.
    #[arg(long, value_name = "TIME", default_value = "1h")]
    #[serde(default = "an_hour")]
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

/// Figures over time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Metrics {
    /// From when to when.
    pub window: String,
    /// When the time begins, in seconds since 1970.
    pub from_s: i64,
    /// When it ends, in seconds since 1970.
    pub to_s: i64,
    /// Seconds of a step.
    pub step_s: i64,
    /// Those of AWS first, by what is measured; then in order of name.
    pub metrics: Vec<MetricCourse>,
    /// Figures that were left out: there are too many to give.
    pub left_out: usize,
}

/// One figure over time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MetricCourse {
    /// Its name among the samples.
    pub name: String,
    /// The cluster or the instance, where AWS measured it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// What it is, where AWS measured it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
    /// `%`, `bytes`, `ms`, `ACU` and so on; empty where the name says it.
    pub unit: String,
    /// The last value.
    pub now: f64,
    /// The mean of the values.
    pub mean: f64,
    /// The least value.
    pub least: f64,
    /// The largest value.
    pub most: f64,
    /// Its values, in the order of time.
    pub steps: Vec<MetricStep>,
}

/// A figure in a step of time.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct MetricStep {
    /// When it begins, in seconds since 1970.
    pub at_s: i64,
    /// The mean, or how much a counter grew.
    pub value: f64,
}

howdah_core::tool!(ShowMetrics);

/// Figures that are given at most.
const MOST: usize = 200;

impl Tool for ShowMetrics {
    const NAME: &'static str = "show_metrics";
    const TITLE: &'static str = "Show the figures of a server over time";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["history", "metrics"];
    const EXAMPLES: &'static str = "
        howdah history metrics                          every figure of the last hour
        howdah history metrics cpu --last 1d            the processors of each instance today
        howdah history metrics aws.shop --target shop   what CloudWatch measured of a cluster";
    type Out = Metrics;

    async fn run(self, cx: &Context) -> Result<Metrics> {
        let window = watched::window(&self.last, self.ago.as_deref())?;
        let samples = watched::samples(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let wanted = self.name.unwrap_or_default().to_lowercase();
        let found = samples.metrics(window, "").await?;
        let mut metrics: Vec<MetricCourse> = found
            .into_iter()
            .filter(|(name, _)| name.to_lowercase().contains(&wanted))
            .filter_map(|(name, points)| course(name, &points, step_of(window)))
            .collect();
        metrics.sort_by_cached_key(|one| {
            let series = Series::named(&one.name);
            (series.map_or(usize::MAX, |series| series.place()), one.name.clone())
        });
        let left_out = metrics.len().saturating_sub(MOST);
        metrics.truncate(MOST);
        Ok(Metrics {
            window: watched::in_words(window),
            from_s: window.from_s,
            to_s: window.to_s,
            step_s: step_of(window),
            metrics,
            left_out,
        })
    }
}

/// None without a value.
fn course(name: String, points: &[MetricPoint], step_s: i64) -> Option<MetricCourse> {
    let series = Series::named(&name);
    // What was measured last is not summed up to the length of a step so far.
    let mut sums: BTreeMap<i64, (f64, u32)> = BTreeMap::new();
    for point in points {
        let sum = sums.entry(point.at_s - point.at_s.rem_euclid(step_s.max(1))).or_default();
        *sum = (sum.0 + point.value, sum.1 + 1);
    }
    let is_sum = points.first()?.counts;
    let steps: Vec<MetricStep> = sums
        .into_iter()
        .map(|(at_s, (sum, count))| MetricStep { at_s, value: if is_sum { sum } else { sum / f64::from(count) } })
        .collect();
    let values = || steps.iter().map(|step| step.value);
    let most = match is_sum {
        true => values().fold(f64::NEG_INFINITY, f64::max),
        false => points.iter().map(|point| point.most).fold(f64::NEG_INFINITY, f64::max),
    };
    Some(MetricCourse {
        of: series.as_ref().map(|series| series.of.clone()),
        means: series.as_ref().map(|series| series.figure.means.to_owned()),
        unit: series.as_ref().map_or("", |series| series.figure.unit.as_str()).to_owned(),
        now: values().next_back()?,
        mean: values().sum::<f64>() / steps.len() as f64,
        least: values().fold(f64::INFINITY, f64::min),
        most,
        steps,
        name,
    })
}

impl MetricCourse {
    /// A value in its unit, as people read it.
    pub fn in_words(&self, value: f64) -> String {
        let is_bytes = self.name.ends_with("bytes") || self.unit == Unit::Bytes.as_str();
        if is_bytes && value >= 0.0 {
            return human_bytes(value as u64);
        }
        if self.unit == Unit::BytesPerSecond.as_str() && value >= 0.0 {
            return format!("{}/s", human_bytes(value as u64));
        }
        let number = match value.abs() {
            0.0 => "0".to_owned(),
            size if size >= 1_000.0 => format!("{value:.0}"),
            size if size >= 0.01 => format!("{value:.2}"),
            _ => format!("{value:.1e}"),
        };
        match self.unit.is_empty() {
            true => number,
            false => format!("{number} {}", self.unit),
        }
    }
}

impl Output for Metrics {
    fn report(&self) -> Report {
        if self.metrics.is_empty() {
            return Report::new().text(format!("No figure of that name was measured from {}.", self.window));
        }
        let row = |one: &MetricCourse| {
            vec![
                one.name.clone(),
                one.in_words(one.now),
                one.in_words(one.mean),
                one.in_words(one.least),
                one.in_words(one.most),
                one.steps.last().map_or(String::new(), |step| at(step.at_s)[11..16].to_owned()),
            ]
        };
        let mut report = Report::new()
            .text(format!("From {}:", self.window))
            .table(&["Figure", "Last", "Mean", "Least", "Most", "At"], self.metrics.iter().map(row).collect());
        if self.left_out > 0 {
            report = report.text(format!("{} more are not shown: name some.", self.left_out));
        }
        report
    }
}

fn an_hour() -> String {
    "1h".to_owned()
}
