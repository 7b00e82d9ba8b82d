use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset};
use howdah_watch::at;
use howdah_watch::history::{Kind, Sensitivity, regressions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::watched;

pub use howdah_watch::history::Regression;

/// Statements that became slower, or are called far more often: since when, why, and what was changed shortly before.
///
/// From the samples of `howdah watch` or `howdah serve`. The cause is read from what an execution does: more blocks for
/// as many rows (another plan, bloat), more rows, waits, reads from disk, temporary files.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct FindRegressions {
    /// The length of time to look at, with the good time before: 15m, 6h, 2d, 1w.
    #[arg(long, value_name = "TIME", default_value = "1d")]
    #[serde(default = "a_day")]
    pub last: String,
    /// How long ago it ended; now if not given.
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ago: Option<String>,
    /// From how many times as slow on.
    #[arg(long, default_value_t = 2.0)]
    #[serde(default = "twice")]
    pub factor: f64,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// What became worse, what costs most first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Regressions {
    /// From when to when.
    pub window: String,
    /// Each of them.
    pub regressions: Vec<Regression>,
}

howdah_core::tool!(FindRegressions);

impl Tool for FindRegressions {
    const NAME: &'static str = "find_regressions";
    const TITLE: &'static str = "Find what became slower";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["history", "regressions"];
    const EXAMPLES: &'static str = "
        howdah history regressions             what became slower today; exit code 1 if anything did
        howdah history regressions --last 2h   after a deployment
        howdah history regressions --factor 5  only what is five times as slow";
    type Out = Regressions;

    async fn run(self, cx: &Context) -> Result<Regressions> {
        let window = watched::window(&self.last, self.ago.as_deref())?;
        let samples = watched::samples(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let sensitivity = Sensitivity {
            factor: self.factor.clamp(1.1, 1e6),
            ..Sensitivity::default()
        };
        Ok(Regressions {
            window: watched::in_words(window),
            regressions: regressions(&samples, window, sensitivity).await?,
        })
    }
}

impl Output for Regressions {
    fn report(&self) -> Report {
        let mut report = Report::new().text(self.summary());
        for regression in &self.regressions {
            report = report.heading(headline(regression)).code(watched::one_line(&regression.statement, 400));
            for line in &regression.evidence {
                report = report.text(line.clone());
            }
            if !regression.changes.is_empty() {
                report = report.text(format!("Changed shortly before:\n{}", regression.changes.join("\n")));
            }
        }
        report
    }

    fn summary(&self) -> String {
        match self.regressions.first() {
            None => format!("Nothing became slower from {}.", self.window),
            Some(first) => format!(
                "{} from {}. The worst: {}.",
                match self.regressions.len() {
                    1 => "One statement became worse".to_owned(),
                    count => format!("{count} statements became worse"),
                },
                self.window,
                headline(first)
            ),
        }
    }

    fn exit_code(&self) -> u8 {
        u8::from(!self.regressions.is_empty())
    }
}

/// Such as `3.1 times as slow since 2026-11-28 14:05:00 (plan)`.
pub fn headline(regression: &Regression) -> String {
    let cause = format!("{:?}", regression.cause).to_lowercase();
    let since = at(regression.since_s);
    match regression.kind {
        Kind::Mean => format!(
            "{:.1} times as slow since {since}: {:.2} ms, before {:.2} ms ({cause})",
            regression.factor, regression.after_ms, regression.before_ms
        ),
        Kind::Volume => format!("{:.1} times as often since {since}", regression.factor),
        Kind::New => format!(
            "new since {since}: {:.0} ms in each second",
            regression.added_ms_per_s
        ),
    }
}

fn a_day() -> String {
    "1d".to_owned()
}

fn twice() -> f64 {
    2.0
}
