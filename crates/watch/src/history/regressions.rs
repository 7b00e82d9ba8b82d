use std::collections::{BTreeMap, BTreeSet};

use howdah_store::StoreError;
use howdah_store::samples::{Change, Samples, StatementPoint, StatementUse, Window};
use schemars::JsonSchema;
use serde::Serialize;

use crate::history::{median, step_of};
use crate::moment::at;

/// A statement that became slower, or is called far more often.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Regression {
    /// The statement's id, as text: it may be larger than what JavaScript counts exactly.
    pub query_id: String,
    /// Its text, without constants.
    pub statement: String,
    /// What became worse.
    pub kind: Kind,
    /// Since when, in seconds since 1970.
    pub since_s: i64,
    /// Milliseconds of an execution before.
    pub before_ms: f64,
    /// Milliseconds of an execution since.
    pub after_ms: f64,
    /// Calls a minute before.
    pub before_per_minute: f64,
    /// Calls a minute since.
    pub after_per_minute: f64,
    /// How many times as much: of the mean, or of the calls.
    pub factor: f64,
    /// Milliseconds of execution in each second that this costs.
    pub added_ms_per_s: f64,
    /// The most likely cause.
    pub cause: Cause,
    /// What speaks for it, the strongest first.
    pub evidence: Vec<String>,
    /// What was changed shortly before.
    pub changes: Vec<String>,
}

/// What became worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An execution takes longer.
    Mean,
    /// It is called more often.
    Volume,
    /// It was not there before, and takes a large part of the time.
    New,
}

/// Why a statement became slower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// More blocks for as many rows: another plan, or a table that is bloated.
    Plan,
    /// More rows: other parameters, or more data.
    Rows,
    /// More calls.
    Volume,
    /// It waits for something.
    Waits,
    /// It reads from outside of shared buffers what was in them.
    Cache,
    /// It writes temporary files.
    Spill,
    /// As much work as before takes longer: the processor is busy, or the work is not in blocks.
    Cpu,
}

/// What counts as worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivity {
    /// How many times as much.
    pub factor: f64,
    /// Milliseconds of execution in each second that it must cost at least.
    pub added_ms_per_s: f64,
}

impl Default for Sensitivity {
    fn default() -> Self {
        Self {
            factor: 2.0,
            added_ms_per_s: 1.0,
        }
    }
}

/// Steps that must be there before something can be said to have become different.
const BEFORE: usize = 3;
/// One step since is enough when so many times as much and so many calls show it.
const AT_ONCE: (f64, i64) = (3.0, 20);
/// Seconds before a regression in which a change is named beside it.
const NEAR_S: i64 = 900;
/// The share of all time from which on a new statement, or more calls, are worth a line.
const LARGE: f64 = 0.1;

