//! Chooses among candidates for the whole workload.
//!
//! As Extend does (Schlosser et al., ICDE 2019; in the published comparison of advisors it wins, or is within 0.4
//! points, at every budget): indexes are added, or put in place of one that they extend, always the one that gains
//! most for the room and the writes that it costs.

mod exchange;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use howdah_pg::PgError;

use super::catalog::Catalog;
use super::definition::Definition;
use super::planner::{Answer, Manner, Planner, Question};
use super::reckoned::{Cost, cost};
use super::weighing::{tempered, timed};
use super::writes::{self, Write};

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

/// A statement with one set of constants.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) sql: String,
    pub(crate) statement: usize,
    /// Its share of the statement.
    pub(crate) share: f64,
    /// Whether it looks within texts, arrays or documents for what hardly any has.
    pub(crate) seeks_rare: bool,
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
/// Questions that are asked before the search looks whether it may go on.
const ASKED_AT_ONCE: usize = 120;

pub(crate) struct Selection<'a> {
    pub(crate) choices: &'a [Choice],
    pub(crate) variants: &'a [Variant],
    /// The weight of each statement.
    pub(crate) weights: Vec<f64>,
    /// What the executions of each statement were measured to take.
    times: &'a [Option<f64>],
    pub(crate) writes: &'a [Write],
    pub(crate) catalog: &'a Catalog,
    pub(crate) bounds: Bounds,
    /// Of each variant, its costs by the pretended indexes that matter to it.
    known: Vec<BTreeMap<Vec<usize>, Cost>>,
    /// Of each variant, whether each choice can be pretended and matters to it.
    matters: Vec<Vec<bool>>,
    /// Of each variant, the choices that are reckoned by a rule.
    by_rule: Vec<Vec<usize>>,
    before: Vec<f64>,
    /// The same of each variant.
    plain: Vec<f64>,
    /// What each statement counts, none of them more than its share.
    counted: Vec<f64>,
    /// Plans that were made beside those without any index.
    made: usize,
    end: End,
}

impl<'a> Selection<'a> {
    pub(crate) fn new(
        choices: &'a [Choice],
        variants: &'a [Variant],
        weights: &'a [f64],
        times: &'a [Option<f64>],
        writes: &'a [Write],
        catalog: &'a Catalog,
        bounds: Bounds,
    ) -> Self {
        let numbers = 0..variants.len();
        let matters = |variant: usize| {
            let one = |choice: &Choice| !choice.creations.is_empty() && choice.serves.contains(&variant);
            choices.iter().map(one).collect()
        };
        let by_rule = |variant: usize| {
            let is = |at: &usize| choices[*at].scan_costs.contains_key(&variant);
            (0..choices.len()).filter(is).collect()
        };
        Self {
            matters: numbers.clone().map(matters).collect(),
            by_rule: numbers.clone().map(by_rule).collect(),
            known: numbers.map(|_| BTreeMap::new()).collect(),
            choices,
            variants,
            weights: weights.to_vec(),
            times,
            writes,
            catalog,
            bounds,
            before: Vec::new(),
            plain: Vec::new(),
            counted: weights.to_vec(),
            made: 0,
            end: End::Done,
        }
    }

