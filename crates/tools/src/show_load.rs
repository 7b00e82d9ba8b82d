use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset};
use howdah_store::samples::By;
use howdah_watch::at;
use howdah_watch::history::{Load, load};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::watched;

/// How many sessions were at work, and on what: average active sessions over time, by wait event, statement or role.
///
/// From the samples of `howdah watch` or `howdah serve`. More sessions at work than the server has processors, on CPU,
/// means that these are the limit; otherwise the waits say what is.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowLoad {
    /// The length of time to look at: 90s, 15m, 6h, 2d, 1w.
    #[arg(long, value_name = "TIME", default_value = "1h")]
    #[serde(default = "an_hour")]
    pub last: String,
    /// How long ago it ended; now if not given.
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ago: Option<String>,
    /// What sessions are told apart by.
    #[arg(long, value_enum, default_value_t = Part::Wait)]
    #[serde(default)]
    pub by: Part,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// What sessions at work are told apart by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What they wait for.
    #[default]
    Wait,
    /// The statement.
    Statement,
    /// The role.
    Role,
}

/// Sessions at work.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShownLoad {
    /// From when to when.
    pub window: String,
    /// When the time begins, in seconds since 1970.
    pub from_s: i64,
    /// When it ends, in seconds since 1970.
    pub to_s: i64,
    /// Seconds of a step.
    pub step_s: i64,
    /// How many, and on what.
    #[serde(flatten)]
    pub load: Load,
}

howdah_core::tool!(ShowLoad);

/// Steps that a window is divided into, about.
const STEPS: i64 = 60;
/// Parts that are shown.
const SHOWN: usize = 15;

impl Tool for ShowLoad {
    const NAME: &'static str = "show_load";
    const TITLE: &'static str = "Show the load over time";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["history", "load"];
    const EXAMPLES: &'static str = "
        howdah history load                           the last hour, by what is waited for
        howdah history load --last 1d --by statement  which statements kept it busy today
        howdah history load --last 1h --ago 1d        the same hour of yesterday";
    type Out = ShownLoad;

    async fn run(self, cx: &Context) -> Result<ShownLoad> {
        let window = watched::window(&self.last, self.ago.as_deref())?;
        let samples = watched::samples(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let step_s = (window.length_s() / STEPS / 10).max(1) * 10;
        let by = match self.by {
            Part::Wait => By::Wait,
            Part::Statement => By::Statement,
            Part::Role => By::Role,
        };
        let mut load = load(&samples, window, step_s, by).await?;
        if self.by == Part::Statement {
            let texts = samples.texts().await?;
            for share in &mut load.shares {
                let text = share.of.parse().ok().and_then(|id: i64| texts.get(&id));
                share.of = match (text, share.of.as_str()) {
                    (Some(text), _) if !text.is_empty() => watched::one_line(text, 200),
                    (_, "") => "not known".to_owned(),
                    (_, id) => format!("statement {id}"),
                };
            }
            // The parts of a step would repeat the texts.
            for step in &mut load.steps {
                step.parts.clear();
            }
        }
        Ok(ShownLoad {
            window: watched::in_words(window),
            from_s: window.from_s,
            to_s: window.to_s,
            step_s,
            load,
        })
    }
}

impl Output for ShownLoad {
    fn report(&self) -> Report {
        if self.load.looks == 0 {
            return Report::new().text(format!("Nobody watched from {}.", self.window));
        }
        let most = self.load.steps.iter().map(|step| step.average).fold(0.0, f64::max);
        let bar = |average: f64| {
            let width = if most > 0.0 { (average / most * 40.0).round() as usize } else { 0 };
            "█".repeat(width)
        };
        let shares = self.load.shares.iter().take(SHOWN).map(|share| {
            vec![
                watched::one_line(&share.of, 80),
                format!("{:.2}", share.average),
                format!("{:.0} %", share.percent),
            ]
        });
        let steps = self
            .load
            .steps
            .iter()
            .map(|step| vec![at(step.at_s), format!("{:.2}", step.average), bar(step.average)]);
        Report::new()
            .text(self.summary())
            .table(&["On", "Average", "Share"], shares.collect())
            .table(&["UTC", "Average", ""], steps.collect())
    }

    fn summary(&self) -> String {
        let first = self.load.shares.first();
        let most = first.map_or(String::new(), |share| {
            format!(" Most of it on {}: {:.0} %.", watched::one_line(&share.of, 100), share.percent)
        });
        format!(
            "{:.2} sessions at work on average, from {} ({} looks).{most}",
            self.load.average, self.window, self.load.looks
        )
    }
}

fn an_hour() -> String {
    "1h".to_owned()
}
