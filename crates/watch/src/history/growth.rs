use howdah_store::StoreError;
use howdah_store::samples::{Samples, Window};
use schemars::JsonSchema;
use serde::Serialize;

use crate::history::median;

/// How something grows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Growth {
    /// `database`, a table, an index, a sequence, `transaction ids`.
    pub of: String,
    /// `database`, `table`, `index`, `sequence` or `wraparound`.
    pub kind: String,
    /// Where it stands now: bytes, per cent or transactions.
    pub now: f64,
    /// By how much it grows in a day.
    pub per_day: f64,
    /// The limit that it will reach, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// When, at this rate, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_at_s: Option<i64>,
    /// The length of the samples behind this, in seconds.
    pub from_samples_s: i64,
}

/// Fewer seconds of samples say nothing about days.
const LEAST_S: i64 = 3_600;
/// Points that a line is laid through; more are thinned out.
const POINTS: usize = 120;
/// A date further away is none.
const FAR_S: f64 = 50.0 * 365.25 * 86_400.0;
/// Transactions after which the server refuses writes, with the margin that it keeps.
const WRAPAROUND: f64 = 2_147_483_648.0 - 3_000_000.0;

/// What grew in the window, the fastest first; `limit_bytes` is what the database has room for.
///
/// The rate is the median of the slopes between all pairs of points (Theil and Sen), which a
/// load at night or a VACUUM FULL does not upset.
pub async fn growth(
    samples: &Samples,
    window: Window,
    limit_bytes: Option<f64>,
) -> Result<Vec<Growth>, StoreError> {
    let mut all = Vec::new();
    for (name, points) in samples.metrics(window, "").await? {
        let (of, kind, limit) = if name == "database.bytes" {
            ("database".to_owned(), "database", limit_bytes)
        } else if name == "wraparound.transaction_age" {
            ("transaction ids".to_owned(), "wraparound", Some(WRAPAROUND))
        } else if let Some(sequence) = name
            .strip_prefix("sequence.")
            .and_then(|rest| rest.strip_suffix(".used_percent"))
        {
            (sequence.to_owned(), "sequence", Some(100.0))
        } else {
            continue;
        };
        let points: Vec<(i64, f64)> = points.iter().map(|point| (point.at_s, point.value)).collect();
        all.extend(grown(of, kind, limit, &points, window.to_s));
    }
    for (relation, points) in samples.sizes(window).await? {
        let kind = if relation.is_index { "index" } else { "table" };
        let points: Vec<(i64, f64)> = points
            .iter()
            .map(|point| (point.at_s, point.state.bytes as f64))
            .collect();
        all.extend(grown(relation.name, kind, None, &points, window.to_s));
    }
    all.sort_by(|a, b| {
        let order = ["database", "wraparound", "sequence"];
        let rank = |growth: &Growth| {
            order
                .iter()
                .position(|kind| *kind == growth.kind)
                .unwrap_or(order.len())
        };
        rank(a)
            .cmp(&rank(b))
            .then_with(|| b.per_day.total_cmp(&a.per_day))
            .then_with(|| a.of.cmp(&b.of))
    });
    Ok(all)
}

fn grown(of: String, kind: &str, limit: Option<f64>, points: &[(i64, f64)], now_s: i64) -> Option<Growth> {
    let (first, last) = (points.first()?, points.last()?);
    let from_samples_s = last.0 - first.0;
    if from_samples_s < LEAST_S {
        return None;
    }
    let per_day = slope(points) * 86_400.0;
    if per_day <= 0.0 {
        return None;
    }
    let limit_at_s = limit.and_then(|limit| {
        let left_s = (limit - last.1).max(0.0) / per_day * 86_400.0;
        (left_s < FAR_S).then_some(now_s + left_s as i64)
    });
    Some(Growth {
        of,
        kind: kind.to_owned(),
        now: last.1,
        per_day,
        limit,
        limit_at_s,
        from_samples_s,
    })
}

fn slope(points: &[(i64, f64)]) -> f64 {
    let every = points.len().div_ceil(POINTS).max(1);
    // The last one always counts.
    let thin: Vec<(i64, f64)> = points.iter().rev().step_by(every).copied().collect();
    let mut slopes = Vec::new();
    for (index, later) in thin.iter().enumerate() {
        for earlier in &thin[index + 1..] {
            if later.0 > earlier.0 {
                slopes.push((later.1 - earlier.1) / (later.0 - earlier.0) as f64);
            }
        }
    }
    median(slopes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_a_date() {
        let points: Vec<(i64, f64)> = (0..100)
            .map(|hour| (hour * 3_600, 1_000.0 + hour as f64 * 10.0))
            .collect();
        let now = 99 * 3_600;
        let growth = grown("database".into(), "database", Some(2_990.0), &points, now).unwrap();
        assert!((growth.per_day - 240.0).abs() < 0.01, "{growth:?}");
        assert_eq!(growth.limit_at_s, Some(now + 100 * 3_600));
    }

    #[test]
    fn one_jump_is_no_rate_and_little_is_no_ground() {
        let mut points: Vec<(i64, f64)> = (0..50).map(|hour| (hour * 3_600, 1_000.0)).collect();
        points[49].1 = 9_000.0;
        assert!(grown("t".into(), "table", None, &points, 0).is_none());
        assert!(grown("t".into(), "table", None, &[(0, 1.0), (600, 2.0)], 600).is_none());
    }
}
