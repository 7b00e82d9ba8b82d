use std::collections::HashMap;

use howdah_pg::Rows;
use howdah_store::samples::{Metric, RelationState, RelationUse, Sampled};

use crate::ask::{number, text};

/// Relations of a minute that are recorded by themselves; the others are one row.
const APART: usize = 200;
/// Seconds after which the size of a relation is recorded although it is the same.
const SAME_SIZE_S: i64 = 3_600;

/// How counters of relations and of the server stood at the last look.
#[derive(Default)]
pub(crate) struct Counters {
    relations: Option<HashMap<u32, RelationUse>>,
    metrics: HashMap<String, f64>,
    sizes: HashMap<Sampled, (i64, RelationState)>,
}

impl Counters {
    /// Forgets how they stood: what they say next is not compared with it.
    pub(crate) fn forget(&mut self) {
        self.relations = None;
        self.metrics.clear();
    }

    /// How relations were used since the last look, from the answers for tables and for indexes.
    pub(crate) fn relations(
        &mut self,
        tables: Option<&Rows>,
        indexes: Option<&Rows>,
    ) -> Vec<(Option<Sampled>, RelationUse)> {
        let mut now = HashMap::new();
        let mut names: HashMap<u32, Sampled> = HashMap::new();
        for (rows, is_index) in [(tables, false), (indexes, true)] {
            for row in rows.into_iter().flat_map(Rows::iter) {
                let oid: u32 = number(row, "relid");
                let used = RelationUse {
                    scans: number(row, "scans"),
                    tuples_read: number(row, "tuples_read"),
                    index_scans: number(row, "index_scans"),
                    tuples_found: number(row, "tuples_found"),
                    inserted: number(row, "inserted"),
                    updated: number(row, "updated"),
                    hot_updated: number(row, "hot_updated"),
                    deleted: number(row, "deleted"),
                    hit: number(row, "hit"),
                    read: number(row, "read"),
                };
                let name = text(row, "name").to_owned();
                names.insert(oid, Sampled { is_index, name });
                now.insert(oid, used);
            }
        }
        let Some(before) = self.relations.replace(now) else {
            return Vec::new();
        };
        let mut used: Vec<(u32, RelationUse)> = self
            .relations
            .iter()
            .flatten()
            .map(|(oid, now)| (*oid, difference(before.get(oid), now)))
            .filter(|(_, used)| *used != RelationUse::default())
            .collect();
        used.sort_by_key(|(oid, used)| (std::cmp::Reverse(used.hit + used.read), *oid));
        let mut others = RelationUse::default();
        for (_, used) in used.iter().skip(APART) {
            others.add(used);
        }
        let apart = used.iter().take(APART);
        let mut all: Vec<(Option<Sampled>, RelationUse)> = apart
            .filter_map(|(oid, used)| Some((Some(names.get(oid)?.clone()), *used)))
            .collect();
        if used.len() > APART {
            all.push((None, others));
        }
        all
    }

    /// The numbers of the server: of counters how much they grew, from the second look on.
    pub(crate) fn metrics<'a>(&mut self, answers: impl Iterator<Item = &'a Rows>) -> Vec<Metric> {
        let mut metrics = Vec::new();
        for row in answers.flat_map(Rows::iter) {
            let Some(now) = row.named("value").and_then(|value| value.parse::<f64>().ok()) else {
                continue;
            };
            let name = text(row, "name").to_owned();
            let is_counter = row.named("counts") == Some("t");
            let value = match is_counter {
                false => Some(now),
                true => self
                    .metrics
                    .insert(name.clone(), now)
                    .map(|before| if now < before { now } else { now - before }),
            };
            // What did not happen needs no row.
            if let Some(value) = value.filter(|value| !is_counter || *value > 0.0) {
                metrics.push(Metric {
                    name,
                    is_counter,
                    value,
                });
            }
        }
        metrics
    }

    /// Sizes that are not as they were recorded last, or were recorded long ago.
    pub(crate) fn sizes(&mut self, rows: &Rows, at_s: i64) -> Vec<(Sampled, RelationState)> {
        let mut sizes = Vec::new();
        for row in rows.iter() {
            let relation = Sampled {
                is_index: row.named("is_index") == Some("t"),
                name: text(row, "name").to_owned(),
            };
            let state = RelationState {
                bytes: number(row, "bytes"),
                live: number(row, "live"),
                dead: number(row, "dead"),
            };
            let is_due = self
                .sizes
                .get(&relation)
                .is_none_or(|(at, before)| *before != state || at_s - at >= SAME_SIZE_S);
            if is_due {
                self.sizes.insert(relation.clone(), (at_s, state));
                sizes.push((relation, state));
            }
        }
        sizes
    }
}

/// What was added to counters; all of it where they began anew.
fn difference(before: Option<&RelationUse>, now: &RelationUse) -> RelationUse {
    let Some(before) = before else {
        return *now;
    };
    let of = |figure: fn(&RelationUse) -> i64| {
        let (before, now) = (figure(before), figure(now));
        if now < before { now } else { now - before }
    };
    RelationUse {
        scans: of(|used| used.scans),
        tuples_read: of(|used| used.tuples_read),
        index_scans: of(|used| used.index_scans),
        tuples_found: of(|used| used.tuples_found),
        inserted: of(|used| used.inserted),
        updated: of(|used| used.updated),
        hot_updated: of(|used| used.hot_updated),
        deleted: of(|used| used.deleted),
        hit: of(|used| used.hit),
        read: of(|used| used.read),
    }
}