    /// Chooses. `bundles` are sets that only help together. Gives the numbers of the choices.
    pub(crate) async fn run(
        &mut self,
        planner: &mut Planner<'_>,
        bundles: &BTreeSet<BTreeSet<usize>>,
    ) -> Result<BTreeSet<usize>, PgError> {
        let nothing = BTreeSet::new();
        self.learn(planner, &[&nothing]).await?;
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
        let chosen = self.exchange(planner, &moves, chosen).await?;
        let chosen = self.replace(planner, &moves, chosen).await?;
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
        let definitions: Vec<&Definition> = set.iter().map(|one| &self.choices[*one].definition).collect();
        let now = writes::total(self.writes, &[], self.catalog);
        if now <= 0.0 {
            1.0
        } else {
            writes::total(self.writes, &definitions, self.catalog) / now
        }
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

    /// What each variant costs.
    fn each(&self, set: &BTreeSet<usize>) -> Vec<f64> {
        (0..self.variants.len()).map(|at| self.cost(at, set)).collect()
    }

    fn cost(&self, variant: usize, set: &BTreeSet<usize>) -> f64 {
        let known = &self.known[variant];
        let Some(plain) = known.get::<[usize]>(&[]) else {
            return 0.0;
        };
        // What searches in order and might find nothing counts in full where that would be slower than now.
        let total = |cost: &Cost| match cost.in_vain > plain.in_vain {
            true => cost.in_vain,
            false => cost.total,
        };
        let relevant = self.relevant(variant, set);
        let cost = known.get(&relevant).unwrap_or_else(|| {
            // There was no time to ask: what is known with some of them.
            let is_part = |of: &[usize]| of.iter().all(|one| relevant.binary_search(one).is_ok());
            let parts = known.iter().filter(|(of, _)| is_part(of));
            let least = parts.min_by(|(_, a), (_, b)| total(a).total_cmp(&total(b)));
            least.map_or(plain, |(_, cost)| cost)
        });
        let mut least = total(cost);
        for one in self.by_rule[variant].iter().filter(|one| set.contains(*one)) {
            let choice = &self.choices[*one];
            let Some(scan) = choice.scan_costs.get(&variant) else {
                continue;
            };
            let Some(relation) = self.catalog.relations.get(&choice.definition.relation) else {
                continue;
            };
            let names: Vec<&str> = std::iter::once(relation.name.name.as_str())
                .chain(
                    relation
                        .leaves
                        .iter()
                        .filter_map(|oid| Some(self.catalog.leaf_names.get(oid)?.name.as_str())),
                )
                .collect();
            let mut each: BTreeMap<&str, f64> = BTreeMap::new();
            for (name, cost) in cost
                .scans
                .iter()
                .filter(|(name, _)| names.contains(&name.as_str()))
            {
                let most = each.entry(name).or_insert(0.0);
                *most = most.max(*cost);
            }
            // Of a partitioned table every partition that is scanned is scanned otherwise.
            let replaced: f64 = each.values().sum();
            let scan = scan * each.len() as f64 / relation.leaves.len().max(1) as f64;
            if replaced > scan {
                least = least.min((cost.to_the_end - replaced + scan).max(scan));
            }
        }
        least
    }

    /// Those of a set that can be pretended and matter to a variant.
    fn relevant(&self, variant: usize, set: &BTreeSet<usize>) -> Vec<usize> {
        let matters = &self.matters[variant];
        set.iter().filter(|one| matters[**one]).copied().collect()
    }

    /// The questions in the order in which they are asked, in case that the last are not: those about the statements
    /// that count most come first, and those about the same set together.
    fn weightiest_first(&self, wanted: BTreeMap<Vec<usize>, BTreeSet<usize>>) -> Vec<(Vec<usize>, usize)> {
        let work = |statement: usize| {
            let before = self.before.get(statement).copied().unwrap_or_default();
            before * self.counted[statement]
        };
        let sum: f64 = (0..self.weights.len()).map(work).sum();
        let counts = |variant: &usize| {
            let Variant { statement, share, .. } = self.variants[*variant];
            let relative = RELATIVE / self.weights.len().max(1) as f64;
            share * (work(statement) / sum.max(f64::MIN_POSITIVE) + relative)
        };
        let with_weight = wanted.into_iter().map(|(set, variants)| {
            let weight: f64 = variants.iter().map(counts).sum();
            (weight, set, variants)
        });
        let mut sorted: Vec<(f64, Vec<usize>, BTreeSet<usize>)> = with_weight.collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let each = |(_, set, variants): (f64, Vec<usize>, BTreeSet<usize>)| {
            variants.into_iter().map(move |variant| (set.clone(), variant))
        };
        sorted.into_iter().flat_map(each).collect()
    }

    /// Asks the planner for what is not known yet of these sets.
    async fn learn(&mut self, planner: &mut Planner<'_>, sets: &[&BTreeSet<usize>]) -> Result<(), PgError> {
        let mut wanted: BTreeMap<Vec<usize>, BTreeSet<usize>> = BTreeMap::new();
        for set in sets {
            for variant in 0..self.variants.len() {
                let relevant = self.relevant(variant, set);
                if self.known[variant].contains_key(&relevant) {
                    continue;
                }
                wanted.entry(relevant).or_default().insert(variant);
            }
        }
        let wanted = self.weightiest_first(wanted);
        for some in wanted.chunks(ASKED_AT_ONCE) {
            if !self.before.is_empty() && self.is_late() {
                break;
            }
            self.made += some.len();
            let indexes: Vec<Vec<(usize, &[String])>> = some
                .iter()
                .map(|(set, _)| {
                    set.iter()
                        .map(|one| (*one, self.choices[*one].creations.as_slice()))
                        .collect()
                })
                .collect();
            let questions: Vec<Question<'_>> = some
                .iter()
                .zip(&indexes)
                .map(|((_, variant), indexes)| Question {
                    sql: &self.variants[*variant].sql,
                    indexes,
                })
                .collect();
            let answers = planner.ask(Manner::Usual, &questions).await?;
            for ((set, variant), answer) in some.iter().zip(answers) {
                let found = match answer {
                    Answer::Plan(plan, _) => cost(&plan, self.catalog),
                    // It could be planned before: without a figure nothing is gained or lost.
                    Answer::Failed(_) => self.known[*variant]
                        .get::<[usize]>(&[])
                        .cloned()
                        .unwrap_or_default(),
                };
                self.known[*variant].insert(set.clone(), found);
            }
        }
        Ok(())
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