/// What became worse in the window, what costs most first.
pub async fn regressions(
    samples: &Samples,
    window: Window,
    sensitivity: Sensitivity,
) -> Result<Vec<Regression>, StoreError> {
    let step_s = step_of(window);
    let series = samples.statement_series(window, step_s, None).await?;
    let totals = samples.statements(window).await?;
    let changes = samples.changes(window, 10_000).await?;
    let times: BTreeSet<i64> = series.values().flatten().map(|point| point.at_s).collect();
    let Some((&first, &last)) = times.first().zip(times.last()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for total in totals.iter().filter(|total| total.query_id != 0) {
        let Some(points) = series.get(&total.query_id) else {
            continue;
        };
        let ranges = Ranges {
            first,
            end: last + step_s,
            step_s,
        };
        let noticed = slower(points, ranges, sensitivity)
            .or_else(|| more_often(points, &times, ranges, &series, sensitivity))
            .or_else(|| new(points, total.first_at_s, ranges, &series, sensitivity));
        if let Some(noticed) = noticed {
            let mut regression = noticed.regression(total.query_id, &total.text, ranges);
            explain(samples, total.query_id, &mut regression, &noticed, ranges).await?;
            regression.changes = near(&changes, regression.since_s, step_s);
            found.push(regression);
        }
    }
    found.sort_by(|a, b| {
        b.added_ms_per_s
            .total_cmp(&a.added_ms_per_s)
            .then_with(|| a.query_id.cmp(&b.query_id))
    });
    Ok(found)
}

/// The time that the samples cover.
#[derive(Debug, Clone, Copy)]
struct Ranges {
    first: i64,
    end: i64,
    step_s: i64,
}

/// A change for the worse, before it is explained.
struct Noticed {
    kind: Kind,
    since_s: i64,
    factor: f64,
    before_ms: f64,
    after_ms: f64,
    before: StatementUse,
    after: StatementUse,
    added_ms_per_s: f64,
}

impl Noticed {
    fn regression(&self, query_id: i64, text: &str, ranges: Ranges) -> Regression {
        let minutes = |seconds: i64| (seconds as f64 / 60.0).max(1.0 / 60.0);
        Regression {
            query_id: query_id.to_string(),
            statement: text.to_owned(),
            kind: self.kind,
            since_s: self.since_s,
            before_ms: self.before_ms,
            after_ms: self.after_ms,
            before_per_minute: self.before.calls as f64 / minutes(self.since_s - ranges.first),
            after_per_minute: self.after.calls as f64 / minutes(ranges.end - self.since_s),
            factor: self.factor,
            added_ms_per_s: self.added_ms_per_s,
            cause: Cause::Cpu,
            evidence: Vec::new(),
            changes: Vec::new(),
        }
    }
}

/// Where the mean time of an execution went up and stayed there.
fn slower(points: &[StatementPoint], ranges: Ranges, sensitivity: Sensitivity) -> Option<Noticed> {
    let means: Vec<f64> = points.iter().map(|point| point.used.mean_ms()).collect();
    let split = step_up(&means)?;
    let before_ms = median(means[..split].to_vec());
    let after_ms = median(means[split..].to_vec());
    let (before, after) = (sum(&points[..split]), sum(&points[split..]));
    let factor = after_ms / before_ms.max(0.001);
    let is_enough = points.len() - split >= 2 || (factor >= AT_ONCE.0 && after.calls >= AT_ONCE.1);
    if factor < sensitivity.factor || !is_enough {
        return None;
    }
    // What was as slow now and then before has not become slow.
    let as_slow = means[..split]
        .iter()
        .filter(|mean| **mean >= 0.8 * after_ms)
        .count();
    if as_slow * 10 > split {
        return None;
    }
    let since_s = points[split].at_s;
    let seconds = (ranges.end - since_s).max(1) as f64;
    let added_ms_per_s = (after_ms - before_ms) * after.calls as f64 / seconds;
    (added_ms_per_s >= sensitivity.added_ms_per_s).then_some(Noticed {
        kind: Kind::Mean,
        since_s,
        factor,
        before_ms,
        after_ms,
        before,
        after,
        added_ms_per_s,
    })
}

/// Where the calls went up and stayed there, of a statement that takes a large part of the time.
fn more_often(
    points: &[StatementPoint],
    times: &BTreeSet<i64>,
    ranges: Ranges,
    series: &BTreeMap<i64, Vec<StatementPoint>>,
    sensitivity: Sensitivity,
) -> Option<Noticed> {
    let calls: BTreeMap<i64, i64> = points
        .iter()
        .map(|point| (point.at_s, point.used.calls))
        .collect();
    let all: Vec<(i64, f64)> = times
        .iter()
        .map(|at| (*at, calls.get(at).copied().unwrap_or(0) as f64))
        .collect();
    let counts: Vec<f64> = all.iter().map(|(_, count)| *count).collect();
    let split = step_up(&counts)?;
    let (was, is) = (median(counts[..split].to_vec()), median(counts[split..].to_vec()));
    let factor = is / was.max(1.0);
    if was == 0.0 || factor < sensitivity.factor.max(AT_ONCE.0) || counts.len() - split < 2 {
        return None;
    }
    let since_s = all[split].0;
    let (before, after): (Vec<StatementPoint>, Vec<StatementPoint>) =
        points.iter().partition(|point| point.at_s < since_s);
    noticed_by_share(
        Kind::Volume,
        since_s,
        factor,
        sum(&before),
        sum(&after),
        ranges,
        series,
        sensitivity,
    )
}

/// A statement that came up in the window, and takes a large part of the time since.
fn new(
    points: &[StatementPoint],
    first_at_s: i64,
    ranges: Ranges,
    series: &BTreeMap<i64, Vec<StatementPoint>>,
    sensitivity: Sensitivity,
) -> Option<Noticed> {
    let since_s = points.first()?.at_s;
    let steps_before = (since_s - ranges.first) / ranges.step_s;
    if steps_before < BEFORE as i64 || first_at_s < since_s - ranges.step_s || points.len() < 2 {
        return None;
    }
    let before = StatementUse::default();
    noticed_by_share(
        Kind::New,
        since_s,
        1.0,
        before,
        sum(points),
        ranges,
        series,
        sensitivity,
    )
}

#[allow(clippy::too_many_arguments)]
fn noticed_by_share(
    kind: Kind,
    since_s: i64,
    factor: f64,
    before: StatementUse,
    after: StatementUse,
    ranges: Ranges,
    series: &BTreeMap<i64, Vec<StatementPoint>>,
    sensitivity: Sensitivity,
) -> Option<Noticed> {
    let since = series.values().flatten().filter(|point| point.at_s >= since_s);
    let all_us: i64 = since.map(|point| point.used.time_us).sum();
    let seconds = (ranges.end - since_s).max(1) as f64;
    let was_ms_per_s = before.time_us as f64 / 1_000.0 / (since_s - ranges.first).max(1) as f64;
    let added_ms_per_s = after.time_us as f64 / 1_000.0 / seconds - was_ms_per_s;
    let is_large = after.time_us as f64 >= LARGE * all_us as f64;
    (is_large && added_ms_per_s >= sensitivity.added_ms_per_s).then_some(Noticed {
        kind,
        since_s,
        factor,
        before_ms: before.mean_ms(),
        after_ms: after.mean_ms(),
        before,
        after,
        added_ms_per_s,
    })
}

/// Where the values go up: the split for which two levels, of their logarithms, fit best.
fn step_up(values: &[f64]) -> Option<usize> {
    let logs: Vec<f64> = values.iter().map(|value| (value + 0.001).ln()).collect();
    let total: f64 = logs.iter().sum();
    let count = logs.len();
    let mut sum = 0.0;
    let mut best: Option<(usize, f64)> = None;
    for (index, value) in logs.iter().enumerate() {
        if index >= BEFORE {
            let (left, right) = (index as f64, (count - index) as f64);
            let rise = (total - sum) / right - sum / left;
            let gain = left * right / count as f64 * rise * rise;
            if rise > 0.0 && best.is_none_or(|(_, most)| gain > most) {
                best = Some((index, gain));
            }
        }
        sum += value;
    }
    best.map(|(index, _)| index)
}

fn sum(points: &[StatementPoint]) -> StatementUse {
    let mut all = StatementUse::default();
    for point in points {
        all.add(&point.used);
    }
    all
}

/// What is different about an execution, from its counters and from what it was seen waiting for.
async fn explain(
    samples: &Samples,
    query_id: i64,
    regression: &mut Regression,
    noticed: &Noticed,
    ranges: Ranges,
) -> Result<(), StoreError> {
    let (before, after) = (&noticed.before, &noticed.after);
    if noticed.kind != Kind::Mean {
        regression.cause = Cause::Volume;
        regression.evidence.push(match noticed.kind {
            Kind::New => "It was not seen before.".to_owned(),
            _ => format!(
                "It is called {:.1} times a minute, before {:.1} times.",
                regression.after_per_minute, regression.before_per_minute
            ),
        });
        return Ok(());
    }
    let each = |used: &StatementUse, figure: fn(&StatementUse) -> i64| used.per_call(figure(used));
    let blocks = (each(before, |u| u.hit + u.read), each(after, |u| u.hit + u.read));
    let rows = (each(before, |u| u.rows), each(after, |u| u.rows));
    let read = (each(before, |u| u.read), each(after, |u| u.read));
    let temp = (each(before, |u| u.temp), each(after, |u| u.temp));
    let grew = |(was, is): (f64, f64), least: f64| is >= least && is > 1.8 * was;

    let mut causes: Vec<(Cause, String)> = Vec::new();
    let waits = waits(samples, query_id, noticed.since_s, ranges).await?;
    let added_ms = noticed.after_ms - noticed.before_ms;
    if let Some((wait, was_ms, is_ms)) = waits {
        let text = format!("An execution waits {is_ms:.1} ms for {wait}, before {was_ms:.1} ms.");
        if is_ms - was_ms > 0.5 * added_ms {
            causes.push((Cause::Waits, text));
        }
    }
    if grew(rows, 10.0) && rows.1 / rows.0.max(1.0) > 0.5 * noticed.factor.min(blocks.1 / blocks.0.max(1.0)) {
        causes.push((
            Cause::Rows,
            format!(
                "An execution gives {:.0} rows, before {:.0}: other parameters, or more data.",
                rows.1, rows.0
            ),
        ));
    }
    if grew(blocks, 8.0) {
        causes.push((
            Cause::Plan,
            format!(
                "An execution touches {:.0} blocks, before {:.0}, for {:.1} rows, before {:.1}: another plan, or bloat.",
                blocks.1, blocks.0, rows.1, rows.0
            ),
        ));
    }
    if grew(temp, 1.0) {
        causes.push((
            Cause::Spill,
            format!(
                "An execution moves {:.0} blocks of temporary files, before {:.0}.",
                temp.1, temp.0
            ),
        ));
    }
    if grew(read, 2.0) && !grew(blocks, 8.0) {
        causes.push((
            Cause::Cache,
            format!(
                "An execution reads {:.1} blocks from outside of shared buffers, before {:.1}.",
                read.1, read.0
            ),
        ));
    }
    if causes.is_empty() {
        causes.push((
            Cause::Cpu,
            format!(
                "It touches as many blocks as before ({:.0}, before {:.0}): the processor is busier, or the work is not in blocks.",
                blocks.1, blocks.0
            ),
        ));
    }
    regression.cause = causes[0].0;
    regression.evidence = causes.into_iter().map(|(_, text)| text).collect();
    Ok(())
}

/// The wait whose time in an execution grew most, in milliseconds before and since.
async fn waits(
    samples: &Samples,
    query_id: i64,
    since_s: i64,
    ranges: Ranges,
) -> Result<Option<(String, f64, f64)>, StoreError> {
    let (before, after) = (
        Window {
            from_s: ranges.first,
            to_s: since_s,
        },
        Window {
            from_s: since_s,
            to_s: ranges.end,
        },
    );
    let mut figures: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (window, is_after) in [(before, false), (after, true)] {
        let looks: i64 = samples
            .load(window, window.length_s().max(1), howdah_store::samples::By::Role)
            .await?
            .iter()
            .map(|point| point.ticks)
            .sum();
        let calls: i64 = samples
            .statement_series(window, window.length_s().max(1), Some(query_id))
            .await?
            .values()
            .flatten()
            .map(|point| point.used.calls)
            .sum();
        let mut seen = samples.waits_of_statements(window).await?;
        // A session that was seen in every look was at it all the time.
        let ms_per_sight = window.length_s() as f64 * 1_000.0 / looks.max(1) as f64;
        for (wait, count) in seen.remove(&query_id).unwrap_or_default() {
            let ms = count as f64 * ms_per_sight / calls.max(1) as f64;
            let figure = figures.entry(wait).or_default();
            match is_after {
                true => figure.1 = ms,
                false => figure.0 = ms,
            }
        }
    }
    Ok(figures
        .into_iter()
        .filter(|(wait, _)| wait != "CPU")
        .max_by(|(_, a), (_, b)| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
        .map(|(wait, (was, is))| (wait, was, is)))
}

fn near(changes: &[Change], since_s: i64, step_s: i64) -> Vec<String> {
    let is_near = |change: &&Change| change.at_s >= since_s - NEAR_S && change.at_s <= since_s + step_s + 600;
    let line = |change: &Change| {
        let what = match (&change.before, &change.after) {
            (None, Some(after)) => format!("new: {after}"),
            (Some(_), None) => "gone".to_owned(),
            (before, after) => format!(
                "{} → {}",
                before.as_deref().unwrap_or_default(),
                after.as_deref().unwrap_or_default()
            ),
        };
        format!("{} {} {}: {what}", at(change.at_s), change.kind, change.name)
    };
    changes.iter().filter(is_near).take(10).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(means_ms: &[f64], calls: i64) -> Vec<StatementPoint> {
        let point = |(minute, mean): (usize, &f64)| StatementPoint {
            at_s: minute as i64 * 60,
            used: StatementUse {
                calls,
                time_us: (mean * 1_000.0) as i64 * calls,
                ..StatementUse::default()
            },
        };
        means_ms.iter().enumerate().map(point).collect()
    }

    fn since(means_ms: &[f64], calls: i64) -> Option<i64> {
        let ranges = Ranges {
            first: 0,
            end: means_ms.len() as i64 * 60,
            step_s: 60,
        };
        slower(&points(means_ms, calls), ranges, Sensitivity::default()).map(|noticed| noticed.since_s / 60)
    }

    #[test]
    fn a_mean_that_goes_up_and_stays_is_found_at_its_minute() {
        let mut means = vec![10.0, 12.0, 9.0, 11.0, 10.5, 9.5];
        means.extend([31.0, 33.0, 30.0]);
        assert_eq!(since(&means, 100), Some(6));
        // At once, where it is clear.
        assert_eq!(since(&[10.0, 11.0, 10.0, 9.0, 40.0], 100), Some(4));
    }

    #[test]
    fn noise_outliers_and_trifles_are_not_found() {
        assert_eq!(since(&[10.0, 14.0, 9.0, 13.0, 8.0, 12.0, 15.0, 11.0], 100), None);
        // One slow minute among many.
        assert_eq!(
            since(&[10.0, 10.0, 10.0, 90.0, 10.0, 10.0, 10.0, 10.0], 100),
            None
        );
        // Slow now and then, before as well.
        assert_eq!(
            since(&[10.0, 60.0, 10.0, 60.0, 10.0, 10.0, 60.0, 60.0], 100),
            None
        );
        // Three times as much of next to nothing.
        assert_eq!(since(&[0.01, 0.01, 0.01, 0.01, 0.03, 0.03, 0.03], 10), None);
        // One call tells little.
        assert_eq!(since(&[10.0, 11.0, 10.0, 9.0, 40.0], 1), None);
    }
}
