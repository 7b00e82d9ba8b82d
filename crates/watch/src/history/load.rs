use std::collections::BTreeMap;

use howdah_store::StoreError;
use howdah_store::samples::{By, Samples, Window};
use schemars::JsonSchema;
use serde::Serialize;

/// How many sessions were at work at the same time, on average.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Load {
    /// Average active sessions in the whole window.
    pub average: f64,
    /// How often was looked.
    pub looks: i64,
    /// What they are told apart by, the most first.
    pub shares: Vec<LoadShare>,
    /// The course over time.
    pub steps: Vec<LoadStep>,
}

/// A part of the load.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoadShare {
    /// The wait, the role or the statement's id.
    pub of: String,
    /// Average active sessions.
    pub average: f64,
    /// Part of the whole.
    pub percent: f64,
}

/// The load in a step of time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoadStep {
    /// When the step began, in seconds since 1970.
    pub at_s: i64,
    /// Average active sessions.
    pub average: f64,
    /// The same for each part that is not 0.
    pub parts: BTreeMap<String, f64>,
}

/// The load in a window, in steps of so many seconds.
pub async fn load(samples: &Samples, window: Window, step_s: i64, by: By) -> Result<Load, StoreError> {
    let points = samples.load(window, step_s, by).await?;
    let looks: i64 = points.iter().map(|point| point.ticks).sum();
    let mut seen: BTreeMap<String, i64> = BTreeMap::new();
    for point in &points {
        for (of, count) in &point.seen {
            *seen.entry(of.clone()).or_default() += count;
        }
    }
    let all: i64 = seen.values().sum();
    let mut shares: Vec<LoadShare> = seen
        .into_iter()
        .map(|(of, count)| LoadShare {
            of,
            average: per(count, looks),
            percent: 100.0 * per(count, all),
        })
        .collect();
    shares.sort_by(|a, b| b.average.total_cmp(&a.average).then_with(|| a.of.cmp(&b.of)));
    let steps = points
        .into_iter()
        .filter(|point| point.ticks > 0)
        .map(|point| LoadStep {
            at_s: point.at_s,
            average: per(point.seen.values().sum(), point.ticks),
            parts: point
                .seen
                .into_iter()
                .map(|(of, count)| (of, per(count, point.ticks)))
                .collect(),
        })
        .collect();
    Ok(Load {
        average: per(all, looks),
        looks,
        shares,
        steps,
    })
}

fn per(count: i64, of: i64) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}
