//! Chooses among candidates for the whole workload.
//!
//! As Extend does (Schlosser et al., ICDE 2019; in the published comparison of advisors it wins, or is within 0.4
//! points, at every budget): indexes are added, or put in place of one that they extend, always the one that gains
//! most for the room and the writes that it costs.

mod exchange;
mod known;
mod merge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use howdah_pg::PgError;

use super::catalog::Catalog;
use super::definition::Definition;
use super::leading::Leading;
use super::planner::Planner;
use super::weighing::{tempered, timed};
use super::writes::{self, Added, Write};
use known::Known;

/// A candidate and the statements that it may serve.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) definition: Definition,
    /// What creates it for planning: one for each partition. Empty where it cannot be pretended.
    pub(crate) creations: Vec<String>,
    pub(crate) bytes: f64,
    /// The variants that it may serve, by number.
    pub(crate) serves: BTreeSet<usize>,
    /// Of an inverted index: what each variant's scan of the relation costs with it.
    pub(crate) scan_costs: BTreeMap<usize, f64>,
}

impl Choice {
    /// Whether the planner knows what is pretended of it only where its relation comes first.
    pub(crate) fn counts_first(&self) -> bool {
        let Definition { keys, predicate, .. } = &self.definition;
        !self.creations.is_empty()
            && (!predicate.is_empty() || keys.iter().any(|key| key.sql.starts_with('(')))
    }
}

/// A statement with one set of constants.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) sql: String,
    pub(crate) statement: usize,
    /// Its share of the statement.
    pub(crate) share: f64,
    /// Whether it looks within texts, arrays or documents for what hardly any has.
    pub(crate) seeks_rare: bool,
    /// The same with other relations first, of which the planner sees indexes that it would not see else.
    pub(crate) leading: Vec<Leading>,
}

/// What has to be kept.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) bytes: f64,
    /// What the writes may cost, as a multiple of what they cost now.
    pub(crate) write_factor: f64,
    /// Plans that may be made. A search that ends by these gives the same answer on every machine.
    pub(crate) plans: usize,
    /// When to stop however few plans were made by then.
    pub(crate) until: Instant,
}

/// What ended the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// There was nothing left to try.
    Done,
    /// The plans that may be made were made.
    Plans,
    /// Its time was over.
    Clock,
}

/// What counts beside the sum of all: each statement for itself, so that a few monsters do not hide the rest.
const RELATIVE: f64 = 0.12;
/// The gain below which an index is not worth having.
const LEAST_GAIN: f64 = 0.000_4;
/// What every index costs beside room and writes: planning, vacuum, attention.
const FIXED_PENALTY: f64 = 0.004;
/// What a statement that gets slower takes from the gain: more than nearly any index brings, so that what slows it down
/// is built with what makes up for that, or not at all.
const HARM: f64 = 0.1;
/// What makes a statement slower: so many times what it costs now, and so much more.
const SLOWER: f64 = 1.1;
const SLOWER_BY: f64 = 10.0;
/// What the planner's figure for a statement falls by without anything that would be felt: its index is a level lower,
/// or spares it a page. Of a statement that costs eight, looking its row up by another index seemed to save the half.
const LEAST_SAVED: f64 = 5.0;

pub(crate) struct Selection<'a> {
    pub(crate) choices: Vec<Choice>,
    /// What each of them adds to the writes.
    added: Vec<Vec<Added>>,
    /// Those of them that were there from the start.
    given: usize,
    pub(crate) variants: &'a [Variant],
    /// The weight of each statement.
    pub(crate) weights: Vec<f64>,
    /// What the executions of each statement were measured to take.
    times: &'a [Option<f64>],
    pub(crate) writes: &'a [Write],
    pub(crate) catalog: &'a Catalog,
    pub(crate) bounds: Bounds,
    /// Of each variant, what the planner said.
    known: Vec<Known>,
    /// Of each variant, the choices that can be pretended and matter to it, sorted.
    matters: Vec<Vec<usize>>,
    /// Of each variant, the choices that are reckoned by a rule.
    by_rule: Vec<Vec<usize>>,
    before: Vec<f64>,
    /// The same of each variant.
    plain: Vec<f64>,
    /// What each statement counts, none of them more than its share.
    counted: Vec<f64>,
    /// What each variant costs with the set that was last asked for, as far as is known.
    last: Mutex<Option<(BTreeSet<usize>, Vec<f64>)>>,
    /// Plans that were made beside those without any index.
    made: usize,
    end: End,
}

