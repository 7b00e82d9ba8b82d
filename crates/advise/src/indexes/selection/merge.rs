//! Lets one index carry along what another would.

use std::collections::{BTreeMap, BTreeSet};

use howdah_pg::PgError;
use howdah_sql::quote_ident;

use super::super::catalog::Catalog;
use super::super::definition::{Definition, Method};
use super::super::layout;
use super::super::planner::Planner;
use super::super::pretended::creations;
use super::super::size;
use super::{Choice, LEAST_GAIN, Selection};

/// Columns that an index carries along for several statements.
const CARRIED_MAX: usize = 8;

/// Rounds in which indexes are merged, and what is looked at in each.
const ROUNDS: usize = 12;
const MERGERS_MAX: usize = 300;

/// An index that comes in place of one or two of the chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Merger {
    number: usize,
    gone: [usize; 2],
}

impl Selection<'_> {
    /// Merges, as long as that frees room and writes that are worth more than what the statements lose, and fills what
    /// became free. Three indexes on one key, each with what one statement reads, take thrice the room of one that
    /// has all of it and is hardly larger than each.
    pub(super) async fn merge(
        &mut self,
        planner: &mut Planner<'_>,
        moves: &[BTreeSet<usize>],
        chosen: BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, PgError> {
        let mut merged = chosen.clone();
        for _ in 0..ROUNDS {
            let mergers = self.mergers(&merged);
            let sets: Vec<BTreeSet<usize>> = mergers.iter().map(|one| self.with(&merged, one)).collect();
            self.learn(planner, &sets.iter().collect::<Vec<_>>()).await?;
            if self.is_late() {
                break;
            }
            let rate = self.marginal_rate(planner, &merged).await?;
            let now = self.standing(&merged);
            let value = |set: &BTreeSet<usize>| {
                let then = self.standing(set);
                then.gain - now.gain + rate * (now.penalty - then.penalty)
            };
            let mut worth: Vec<(f64, &Merger)> = sets
                .iter()
                .zip(&mergers)
                .filter(|(set, _)| self.is_within_bounds(set))
                .map(|(set, merger)| (value(set), merger))
                .filter(|(value, _)| *value > 0.0)
                .collect();
            worth.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
            // The best of each relation: what another relation's does rarely depends on it.
            let mut seen = BTreeSet::new();
            worth.retain(|(_, merger)| seen.insert(self.choices[merger.number].definition.relation));
            let mut all = merged.clone();
            worth.iter().for_each(|(_, merger)| all = self.with(&all, merger));
            let best = worth.first().map(|(_, merger)| self.with(&merged, merger));
            let Some(best) = best else { break };
            self.learn(planner, &[&all, &best]).await?;
            if self.is_late() {
                break;
            }
            let is_better =
                self.is_within_bounds(&all) && self.standing(&all).gain >= self.standing(&best).gain;
            merged = if is_better { all } else { best };
        }
        if merged == chosen {
            return Ok(chosen);
        }
        let filled = self.add(planner, moves, merged).await?;
        self.drop_idle(planner, filled).await
    }

    /// The set after a merger.
    fn with(&self, set: &BTreeSet<usize>, merger: &Merger) -> BTreeSet<usize> {
        let mut rest = set.clone();
        rest.retain(|kept| !merger.gone.contains(kept));
        self.after(&rest, &BTreeSet::from([merger.number]))
    }

    /// What could carry along what two of the chosen do, or one of them and another: of each relation those first that
    /// are chosen both.
    fn mergers(&mut self, chosen: &BTreeSet<usize>) -> BTreeSet<Merger> {
        let mut found = BTreeSet::new();
        let given = self.given;
        let both = chosen
            .iter()
            .flat_map(|one| chosen.range(one + 1..).map(move |other| (*one, *other)));
        let one = chosen
            .iter()
            .flat_map(|one| (0..given).map(move |other| (*one, other)));
        for (one, other) in both.chain(one.filter(|(_, other)| !chosen.contains(other))) {
            let (a, b) = (&self.choices[one], &self.choices[other]);
            let Some(definition) = merged(&a.definition, &b.definition, self.catalog) else {
                continue;
            };
            if definition == a.definition && !chosen.contains(&other) {
                continue;
            }
            let serves: BTreeSet<usize> = a.serves.union(&b.serves).copied().collect();
            let number = self.number_of(definition, serves);
            found.insert(Merger {
                number,
                gone: [one, other],
            });
            if found.len() >= MERGERS_MAX {
                break;
            }
        }
        found
    }

    /// The number of a choice, which becomes one if it was none.
    fn number_of(&mut self, definition: Definition, serves: BTreeSet<usize>) -> usize {
        let mut known = self.choices.iter();
        if let Some(number) = known.position(|choice| choice.definition == definition) {
            return number;
        }
        let relation = &self.catalog.relations[&definition.relation];
        self.push(Choice {
            bytes: size::bytes(&definition, relation),
            creations: creations(&definition, self.catalog),
            serves,
            scan_costs: BTreeMap::new(),
            definition,
        })
    }

    /// What room and writes are worth: what that of the chosen gains for them which gains least.
    async fn marginal_rate(
        &mut self,
        planner: &mut Planner<'_>,
        chosen: &BTreeSet<usize>,
    ) -> Result<f64, PgError> {
        let without: Vec<BTreeSet<usize>> = chosen
            .iter()
            .map(|one| chosen.iter().copied().filter(|other| other != one).collect())
            .collect();
        self.learn(planner, &without.iter().collect::<Vec<_>>()).await?;
        let now = self.standing(chosen);
        let rate = |set: &BTreeSet<usize>| {
            let then = self.standing(set);
            ((now.gain - then.gain) / (now.penalty - then.penalty).max(LEAST_GAIN)).max(0.0)
        };
        Ok(without.iter().map(rate).fold(f64::INFINITY, f64::min).min(1.0))
    }
}

/// One B-tree that does what both do: the keys of one begin those of the other.
fn merged(a: &Definition, b: &Definition, catalog: &Catalog) -> Option<Definition> {
    let (long, short) = match a.keys.len() >= b.keys.len() {
        true => (a, b),
        false => (b, a),
    };
    let is_alike = a.relation == b.relation
        && a.method == Method::Btree
        && b.method == Method::Btree
        && a.predicate == b.predicate
        && long.keys.starts_with(&short.keys);
    if !is_alike {
        return None;
    }
    let relation = catalog.relations.get(&a.relation)?;
    let include: BTreeSet<&String> = a.include.iter().chain(&b.include).collect();
    let is_key = |name: &str| long.keys.iter().any(|key| key.sql == quote_ident(name));
    let include: Vec<String> = include
        .into_iter()
        .filter(|name| !is_key(name))
        .cloned()
        .collect();
    if include.len() > CARRIED_MAX || layout::bytes(&include, relation) > layout::CARRIED_BYTES_MAX {
        return None;
    }
    let columns: BTreeSet<&String> = a.columns.iter().chain(&b.columns).collect();
    Some(Definition {
        include: layout::packed(&long.keys, include, relation),
        columns: columns.into_iter().cloned().collect(),
        ..long.clone()
    })
}
