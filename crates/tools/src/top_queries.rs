use std::collections::BTreeMap;

use howdah_core::{Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset};
use howdah_store::samples::{Samples, StatementPoint, StatementTotal, Window};
use howdah_watch::since_the_counters_began;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{check_health, watched};

/// The statements that took most of the time, from the history; where nobody watched, from the server's counters.
///
/// Of each: calls, total and mean time, rows, blocks, temporary files, WAL, and its share of all time. Constants are
/// left out of the texts.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct TopQueries {
    /// The length of time to look at: 90s, 15m, 6h, 2d, 1w.
    #[arg(long, value_name = "TIME", default_value = "1h")]
    #[serde(default = "an_hour")]
    pub last: String,
    /// How long ago it ended; now if not given.
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ago: Option<String>,
    /// What comes first.
    #[arg(long, value_enum, default_value_t = Order::Time)]
    #[serde(default)]
    pub order: Order,
    /// At most so many.
    #[arg(long, default_value_t = 10)]
    #[serde(default = "ten")]
    pub limit: usize,
    /// What the server has counted since its counters began, and not the history.
    #[arg(long)]
    #[serde(default)]
    pub counters: bool,
    /// With the milliseconds of each in thirty steps of the time.
    #[arg(long)]
    #[serde(default)]
    pub course: bool,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// All executions together took longest.
    #[default]
    Time,
    /// One execution takes longest.
    Mean,
    /// It is called most often.
    Calls,
    /// It reads most blocks from outside of shared buffers.
    Reads,
    /// It writes most WAL.
    Wal,
    /// It moves most blocks of temporary files.
    Temp,
}

/// Statements, in the order that was asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TopStatements {
    /// From when to when.
    pub window: String,
    /// Milliseconds that all statements took.
    pub total_ms: f64,
    /// The statements.
    pub statements: Vec<TopStatement>,
}

/// What a statement did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TopStatement {
    /// The server's id of it, as text: it may be larger than what JavaScript counts exactly.
    pub query_id: String,
    /// The text, without constants.
    pub statement: String,
    /// Executions.
    pub calls: i64,
    /// Milliseconds of all of them.
    pub total_ms: f64,
    /// Milliseconds of one.
    pub mean_ms: f64,
    /// Part of the time of all statements.
    pub percent: f64,
    /// Rows of one.
    pub rows_per_call: f64,
    /// Blocks of one, in shared buffers or not.
    pub blocks_per_call: f64,
    /// Blocks read from outside of shared buffers, of all.
    pub blocks_read: i64,
    /// Blocks of temporary files, of all.
    pub temp_blocks: i64,
    /// Bytes of WAL, of all.
    pub wal_bytes: i64,
    /// Milliseconds of all executions in each step of the time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<f64>,
}

howdah_core::tool!(TopQueries);

/// At most so many are shown, whatever is asked for.
const MOST: usize = 500;

impl Tool for TopQueries {
    const NAME: &'static str = "top_queries";
    const TITLE: &'static str = "Find the statements that take most";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["history", "top"];
    const EXAMPLES: &'static str = "
        howdah history top                         where the time of the last hour went
        howdah history top --last 1d --order mean  what was slowest today
        howdah history top --counters              since the server's counters began";
    type Out = TopStatements;

    async fn run(self, cx: &Context) -> Result<TopStatements> {
        let window = watched::window(&self.last, self.ago.as_deref())?;
        let (target, database) = (self.target.as_deref(), self.database.as_deref());
        let history = match self.counters {
            true => None,
            false => match watched::samples(cx, target, database).await {
                Ok(samples) => Some(samples),
                Err(error) if error.kind == ErrorKind::NotFound && self.ago.is_none() => None,
                Err(error) => return Err(error),
            },
        };
        let mut courses = BTreeMap::new();
        let (totals, window) = match history {
            Some(samples) => {
                if self.course {
                    courses = self::courses(&samples, window).await?;
                }
                (samples.statements(window).await?, watched::in_words(window))
            }
            None => {
                let (_, connection) = check_health::connect(cx, target, database).await?;
                let totals = since_the_counters_began(connection, 5_000).await?;
                let totals = totals.ok_or_else(no_counters)?;
                (totals, "when the server's counters began to now; nobody watched".to_owned())
            }
        };
        let mut top = self.ordered(totals, window);
        for statement in &mut top.statements {
            let id = statement.query_id.parse().ok();
            statement.course = id.and_then(|id: i64| courses.remove(&id)).unwrap_or_default();
        }
        Ok(top)
    }
}

