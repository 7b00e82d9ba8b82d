//! Chooses among candidates for the whole workload.
//!
//! As Extend does (Schlosser et al., ICDE 2019; in the published comparison of advisors it wins, or is within 0.4
//! points, at every budget): indexes are added, or put in place of one that they extend, always the one that gains
//! most for the room and the writes that it costs.

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
    pub(crate) until: Instant,
}

/// What counts beside the sum of all: each statement for itself, so that a few monsters do not hide the rest.
const RELATIVE: f64 = 0.12;
/// The gain below which an index is not worth having.
const LEAST_GAIN: f64 = 0.000_4;
/// So many exchanges are made at most; each costs a round of plans.
const EXCHANGES: usize = 24;
/// Of the moves that are shut out, so many are tried: those that would gain most.
const TRIED: usize = 12;
/// What an index costs in room and writes, in parts of what they may, for it to be worth looking for others.
const DEAR: f64 = 0.04;
/// What every index costs beside room and writes: planning, vacuum, attention.
const FIXED_PENALTY: f64 = 0.004;

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
    /// What each statement counts, none of them more than its share.
    counted: Vec<f64>,
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
            counted: weights.to_vec(),
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
        self.before = self.costs(&nothing);
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
        self.replace(planner, &moves, chosen).await
    }

    /// Takes out, one after the other, what costs much, and looks for what else of its relation does its work: two
    /// that cost less together, or what gains more for the same.
    async fn replace(
        &mut self,
        planner: &mut Planner<'_>,
        moves: &[BTreeSet<usize>],
        mut chosen: BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, PgError> {
        let before = chosen.clone();
        for one in before {
            let rest: BTreeSet<usize> = chosen.iter().copied().filter(|other| *other != one).collect();
            let penalty = |set: &BTreeSet<usize>| self.penalty(set, self.write_share(set));
            if self.is_late() || penalty(&chosen) - penalty(&rest) < DEAR {
                continue;
            }
            let relation = self.choices[one].definition.relation;
            let others: Vec<BTreeSet<usize>> = moves
                .iter()
                .filter(|adds| !adds.contains(&one))
                .filter(|adds| {
                    adds.iter()
                        .all(|add| self.choices[*add].definition.relation == relation)
                })
                .cloned()
                .collect();
            let instead = self.add(planner, &others, rest).await?;
            self.learn(planner, &[&instead]).await?;
            if !self.is_late() && self.gain(&instead) > self.gain(&chosen) + LEAST_GAIN {
                chosen = instead;
            }
        }
        self.add(planner, moves, chosen).await
    }

    /// Adds the best move until none is worth it.
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
            if worth.is_empty() || self.is_late() {
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
                if self.is_late() {
                    return Ok(chosen);
                }
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

    /// Takes out what gains less than a move that the bounds shut out: what was chosen early, for the little it
    /// costs, may stand in the way of more.
    async fn exchange(
        &mut self,
        planner: &mut Planner<'_>,
        moves: &[BTreeSet<usize>],
        mut chosen: BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, PgError> {
        for _ in 0..EXCHANGES {
            let shut_out: Vec<BTreeSet<usize>> = moves
                .iter()
                .map(|adds| self.after(&chosen, adds))
                .filter(|set| *set != chosen && !self.is_within_bounds(set))
                .collect();
            self.learn(planner, &shut_out.iter().collect::<Vec<_>>()).await?;
            let now = self.gain(&chosen);
            let mut better: Vec<(f64, BTreeSet<usize>)> = shut_out
                .into_iter()
                .map(|set| (self.gain(&set) - now, set))
                .filter(|(gain, _)| *gain > LEAST_GAIN)
                .collect();
            better.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            let mut made = None;
            for (_, wanted) in better.into_iter().take(TRIED) {
                made = self
                    .make_room(planner, &chosen, wanted)
                    .await?
                    .filter(|set| self.gain(set) > now + LEAST_GAIN);
                if made.is_some() {
                    break;
                }
            }
            match made {
                Some(set) if !self.is_late() => chosen = set,
                _ => break,
            }
        }
        Ok(chosen)
    }

    /// The wanted set without those of the chosen whose loss costs least for what they free, until it is within
    /// bounds. Nothing where that cannot be.
    async fn make_room(
        &mut self,
        planner: &mut Planner<'_>,
        chosen: &BTreeSet<usize>,
        mut wanted: BTreeSet<usize>,
    ) -> Result<Option<BTreeSet<usize>>, PgError> {
        while !self.is_within_bounds(&wanted) {
            let without: Vec<BTreeSet<usize>> = wanted
                .intersection(chosen)
                .map(|one| wanted.iter().copied().filter(|other| other != one).collect())
                .collect();
            self.learn(planner, &without.iter().collect::<Vec<_>>()).await?;
            let (gain, excess) = (self.gain(&wanted), self.excess(&wanted));
            let price = |set: &BTreeSet<usize>| {
                let freed = excess - self.excess(set);
                (freed > 0.0).then(|| (gain - self.gain(set)) / freed)
            };
            let least = without
                .into_iter()
                .filter_map(|set| Some((price(&set)?, set)))
                .min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
            match least {
                Some((_, set)) if !self.is_late() => wanted = set,
                _ => return Ok(None),
            }
        }
        Ok(Some(wanted))
    }

    /// How far a set is beyond the bounds, in parts of them.
    fn excess(&self, set: &BTreeSet<usize>) -> f64 {
        (self.bytes(set) / self.bounds.bytes.max(1.0) - 1.0).max(0.0) + (self.write_share(set) - 1.0).max(0.0)
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.bounds.until
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
        let after = self.costs(set);
        let work = self.before.iter().zip(&self.counted);
        let sum: f64 = work.map(|(cost, weight)| cost * weight).sum();
        let counting = self.counted.iter().filter(|weight| **weight > 0.0);
        let counting = counting.count().max(1) as f64;
        let mut gain = 0.0;
        for ((before, after), weight) in self.before.iter().zip(&after).zip(&self.counted) {
            let saved = before - after;
            if *before > 0.0 && *weight > 0.0 {
                gain += weight * saved / sum.max(f64::MIN_POSITIVE) + RELATIVE * saved / before / counting;
            }
        }
        gain
    }

    /// What each statement costs with a set whose costs were learnt.
    pub(crate) fn costs(&self, set: &BTreeSet<usize>) -> Vec<f64> {
        let mut costs = vec![0.0; self.weights.len()];
        for (at, variant) in self.variants.iter().enumerate() {
            costs[variant.statement] += variant.share * self.cost(at, set);
        }
        costs
    }

    fn cost(&self, variant: usize, set: &BTreeSet<usize>) -> f64 {
        // Where there was no time to ask, nothing is gained.
        let known = &self.known[variant];
        let of_set = known.get(&self.relevant(variant, set));
        let Some(cost) = of_set.or_else(|| known.get::<[usize]>(&[])) else {
            return 0.0;
        };
        let mut least = cost.total;
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
            let replaced = cost
                .scans
                .iter()
                .filter(|(name, _)| names.contains(&name.as_str()))
                .map(|(.., cost)| *cost)
                .fold(0.0, f64::max);
            if replaced > *scan {
                least = least.min((cost.to_the_end - replaced + scan).max(*scan));
            }
        }
        least
    }

    /// Those of a set that can be pretended and matter to a variant.
    fn relevant(&self, variant: usize, set: &BTreeSet<usize>) -> Vec<usize> {
        let matters = &self.matters[variant];
        set.iter().filter(|one| matters[**one]).copied().collect()
    }

    /// Asks the planner for what is not known yet of these sets.
    async fn learn(&mut self, planner: &mut Planner<'_>, sets: &[&BTreeSet<usize>]) -> Result<(), PgError> {
        let mut wanted: BTreeSet<(Vec<usize>, usize)> = BTreeSet::new();
        for set in sets {
            for variant in 0..self.variants.len() {
                let relevant = self.relevant(variant, set);
                if !self.known[variant].contains_key(&relevant) {
                    wanted.insert((relevant, variant));
                }
            }
        }
        let wanted: Vec<(Vec<usize>, usize)> = wanted.into_iter().collect();
        for some in wanted.chunks(120) {
            if self.is_late() && !self.before.is_empty() {
                break;
            }
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
