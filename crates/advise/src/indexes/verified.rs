//! Builds what was advised in a copy of the database, runs the statements that read, and takes out what does not hold.

use std::collections::{BTreeMap, BTreeSet};

use howdah_core::{Error, Result};
use howdah_pg::{PgError, Session};
use howdah_sql::{quote_ident, quote_literal};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::access::{children, number, text};
use super::advise::Advice;
use super::correlated::{Statistic, Suspect, statistics, suspects};
use super::workload::one_line;

/// A statement with constants, as it is run to measure it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) sql: String,
    /// As it was given.
    pub(crate) text: String,
    /// What one of its milliseconds counts.
    pub(crate) weight: f64,
}

/// What measuring showed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Verified {
    /// Runs of statements that were measured, with and without.
    pub runs: usize,
    /// The time that is left with the indexes that held, in per cent of that without, weighted.
    pub left_percent: f64,
    /// Indexes that did not hold.
    pub dropped: Vec<Dropped>,
    /// Statements that are slower all the same, with the milliseconds before and after.
    pub slower: Vec<Slower>,
    /// Extended statistics for columns that go together, which the planner took for independent.
    pub statistics: Vec<Statistic>,
}

/// An index that did not hold.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Dropped {
    /// What would have built it.
    pub create: String,
    /// Why, as a sentence.
    pub reason: String,
}

/// A statement that became slower.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Slower {
    /// Its text, cut to one line.
    pub statement: String,
    /// Milliseconds without the indexes.
    pub before_ms: f64,
    /// With them.
    pub after_ms: f64,
}

/// Milliseconds that a run may take; what takes longer counts as that.
const RUN_MAX_MS: f64 = 20_000.0;
/// What a run has to be slower by, as a multiple and in milliseconds, for that to be more than chance.
const SLOWER: f64 = 1.15;
const SLOWER_MS: f64 = 0.5;
/// Each is run so often; the fastest counts.
const RUNS: usize = 3;