/// Choices by which two sets differ so little that what most statements cost need not be looked up again.
const NEAR: usize = 8;

impl<'a> Selection<'a> {
    pub(crate) fn new(
        choices: Vec<Choice>,
        variants: &'a [Variant],
        weights: &'a [f64],
        times: &'a [Option<f64>],
        writes: &'a [Write],
        catalog: &'a Catalog,
        bounds: Bounds,
    ) -> Self {
        let mut selection = Self {
            matters: vec![Vec::new(); variants.len()],
            by_rule: vec![Vec::new(); variants.len()],
            known: variants.iter().map(|_| Known::default()).collect(),
            given: choices.len(),
            added: Vec::with_capacity(choices.len()),
            choices: Vec::with_capacity(choices.len()),
            variants,
            weights: weights.to_vec(),
            times,
            writes,
            catalog,
            bounds,
            before: Vec::new(),
            plain: Vec::new(),
            counted: weights.to_vec(),
            last: Mutex::new(None),
            made: 0,
            end: End::Done,
        };
        for choice in choices {
            selection.push(choice);
        }
        selection
    }

    /// Adds a choice, whose number is given.
    fn push(&mut self, choice: Choice) -> usize {
        for variant in 0..self.variants.len() {
            if !choice.creations.is_empty() && choice.serves.contains(&variant) {
                self.matters[variant].push(self.choices.len());
            }
            if choice.scan_costs.contains_key(&variant) {
                self.by_rule[variant].push(self.choices.len());
            }
        }
        self.added
            .push(writes::added(self.writes, &choice.definition, self.catalog));
        self.choices.push(choice);
        self.choices.len() - 1
    }

    /// Chooses. `bundles` are sets that only help together. Gives the numbers of the choices.
    pub(crate) async fn run(
        &mut self,
        planner: &mut Planner<'_>,
        bundles: &BTreeSet<BTreeSet<usize>>,
    ) -> Result<BTreeSet<usize>, PgError> {
        let nothing = BTreeSet::new();
        // With all of them a statement costs the least that it can: once it does, it is not asked about any more.
        let all: BTreeSet<usize> = (0..self.given).collect();
        self.learn(planner, &[&nothing, &all]).await?;
        self.made = 0;
        self.before = self.costs(&nothing);
        self.plain = self.each(&nothing);
        self.weights = timed(&self.before, &self.weights, self.times);
        self.counted = tempered(&self.before, &self.weights);
        let mut moves: Vec<BTreeSet<usize>> =
            (0..self.choices.len()).map(|one| BTreeSet::from([one])).collect();
        moves.extend(bundles.iter().filter(|bundle| bundle.len() > 1).cloned());
        let mut chosen = self.add(planner, &moves, nothing).await?;
        for _ in 0..2 {
            let kept = self.drop_idle(planner, chosen.clone()).await?;
            if kept == chosen || self.is_late() {
                chosen = kept;
                break;
            }
            chosen = self.add(planner, &moves, kept).await?;
        }
        let chosen = self.merge(planner, &moves, chosen).await?;
        let chosen = self.exchange(planner, &moves, chosen).await?;
        let chosen = self.replace(planner, &moves, chosen).await?;
        let chosen = self.merge(planner, &moves, chosen).await?;
        let chosen = self.check(planner, chosen).await?;
        // What was put in place of another may do the work of a third.
        self.drop_idle(planner, chosen).await
    }

