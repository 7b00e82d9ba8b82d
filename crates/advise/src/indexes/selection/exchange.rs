//! Puts what gains more in place of what was chosen early.

use std::collections::BTreeSet;

use howdah_pg::PgError;

use super::super::planner::Planner;
use super::{LEAST_GAIN, Selection};

/// So many exchanges are made at most; each costs a round of plans.
const EXCHANGES: usize = 24;
/// Of the moves that are shut out, so many are tried: those that would gain most.
const TRIED: usize = 12;
/// What an index costs in room and writes, in parts of what they may, for it to be worth looking for others.
const DEAR: f64 = 0.04;

impl Selection<'_> {
    /// Takes out what gains less than a move that the bounds shut out: what was chosen early, for the little it
    /// costs, may stand in the way of more.
    pub(super) async fn exchange(
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

    /// Takes out, one after the other, what costs much, and looks for what else of its relation does its work: two
    /// that cost less together, or what gains more for the same.
    pub(super) async fn replace(
        &mut self,
        planner: &mut Planner<'_>,
        moves: &[BTreeSet<usize>],
        mut chosen: BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, PgError> {
        let before = chosen.clone();
        for one in before {
            let rest: BTreeSet<usize> = chosen.iter().copied().filter(|other| *other != one).collect();
            let penalty = |set: &BTreeSet<usize>| self.penalty(set, self.write_share(set));
            let is_dear = penalty(&chosen) - penalty(&rest) >= DEAR;
            if !is_dear || self.is_late() {
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
}