/// Verifies advice in a copy of the database that it is for: builds the indexes there, measures, and drops them again.
/// What is not used once it is there, and what makes statements slower than it makes others faster, is taken out of
/// the advice.
///
/// # Errors
/// Where the copy is the database itself, an index cannot be built in it, or it fails.
pub async fn verify(
    target: &mut Session,
    copy: &mut Session,
    advice: &mut Advice,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<()> {
    if identity(target).await? == identity(copy).await? {
        return Err(Error::refused(
            "The copy to verify in is the database that is to be advised itself.",
        )
        .hint("Name a clone, a restored snapshot or a copy on this machine: indexes are built there, and dropped again."));
    }
    let runs = advice.runs.clone();
    progress("measuring without the indexes");
    let before = measure(copy, &runs).await?;
    let mut built: Vec<String> = Vec::new();
    let outcome = held(copy, advice, &runs, &before, &mut built, progress).await;
    for name in &built {
        copy.batch(&format!("DROP INDEX IF EXISTS {name}")).await?;
    }
    advice.verified = Some(outcome?);
    Ok(())
}

async fn identity(session: &mut Session) -> Result<(String, String)> {
    let rows = session
        .query(include_str!("../../queries/identity.sql"), &[])
        .await?;
    let cell = |at: usize| {
        let row = rows.first();
        row.and_then(|row| row.get(at)).unwrap_or_default().to_owned()
    };
    Ok((cell(0), cell(1)))
}

async fn held(
    copy: &mut Session,
    advice: &mut Advice,
    runs: &[Run],
    before: &[Measured],
    built: &mut Vec<String>,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Verified> {
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for (at, index) in advice.indexes.iter().enumerate() {
        progress(&format!("building {} of {}", at + 1, advice.indexes.len()));
        let (name, schema) = (format!("howdah_verify_{at}"), &index.schema);
        let create = index
            .create
            .replacen("CREATE INDEX ON", &format!("CREATE INDEX {name} ON"), 1);
        copy.batch(&format!("DROP INDEX IF EXISTS {}.{name}", quote_ident(schema)))
            .await?;
        copy.batch(&create).await.map_err(|error| {
            let shown = Error::from(error);
            let detail = format!("{create} {}", shown.detail.clone().unwrap_or_default());
            shown.detail(detail)
        })?;
        let qualified = format!("{}.{name}", quote_ident(schema));
        let rows = copy
            .query(
                include_str!("../../queries/verified_names.sql"),
                &[Some(qualified.as_str())],
            )
            .await?;
        of.extend(rows.iter().filter_map(|row| Some((row.get(0)?.to_owned(), at))));
        built.push(qualified);
    }
    let relations: BTreeSet<&str> = advice
        .indexes
        .iter()
        .map(|index| index.relation.as_str())
        .collect();
    for relation in relations {
        copy.batch(&format!("ANALYZE {relation}")).await?;
    }
    progress("measuring with them");
    let mut after = measure(copy, runs).await?;
    let mut dropped: BTreeMap<usize, String> = BTreeMap::new();
    // Whatever makes a statement slower goes, unless it brings others more.
    while let Some((index, reason)) = harmful(before, &after, runs, &of, &dropped) {
        copy.batch(&format!("DROP INDEX {}", built[index])).await?;
        dropped.insert(index, reason);
        let again: Vec<usize> = (0..runs.len())
            .filter(|at| uses(&after[*at], index, &of))
            .collect();
        let some: Vec<Run> = again.iter().map(|at| runs[*at].clone()).collect();
        for (at, measured) in again.into_iter().zip(measure(copy, &some).await?) {
            after[at] = measured;
        }
    }
    for index in 0..advice.indexes.len() {
        let is_for_a_check = advice.indexes[index]
            .helps
            .iter()
            .any(|helped| helped.statement.starts_with("the look behind"));
        let is_used = after.iter().any(|run| uses(run, index, &of));
        if !is_used && !is_for_a_check && !dropped.contains_key(&index) {
            dropped.insert(index, "No statement used it once it was there.".to_owned());
        }
    }
    progress("looking at what the planner misjudged");
    let misjudged: BTreeSet<Suspect> = before
        .iter()
        .flat_map(|one| one.misjudged.iter().cloned())
        .collect();
    let statistics = statistics(copy, &misjudged).await?;
    let sum = |measured: &[Measured]| {
        let all = measured.iter().zip(runs);
        all.map(|(one, run)| one.ms * run.weight).sum::<f64>()
    };
    let slower = before
        .iter()
        .zip(&after)
        .zip(runs)
        .filter(|((before, after), _)| is_slower(before.ms, after.ms))
        .map(|((before, after), run)| Slower {
            statement: one_line(&run.text),
            before_ms: rounded(before.ms),
            after_ms: rounded(after.ms),
        });
    let verified = Verified {
        runs: runs.len(),
        left_percent: rounded(100.0 * sum(&after) / sum(before).max(f64::MIN_POSITIVE)),
        slower: slower.collect(),
        statistics,
        dropped: dropped
            .iter()
            .map(|(at, reason)| Dropped {
                create: advice.indexes[*at].create.clone(),
                reason: reason.clone(),
            })
            .collect(),
    };
    let mut at = 0;
    advice.indexes.retain(|_| {
        at += 1;
        !dropped.contains_key(&(at - 1))
    });
    advice.bytes = advice.indexes.iter().map(|index| index.bytes).sum();
    Ok(verified)
}

/// The index that costs most of those whose statements became slower by more than they became faster.
fn harmful(
    before: &[Measured],
    after: &[Measured],
    runs: &[Run],
    of: &BTreeMap<String, usize>,
    dropped: &BTreeMap<usize, String>,
) -> Option<(usize, String)> {
    let mut worst: Option<(f64, usize, String)> = None;
    let candidates: BTreeSet<usize> = of
        .values()
        .copied()
        .filter(|at| !dropped.contains_key(at))
        .collect();
    for index in candidates {
        let mut gain = 0.0;
        let mut reason = None;
        for ((before, after), run) in before.iter().zip(after).zip(runs) {
            if uses(after, index, of) {
                gain += run.weight * (before.ms - after.ms);
                if is_slower(before.ms, after.ms) && reason.is_none() {
                    reason = Some(format!(
                        "With it a statement took {:.1} ms in place of {:.1}: {}",
                        after.ms,
                        before.ms,
                        one_line(&run.text)
                    ));
                }
            }
        }
        if let Some(reason) = reason
            && gain < 0.0
            && worst.as_ref().is_none_or(|(least, ..)| gain < *least)
        {
            worst = Some((gain, index, reason));
        }
    }
    worst.map(|(_, index, reason)| (index, reason))
}

fn is_slower(before: f64, after: f64) -> bool {
    after > before * SLOWER && after > before + SLOWER_MS
}

fn uses(measured: &Measured, index: usize, of: &BTreeMap<String, usize>) -> bool {
    measured.indexes.iter().any(|name| of.get(name) == Some(&index))
}

/// A run that was measured.
struct Measured {
    ms: f64,
    indexes: BTreeSet<String>,
    misjudged: BTreeSet<Suspect>,
}

async fn measure(copy: &mut Session, runs: &[Run]) -> Result<Vec<Measured>> {
    let mut measured = Vec::with_capacity(runs.len());
    for run in runs {
        let mut best: Option<Measured> = None;
        for _ in 0..RUNS {
            let one = once(copy, &run.sql).await?;
            let is_long = one.ms > 1_000.0;
            if best.as_ref().is_none_or(|best| one.ms < best.ms) {
                best = Some(one);
            }
            if is_long {
                break;
            }
        }
        measured.extend(best);
    }
    Ok(measured)
}

async fn once(copy: &mut Session, sql: &str) -> Result<Measured> {
    copy.batch(&format!(
        "BEGIN READ ONLY; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL statement_timeout = {}",
        quote_literal(&format!("{RUN_MAX_MS}ms"))
    ))
    .await?;
    let explain = format!("EXPLAIN (ANALYZE, TIMING OFF, VERBOSE, FORMAT JSON) {sql}");
    let outcome = copy.query(&explain, &[]).await;
    copy.batch("ROLLBACK").await?;
    let too_long = || Measured {
        ms: RUN_MAX_MS,
        indexes: BTreeSet::new(),
        misjudged: BTreeSet::new(),
    };
    match outcome {
        Ok(rows) => {
            let cell = rows.first().and_then(|row| row.get(0)).unwrap_or_default();
            let read: Value = serde_json::from_str(cell).unwrap_or_default();
            let mut indexes = BTreeSet::new();
            names(&read[0]["Plan"], &mut indexes);
            let mut misjudged = BTreeSet::new();
            suspects(&read[0]["Plan"], &mut misjudged);
            Ok(Measured {
                ms: number(&read[0], "Execution Time"),
                indexes,
                misjudged,
            })
        }
        // It took too long, or cannot be run: with the indexes it will be the same.
        Err(PgError::Server(error)) if !error.is_fatal() => Ok(too_long()),
        Err(error) => Err(error.into()),
    }
}

fn names(plan: &Value, found: &mut BTreeSet<String>) {
    found.extend(text(plan, "Index Name").map(str::to_owned));
    for child in children(plan) {
        names(child, found);
    }
}

fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