/// Steps of a course.
const STEPS: i64 = 30;

/// Milliseconds of every statement in each step of the window.
async fn courses(samples: &Samples, window: Window) -> Result<BTreeMap<i64, Vec<f64>>> {
    let step_s = (window.length_s() / STEPS / 60).max(1) * 60;
    let first = window.from_s - window.from_s.rem_euclid(step_s);
    let steps = usize::try_from((window.to_s - first).div_euclid(step_s) + 1).unwrap_or(1);
    let series = samples.statement_series(window, step_s, None).await?;
    let course = |points: Vec<StatementPoint>| {
        let mut course = vec![0.0; steps];
        for point in points {
            let at = usize::try_from((point.at_s - first).div_euclid(step_s)).unwrap_or(0);
            if let Some(step) = course.get_mut(at) {
                *step += point.used.time_us as f64 / 1_000.0;
            }
        }
        course
    };
    Ok(series.into_iter().map(|(id, points)| (id, course(points))).collect())
}

fn no_counters() -> Error {
    Error::not_found("This server does not count statements in this database.").hint(
        "CREATE EXTENSION pg_stat_statements here; where the server has not loaded it, put it into shared_preload_libraries (a parameter group on Aurora, and there by default) and restart before.",
    )
}

impl TopQueries {
    fn ordered(&self, mut totals: Vec<StatementTotal>, window: String) -> TopStatements {
        let all_us: i64 = totals.iter().map(|total| total.used.time_us).sum();
        totals.retain(|total| total.query_id != 0);
        let key = |total: &StatementTotal| match self.order {
            Order::Time => total.used.time_us as f64,
            Order::Mean => total.used.mean_ms(),
            Order::Calls => total.used.calls as f64,
            Order::Reads => total.used.read as f64,
            Order::Wal => total.used.wal_bytes as f64,
            Order::Temp => total.used.temp as f64,
        };
        totals.sort_by(|a, b| key(b).total_cmp(&key(a)).then_with(|| a.query_id.cmp(&b.query_id)));
        let shown = totals.iter().take(self.limit.clamp(1, MOST));
        TopStatements {
            window,
            total_ms: all_us as f64 / 1_000.0,
            statements: shown.map(|total| TopStatement::of(total, all_us)).collect(),
        }
    }
}

impl TopStatement {
    fn of(total: &StatementTotal, all_us: i64) -> Self {
        let used = &total.used;
        Self {
            query_id: total.query_id.to_string(),
            statement: match total.text.is_empty() {
                true => "(its text is not shown to this role)".to_owned(),
                false => total.text.clone(),
            },
            calls: used.calls,
            total_ms: used.time_us as f64 / 1_000.0,
            mean_ms: used.mean_ms(),
            percent: 100.0 * used.time_us as f64 / all_us.max(1) as f64,
            rows_per_call: used.per_call(used.rows),
            blocks_per_call: used.per_call(used.hit + used.read),
            blocks_read: used.read,
            temp_blocks: used.temp,
            wal_bytes: used.wal_bytes,
            course: Vec::new(),
        }
    }
}

impl Output for TopStatements {
    fn report(&self) -> Report {
        if self.statements.is_empty() {
            return Report::new().text(format!(
                "No statement was counted from {}. Counters are read every minute, and two readings are needed; `howdah history top --counters` shows what the server has counted by itself.",
                self.window
            ));
        }
        let rows = self
            .statements
            .iter()
            .map(|statement| {
                vec![
                    format!("{:.1} %", statement.percent),
                    statement.calls.to_string(),
                    format!("{:.2} ms", statement.mean_ms),
                    format!("{:.0}", statement.blocks_per_call),
                    format!("{:.1}", statement.rows_per_call),
                    watched::one_line(&statement.statement, 120),
                ]
            })
            .collect();
        Report::new()
            .text(format!("From {}:", self.window))
            .table(&["Time", "Calls", "Mean", "Blocks/call", "Rows/call", "Statement"], rows)
    }

    fn summary(&self) -> String {
        match self.statements.first() {
            None => self.report().to_text(None),
            Some(first) => format!(
                "From {}: {}; the first takes {:.0} % of all time in {} of {:.2} ms.",
                self.window,
                howdah_core::counted(self.statements.len(), "statement"),
                first.percent,
                howdah_core::counted(first.calls, "call"),
                first.mean_ms
            ),
        }
    }
}

fn an_hour() -> String {
    "1h".to_owned()
}

fn ten() -> usize {
    10
}
