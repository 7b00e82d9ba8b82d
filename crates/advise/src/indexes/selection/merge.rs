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
        while !self.is_late() {
            let sets = self.mergers(&merged);
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
            let best = sets
                .into_iter()
                .filter(|set| self.is_within_bounds(set))
                .map(|set| (value(&set), set))
                .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
            match best {
                Some((value, set)) if value > 0.0 => merged = set,
                _ => break,
            }
        }
        if merged == chosen {
            return Ok(chosen);
        }
        let filled = self.add(planner, moves, merged).await?;
        self.drop_idle(planner, filled).await
    }

    /// The sets with one merged index in place of two of the chosen, or of one that is to carry what another would.
    fn mergers(&mut self, chosen: &BTreeSet<usize>) -> BTreeSet<BTreeSet<usize>> {
        let mut sets = BTreeSet::new();
        let others: BTreeSet<usize> = (0..self.given).chain(chosen.iter().copied()).collect();
        for one in chosen {
            for other in others.iter().copied() {
                let (a, b) = (&self.choices[*one], &self.choices[other]);
                // Of two that are chosen both orders give the same.
                if other == *one || (other < *one && chosen.contains(&other)) {
                    continue;
                }
                let Some(definition) = merged(&a.definition, &b.definition, self.catalog) else {
                    continue;
                };
                if definition == a.definition && !chosen.contains(&other) {
                    continue;
                }
                let serves: BTreeSet<usize> = a.serves.union(&b.serves).copied().collect();
                let number = self.number_of(definition, serves);
                let mut rest = chosen.clone();
                rest.retain(|kept| kept != one && *kept != other);
                sets.insert(self.after(&rest, &BTreeSet::from([number])));
            }
        }
        sets.remove(chosen);
        sets
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