    /// What was chosen by what was known in parts, when no more plans were to be made, is asked about as a whole: a
    /// statement may be slower with all of it.
    async fn check(
        &mut self,
        planner: &mut Planner<'_>,
        chosen: BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, PgError> {
        if self.end != End::Plans {
            return Ok(chosen);
        }
        self.end = End::Done;
        self.bounds.plans = self.made + 2 * self.variants.len();
        self.learn(planner, &[&chosen]).await?;
        let chosen = self.drop_idle(planner, chosen).await?;
        if self.end == End::Done {
            self.end = End::Plans;
        }
        Ok(chosen)
    }

    /// Adds the best move until none is worth it. When it is late that goes by what is known already.
    async fn add(
        &mut self,
        planner: &mut Planner<'_>,
        moves: &[BTreeSet<usize>],
        mut chosen: BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, PgError> {
        let results: Vec<BTreeSet<usize>> = moves.iter().map(|one| self.after(&chosen, one)).collect();
        self.learn(planner, &results.iter().collect::<Vec<_>>()).await?;
        // What a move was last seen to be worth; it rarely gets worth more as others are made.
        let now = self.standing(&chosen);
        let mut worth: Vec<(f64, usize)> = results
            .iter()
            .enumerate()
            .map(|(at, set)| (self.worth(&now, set), at))
            .collect();
        loop {
            worth.retain(|(value, _)| *value > 0.0);
            worth.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            if worth.is_empty() {
                return Ok(chosen);
            }
            let now = self.standing(&chosen);
            // The few that lead are looked at again, until the first of them stays the first.
            let mut seen = BTreeSet::new();
            loop {
                let lead: Vec<usize> = worth
                    .iter()
                    .take(4)
                    .map(|(_, at)| *at)
                    .filter(|at| !seen.contains(at))
                    .collect();
                let is_settled = worth.first().is_some_and(|(_, at)| seen.contains(at));
                if lead.is_empty() || is_settled {
                    break;
                }
                let sets: Vec<BTreeSet<usize>> =
                    lead.iter().map(|at| self.after(&chosen, &moves[*at])).collect();
                self.learn(planner, &sets.iter().collect::<Vec<_>>()).await?;
                for (at, set) in lead.iter().zip(&sets) {
                    seen.insert(*at);
                    let value = self.worth(&now, set);
                    if let Some(entry) = worth.iter_mut().find(|(_, other)| other == at) {
                        entry.0 = value;
                    }
                }
                worth.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            }
            let Some((value, at)) = worth.first().copied() else {
                return Ok(chosen);
            };
            if value <= 0.0 {
                return Ok(chosen);
            }
            chosen = self.after(&chosen, &moves[at]);
            worth.retain(|(_, other)| *other != at);
        }
    }

    /// Takes out what is no longer worth having beside what came later.
    async fn drop_idle(
        &mut self,
        planner: &mut Planner<'_>,
        mut chosen: BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, PgError> {
        loop {
            let without: Vec<(usize, BTreeSet<usize>)> = chosen
                .iter()
                .map(|one| {
                    (
                        *one,
                        chosen.iter().copied().filter(|other| other != one).collect(),
                    )
                })
                .collect();
            self.learn(planner, &without.iter().map(|(_, set)| set).collect::<Vec<_>>())
                .await?;
            let now = self.standing(&chosen);
            let least = without
                .iter()
                .map(|(one, set)| {
                    let writes = now.writes - self.write_share(set);
                    (now.gain - self.gain(set) - least_gain(writes), *one)
                })
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            match least {
                Some((value, one)) if value < 0.0 => {
                    chosen.remove(&one);
                }
                _ => return Ok(chosen),
            }
        }
    }

    fn is_late(&mut self) -> bool {
        if self.end == End::Done && self.made >= self.bounds.plans {
            self.end = End::Plans;
        }
        if self.end == End::Done && Instant::now() >= self.bounds.until {
            self.end = End::Clock;
        }
        self.end != End::Done
    }

    /// What ended the search, and the plans that were made by then.
    pub(crate) fn end(&self) -> (End, usize) {
        (self.end, self.made)
    }

    /// The set after a move: without what the new ones extend.
    fn after(&self, chosen: &BTreeSet<usize>, adds: &BTreeSet<usize>) -> BTreeSet<usize> {
        let is_extended = |one: &&usize| {
            adds.iter().any(|new| {
                self.choices[*new]
                    .definition
                    .extends(&self.choices[**one].definition)
            })
        };
        chosen
            .iter()
            .filter(|one| !is_extended(one))
            .chain(adds)
            .copied()
            .collect()
    }

    /// The gain of going from one set to the other for what it costs; nothing if it is out of bounds.
    fn worth(&self, from: &Standing, to: &BTreeSet<usize>) -> f64 {
        if from.set == *to || self.bytes(to) > self.bounds.bytes {
            return 0.0;
        }
        let to = self.standing(to);
        let gain = to.gain - from.gain;
        if to.writes > 1.0 || gain < least_gain(to.writes - from.writes) {
            return 0.0;
        }
        gain / (to.penalty - from.penalty).max(FIXED_PENALTY)
    }

    fn standing(&self, set: &BTreeSet<usize>) -> Standing {
        let writes = self.write_share(set);
        Standing {
            gain: self.gain(set),
            penalty: self.penalty(set, writes),
            writes,
            set: set.clone(),
        }
    }

    pub(crate) fn is_within_bounds(&self, set: &BTreeSet<usize>) -> bool {
        self.bytes(set) <= self.bounds.bytes && self.write_share(set) <= 1.0
    }

    pub(crate) fn bytes(&self, set: &BTreeSet<usize>) -> f64 {
        set.iter().map(|one| self.choices[*one].bytes).sum()
    }

    /// What the writes cost, as a multiple of what they cost now.
    pub(crate) fn write_factor(&self, set: &BTreeSet<usize>) -> f64 {
        let total = |set: &BTreeSet<usize>| {
            let added = set.iter().map(|one| &self.added[*one]);
            writes::total(self.writes, added, self.catalog)
        };
        let now = total(&BTreeSet::new());
        if now <= 0.0 { 1.0 } else { total(set) / now }
    }

    /// How much of what the writes may cost is used up.
    fn write_share(&self, set: &BTreeSet<usize>) -> f64 {
        (self.write_factor(set) - 1.0) / (self.bounds.write_factor - 1.0).max(0.01)
    }

    fn penalty(&self, set: &BTreeSet<usize>, writes: f64) -> f64 {
        let room = self.bytes(set) / self.bounds.bytes.max(1.0);
        room + 1.5 * writes + FIXED_PENALTY * set.len() as f64
    }

    fn gain(&self, set: &BTreeSet<usize>) -> f64 {
        let each = self.each(set);
        let after = self.of_statements(&each);
        let work = self.before.iter().zip(&self.counted);
        let sum: f64 = work.map(|(cost, weight)| cost * weight).sum();
        let counting = self.counted.iter().filter(|weight| **weight > 0.0);
        let counting = counting.count().max(1) as f64;
        let mut gain = 0.0;
        for ((before, after), weight) in self.before.iter().zip(&after).zip(&self.counted) {
            let saved = before - after;
            if *before > 0.0 && *weight > 0.0 && saved.abs() >= LEAST_SAVED {
                gain += weight * saved / sum.max(f64::MIN_POSITIVE) + RELATIVE * saved / before / counting;
            }
        }
        let is_slower = |(now, then): (&f64, &f64)| *then > now * SLOWER && then - now > SLOWER_BY;
        let all = self.variants.iter().zip(self.plain.iter().zip(&each));
        let harmed = all.filter(|(_, costs)| is_slower(*costs));
        gain - HARM * harmed.map(|(variant, _)| variant.share).sum::<f64>()
    }

    /// What each statement costs with a set whose costs were learnt.
    pub(crate) fn costs(&self, set: &BTreeSet<usize>) -> Vec<f64> {
        self.of_statements(&self.each(set))
    }

    fn of_statements(&self, each: &[f64]) -> Vec<f64> {
        let mut costs = vec![0.0; self.weights.len()];
        for (variant, cost) in self.variants.iter().zip(each) {
            costs[variant.statement] += variant.share * cost;
        }
        costs
    }

    /// What each variant costs. Next to what was last asked for, only those are looked at again that a choice by which
    /// the sets differ matters to.
    fn each(&self, set: &BTreeSet<usize>) -> Vec<f64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, costs)) = last.as_ref() {
            let differ: Vec<usize> = of.symmetric_difference(set).copied().collect();
            if differ.len() <= NEAR {
                let mut costs = costs.clone();
                let near = differ.iter().map(|one| &self.choices[*one]);
                let touched = near.flat_map(|choice| choice.serves.iter().chain(choice.scan_costs.keys()));
                for variant in touched.copied().collect::<BTreeSet<usize>>() {
                    costs[variant] = self.cost(variant, set);
                }
                return costs;
            }
        }
        let costs: Vec<f64> = (0..self.variants.len()).map(|at| self.cost(at, set)).collect();
        *last = Some((set.clone(), costs.clone()));
        costs
    }
}

/// What a set gains and costs.
struct Standing {
    set: BTreeSet<usize>,
    gain: f64,
    penalty: f64,
    /// How much of what the writes may cost it uses up.
    writes: f64,
}

/// What a step has to gain at least, which grows with what more it makes the writes pay.
fn least_gain(writes: f64) -> f64 {
    LEAST_GAIN * (1.0 + 20.0 * writes.max(0.0))
}
