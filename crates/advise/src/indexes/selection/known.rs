//! What the planner said of each statement with some of the choices.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use howdah_pg::PgError;

use super::super::access::number;
use super::super::leading;
use super::super::planner::{Answer, Planner};
use super::super::reckoned::{Cost, cost};
use super::{RELATIVE, Selection, Variant};

/// Questions that are asked before the search looks whether it may go on.
const ASKED_AT_ONCE: usize = 120;

/// A plan's cost, and the choices that it uses.
#[derive(Debug, Clone, Default)]
struct Learnt {
    cost: Cost,
    /// What the planner said that it costs.
    planned: f64,
    used: Vec<usize>,
}

/// The part of a plan's cost below which two are the same: the planner itself does not tell them apart (its
/// `STD_FUZZ_FACTOR` is five times that).
const SAME: f64 = 0.002;

/// What is known of a variant, by the pretended indexes that matter to it.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<Vec<usize>, Learnt>);

impl Known {
    fn get(&self, set: &[usize]) -> Option<&Cost> {
        self.0.get(set).map(|learnt| &learnt.cost)
    }

    /// Whether the cost with a set is known, or follows from others without asking.
    fn holds(&mut self, set: &[usize]) -> bool {
        if self.0.contains_key(set) {
            return true;
        }
        let Some(learnt) = self.follows(set).cloned() else {
            return false;
        };
        self.0.insert(set.to_vec(), learnt);
        true
    }

    /// What follows for a set: of a plan that was made with more, and does without what is not in the set, the planner
    /// would make the same again; and where it found nothing better with more than with less, it finds nothing in
    /// between.
    fn follows(&self, set: &[usize]) -> Option<&Learnt> {
        let (mut least, mut most): (f64, Option<&Learnt>) = (0.0, None);
        for (with, learnt) in &self.0 {
            if with.len() > set.len() && is_part(set, with) {
                if is_part(&learnt.used, set) {
                    return Some(learnt);
                }
                least = least.max(learnt.planned);
            } else if with.len() < set.len()
                && learnt.planned > 0.0
                && is_part(with, set)
                && most.is_none_or(|most| learnt.planned < most.planned)
            {
                most = Some(learnt);
            }
        }
        most.filter(|most| least >= most.planned * (1.0 - SAME))
    }
}

/// Whether all of a sorted list is in another.
fn is_part(of: &[usize], all: &[usize]) -> bool {
    of.iter().all(|one| all.binary_search(one).is_ok())
}

impl Selection<'_> {
    pub(super) fn cost(&self, variant: usize, set: &BTreeSet<usize>) -> f64 {
        let known = &self.known[variant];
        let Some(plain) = known.get(&[]) else {
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
            let parts = known.0.iter().filter(|(of, _)| is_part(of, &relevant));
            let costs = parts.map(|(_, learnt)| &learnt.cost);
            costs
                .min_by(|a, b| total(a).total_cmp(&total(b)))
                .unwrap_or(plain)
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
            let scans = cost.scans.iter();
            for (name, cost) in scans.filter(|(name, _)| names.contains(&name.as_str())) {
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
        match set.len() < matters.len() {
            true => set
                .iter()
                .filter(|one| matters.binary_search(one).is_ok())
                .copied()
                .collect(),
            false => matters.iter().filter(|one| set.contains(one)).copied().collect(),
        }
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
    pub(super) async fn learn(
        &mut self,
        planner: &mut Planner<'_>,
        sets: &[&BTreeSet<usize>],
    ) -> Result<(), PgError> {
        *self.last.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        let mut wanted: BTreeMap<Vec<usize>, BTreeSet<usize>> = BTreeMap::new();
        for set in sets {
            for variant in 0..self.variants.len() {
                let relevant = self.relevant(variant, set);
                if self.known[variant].holds(&relevant) {
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
            let before = planner.plans;
            let answers = leading::ask(planner, &self.choices, self.variants, some).await?;
            self.made += planner.plans - before;
            for ((set, variant), answer) in some.iter().zip(answers) {
                let found = match answer {
                    Answer::Plan(plan, used) => Learnt {
                        cost: cost(&plan, self.catalog),
                        planned: number(&plan, "Total Cost"),
                        used: used.into_iter().collect(),
                    },
                    // It could be planned before: without a figure nothing is gained or lost, and nothing follows.
                    Answer::Failed(_) => Learnt {
                        cost: self.known[*variant].get(&[]).cloned().unwrap_or_default(),
                        planned: 0.0,
                        used: vec![usize::MAX],
                    },
                };
                self.known[*variant].0.insert(set.clone(), found);
            }
        }
        Ok(())
    }
}
