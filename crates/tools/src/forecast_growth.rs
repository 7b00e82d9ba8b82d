use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset, human_bytes};
use howdah_watch::at;
use howdah_watch::history::{Growth, growth};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::watched;

/// What grows, how fast, and the day on which a limit is reached: the database, tables, indexes, sequences,
/// transaction ids.
///
/// From the samples of `howdah watch` or `howdah serve`. The rate is a median of slopes, which one load or one VACUUM FULL
/// does not upset; how much time is behind it is said.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ForecastGrowth {
    /// The length of time to look at: 6h, 2d, 4w.
    #[arg(long, value_name = "TIME", default_value = "4w")]
    #[serde(default = "four_weeks")]
    pub last: String,
    /// What the database has room for: 500GB, 2TiB.
    #[arg(long, value_name = "SIZE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// What grows: the database first, then what has a limit, then relations, the fastest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Forecast {
    /// From when to when.
    pub window: String,
    /// Each thing that grows.
    pub growth: Vec<Growth>,
}

howdah_core::tool!(ForecastGrowth);

/// Lines that are given.
const MOST: usize = 50;

impl Tool for ForecastGrowth {
    const NAME: &'static str = "forecast_growth";
    const TITLE: &'static str = "Say what grows and until when";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["history", "growth"];
    const EXAMPLES: &'static str = "
        howdah history growth                   what grew in the last four weeks
        howdah history growth --limit 500GB     and the day on which the disk is full
        howdah history growth --last 2d         at the rate of the last two days";
    type Out = Forecast;

    async fn run(self, cx: &Context) -> Result<Forecast> {
        let window = watched::window(&self.last, None)?;
        let limit = self.limit.as_deref().map(bytes).transpose()?;
        let samples = watched::samples(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let mut growth = growth(&samples, window, limit).await?;
        growth.truncate(MOST);
        Ok(Forecast {
            window: watched::in_words(window),
            growth,
        })
    }
}

/// Bytes of a size as people write it; both kinds of units.
fn bytes(text: &str) -> Result<f64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let power = |base: f64, unit: &str| ["", "k", "m", "g", "t", "p"].iter().position(|u| *u == unit).map(|p| base.powi(p as i32));
    let unit = unit.trim().to_ascii_lowercase();
    let factor = match unit.strip_suffix("ib") {
        Some(binary) => power(1024.0, binary),
        None => power(1000.0, unit.strip_suffix('b').unwrap_or(&unit)),
    };
    number
        .parse::<f64>()
        .ok()
        .zip(factor)
        .map(|(number, factor)| number * factor)
        .filter(|bytes| *bytes > 0.0)
        .ok_or_else(|| Error::invalid(format!("{text:?} is no size.")).hint("Write it as 500GB or 2TiB."))
}

impl Output for Forecast {
    fn report(&self) -> Report {
        if self.growth.is_empty() {
            return Report::new().text(format!(
                "Nothing grew from {}, or there is less than an hour of samples.",
                self.window
            ));
        }
        let rows = self.growth.iter().map(row).collect();
        Report::new()
            .text(format!("From {}:", self.window))
            .table(&["What", "Now", "In a day", "Reaches its limit", "Samples of"], rows)
    }
}

fn row(growth: &Growth) -> Vec<String> {
    let figure = |value: f64| match growth.kind.as_str() {
        "sequence" => format!("{value:.3} %"),
        "wraparound" => format!("{value:.0}"),
        _ => human_bytes(value.max(0.0) as u64),
    };
    vec![
        match growth.kind.as_str() {
            "table" | "index" | "sequence" => format!("{} {}", growth.kind, growth.of),
            _ => growth.of.clone(),
        },
        figure(growth.now),
        figure(growth.per_day),
        growth.limit_at_s.map_or(String::new(), |limit| at(limit)[..10].to_owned()),
        crate::job_view::human_duration(growth.from_samples_s as f64),
    ]
}

fn four_weeks() -> String {
    "4w".to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_read_in_both_kinds_of_units() {
        assert_eq!(bytes("500GB").unwrap(), 5e11);
        assert_eq!(bytes("1.5 TiB").unwrap(), 1.5 * 1024f64.powi(4));
        assert_eq!(bytes("4096").unwrap(), 4096.0);
        for wrong in ["", "GB", "-1GB", "0", "5 parsecs"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
