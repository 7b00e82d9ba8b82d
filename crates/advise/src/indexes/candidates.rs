//! The indexes that could serve an access.

use std::collections::{BTreeMap, BTreeSet};

use howdah_sql::quote_ident;

use super::access::Access;
use super::catalog::{Column, NAMED, Relation, Server};
use super::constants::values_of;
use super::definition::{Definition, Key, Method};
use super::deparsed::{Condition, Shape, Term};
use super::hashed;
use super::inverted::{Inverted, inverted};
use super::layout;
use super::pattern;

/// How often each key is compared for equality in the workload: what many ask for comes first, so that
/// one index serves several.
pub(crate) type Usage = BTreeMap<(u32, String), f64>;

/// An index that could serve an access.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) definition: Definition,
    /// Of an inverted index, the condition that it answers: the planner's extension cannot pretend it.
    pub(crate) answers: Option<String>,
}

/// Keys of an index; more make it large and help little.
const KEYS_MAX: usize = 4;
/// The share of rows up to which a named value is rare enough for a predicate.
const RARE: f64 = 0.3;
/// What share of the average a named value has to stay below for the same.
const BELOW_AVERAGE: f64 = 0.6;
/// Candidates for one access.
const ACCESS_MAX: usize = 64;
/// Pages from which on a relation is worth the smallest index.
const BRIN_MIN_PAGES: f64 = 1_000.0;
/// How well a column has to follow the order of the rows on disk for block ranges.
const BRIN_MIN_CORRELATION: f64 = 0.95;
/// A key with the columns that it names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) key: Key,
    pub(crate) columns: BTreeSet<String>,
}

/// A condition that may become part of a predicate.
#[derive(Debug, Clone)]
struct Fixed {
    sql: String,
    part: Part,
    columns: BTreeSet<String>,
    /// Whether every statement may be expected to say it: `deleted_at IS NULL`.
    common: bool,
    share: f64,
}

#[derive(Debug, Default)]
struct Parts {
    equal: Vec<Part>,
    fixed: Vec<Fixed>,
    any: Vec<Part>,
    ranges: Vec<Part>,
    joins: Vec<(Part, String)>,
    orders: Vec<(Vec<Part>, bool)>,
    groups: Vec<Vec<Part>>,
    alternatives: Vec<Part>,
    inverted: Vec<(Inverted, String)>,
    long: Option<Part>,
}

/// The keys that an access compares for equality.
pub(crate) fn equal_keys(access: &Access, relation: &Relation) -> Vec<String> {
    let own = access
        .conditions
        .iter()
        .filter(|condition| matches!(condition.shape, Shape::Equal | Shape::AnyOf));
    let own = own.filter_map(|condition| part(&condition.key, relation));
    let joined = access.joins.iter().filter_map(|(term, _)| part(term, relation));
    own.chain(joined).map(|part| part.key.sql).collect()
}

/// The candidates for an access, in a fixed order. `varying` are the keys whose constants differ between samples of
/// the statement: no predicate may name one.
pub(crate) fn candidates(
    access: &Access,
    relation: &Relation,
    usage: &Usage,
    varying: &BTreeSet<String>,
    server: &Server,
) -> Vec<Candidate> {
    let mut parts = Parts::of(access, relation, varying, server);
    let weight = |part: &Part| {
        usage
            .get(&(relation.oid, part.key.sql.clone()))
            .copied()
            .unwrap_or(0.0)
    };
    parts
        .equal
        .sort_by(|a, b| weight(b).total_cmp(&weight(a)).then_with(|| a.key.cmp(&b.key)));
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |definition: Definition, answers: Option<String>| {
        let is_there = relation
            .existing
            .iter()
            .any(|existing| serves(existing, &definition));
        if !definition.keys.is_empty()
            && !is_there
            && !found.iter().any(|other| other.definition == definition)
        {
            found.push(Candidate { definition, answers });
        }
    };
    for (found, condition) in &parts.inverted {
        let rare: Vec<&Fixed> = parts.fixed.iter().filter(|fixed| fixed.share < RARE).collect();
        let definition = |predicate: &[&Fixed]| {
            let parts: Vec<Part> = found
                .keys
                .iter()
                .map(|key| Part {
                    key: key.clone(),
                    columns: found.columns.clone(),
                })
                .collect();
            define(relation, found.method, &parts, predicate, &[])
        };
        add(definition(&[]), Some(condition.clone()));
        if !rare.is_empty() {
            add(definition(&rare), Some(condition.clone()));
        }
    }
    for predicate in parts.predicates() {
        for keys in parts.lists(&predicate) {
            add(define(relation, Method::Btree, &keys, &predicate, &[]), None);
            let said = |sql: &str| predicate.iter().any(|fixed| fixed.sql == sql);
            let named: Vec<&Key> = keys.iter().map(|part| &part.key).collect();
            let include = layout::carried(access, relation, &named, said);
            if !include.is_empty() {
                add(define(relation, Method::Btree, &keys, &predicate, &include), None);
            }
        }
    }
    if let Some(part) = &parts.long {
        add(
            define(relation, Method::Hash, std::slice::from_ref(part), &[], &[]),
            None,
        );
    }
    for range in &parts.ranges {
        let follows = |name: &String| {
            let correlation = relation.column(name).and_then(|column| column.correlation);
            correlation.is_some_and(|correlation| correlation.abs() >= BRIN_MIN_CORRELATION)
        };
        if relation.pages >= BRIN_MIN_PAGES && range.key.class.is_none() && range.columns.iter().all(follows)
        {
            add(
                define(relation, Method::Brin, std::slice::from_ref(range), &[], &[]),
                None,
            );
        }
    }
    found.truncate(ACCESS_MAX);
    found
}

fn define(
    relation: &Relation,
    method: Method,
    keys: &[Part],
    predicate: &[&Fixed],
    include: &[String],
) -> Definition {
    let mut columns: BTreeSet<String> = keys.iter().flat_map(|part| part.columns.clone()).collect();
    columns.extend(predicate.iter().flat_map(|fixed| fixed.columns.clone()));
    columns.extend(include.iter().cloned());
    let mut conditions: Vec<String> = predicate.iter().map(|fixed| fixed.sql.clone()).collect();
    conditions.sort();
    conditions.dedup();
    let keys: Vec<Key> = keys.iter().map(|part| part.key.clone()).collect();
    Definition {
        relation: relation.oid,
        method,
        include: layout::packed(&keys, include.to_vec(), relation),
        keys,
        predicate: conditions,
        columns: columns.into_iter().collect(),
    }
}

/// Whether an index that is there does what the candidate would.
fn serves(existing: &super::catalog::Existing, candidate: &Definition) -> bool {
    let plain = candidate
        .keys
        .iter()
        .all(|key| key.class.is_none() && !key.descends && !key.nulls_first);
    let same = |(key, part): (&Key, &String)| {
        let bare = key
            .sql
            .strip_prefix('(')
            .and_then(|sql| sql.strip_suffix(')'))
            .unwrap_or(&key.sql);
        part == bare || *part == key.sql
    };
    plain
        && existing.method == candidate.method.name()
        && existing.predicate.is_none()
        && candidate.keys.len() <= existing.key_count
        && candidate.keys.iter().zip(&existing.parts).all(same)
        && existing
            .usual
            .iter()
            .take(candidate.keys.len())
            .all(|usual| *usual)
        && existing
            .directions
            .iter()
            .take(candidate.keys.len())
            .all(|one| *one == (false, false))
        && candidate
            .include
            .iter()
            .all(|name| existing.parts.contains(&quote_ident(name)))
}

/// What an index could be made on, of the columns that are there.
pub(crate) fn part(term: &Term, relation: &Relation) -> Option<Part> {
    let names: BTreeSet<String> = term.columns.iter().map(|(_, name)| name.clone()).collect();
    if names.is_empty()
        || term.at_run_time
        || pattern::measures(&term.sql)
        || names.iter().any(|name| relation.column(name).is_none())
    {
        return None;
    }
    let key = match relation.plain(term) {
        Some(name) => Key::column(name),
        None => Key::expression(&term.sql),
    };
    Some(Part { key, columns: names })
}

impl Parts {
    fn of(access: &Access, relation: &Relation, varying: &BTreeSet<String>, server: &Server) -> Self {
        let mut parts = Self::default();
        for condition in &access.conditions {
            parts.condition(condition, relation, varying, server);
        }
        parts.keep_the_rarest(relation);
        for (term, other) in &access.joins {
            if let Some(part) = part(term, relation) {
                parts.joins.push((part, other.clone()));
            }
        }
        for order in &access.orders {
            let keys: Vec<Part> = order
                .keys
                .iter()
                .map_while(|(term, descends, nulls_first)| {
                    let mut part = part(term, relation)?;
                    (part.key.descends, part.key.nulls_first) = (*descends, *nulls_first);
                    Some(part)
                })
                .take(3)
                .collect();
            if !keys.is_empty() {
                parts.orders.push((forwards(keys), order.limited));
            }
        }
        for group in &access.groups {
            let keys: Vec<Part> = group
                .iter()
                .filter_map(|term| part(term, relation))
                .take(3)
                .collect();
            if !keys.is_empty() {
                parts.groups.push(keys);
            }
        }
        parts.long = hashed::worth_hashing(&parts.equal, relation).cloned();
        parts
    }

    fn condition(
        &mut self,
        condition: &Condition,
        relation: &Relation,
        varying: &BTreeSet<String>,
        server: &Server,
    ) {
        // Both sides have columns of the same row: nothing to look up, but rows that a predicate may pick.
        if condition
            .value
            .as_ref()
            .is_some_and(|value| !value.columns.is_empty())
        {
            self.comparison(condition, relation);
            return;
        }
        if let Some(found) = inverted(condition, relation, server) {
            self.inverted.push((found, condition.whole.sql.clone()));
            return;
        }
        if let Shape::Either(arms) = &condition.shape {
            let arm = |conditions: &Vec<Condition>| {
                let useful = conditions.iter().find(|one| {
                    matches!(
                        one.shape,
                        Shape::Equal | Shape::AnyOf | Shape::Range | Shape::IsNull
                    ) && one.value.as_ref().is_none_or(|value| value.columns.is_empty())
                });
                useful.and_then(|one| part(&one.key, relation))
            };
            let found: Option<Vec<Part>> = arms.iter().map(arm).collect();
            self.alternatives.extend(found.unwrap_or_default());
            return;
        }
        let Some(part) = part(&condition.key, relation) else {
            return;
        };
        let plain = relation.plain(&condition.key).or(condition.key.column_as_text());
        let column = plain.and_then(|name| relation.column(name));
        let fixed = |share: f64, common: bool| Fixed {
            sql: condition.whole.sql.clone(),
            part: part.clone(),
            columns: part.columns.clone(),
            common,
            share,
        };
        let value = condition.value.as_ref().and_then(Term::constant);
        match &condition.shape {
            Shape::Equal => {
                if let (Some(column), Some(value)) = (column, &value)
                    && column.is_coded()
                    && !varying.contains(&part.key.sql)
                {
                    let share = column.frequency(value).unwrap_or(0.0);
                    if share <= rare(column, 1) {
                        self.fixed.push(fixed(share, false));
                    }
                }
                self.equal.push(part);
            }
            Shape::AnyOf => {
                if let (Some(column), Some(value)) = (column, &value)
                    && column.is_coded()
                    && !varying.contains(&part.key.sql)
                {
                    let words = values_of(value);
                    let share: f64 = words.iter().filter_map(|word| column.frequency(word)).sum();
                    if share <= rare(column, words.len()) {
                        self.fixed.push(fixed(share, false));
                    }
                }
                self.any.push(part);
            }
            Shape::Range => self.ranges.push(part),
            Shape::Differs => {
                if let (Some(column), Some(value)) = (column, &value)
                    && column.is_coded()
                    && !varying.contains(&part.key.sql)
                {
                    let share = column.share_of_others(&values_of(value));
                    if share < RARE {
                        self.fixed.push(fixed(share, true));
                    }
                }
            }
            Shape::IsNull => {
                if let Some(column) = column {
                    self.fixed.push(fixed(column.null_fraction, true));
                }
            }
            Shape::IsNotNull => {
                if let Some(column) = column
                    && column.null_fraction > 0.5
                {
                    self.fixed.push(fixed(1.0 - column.null_fraction, true));
                }
            }
            Shape::Is(truth) => {
                if let Some(column) = column {
                    let share = column.frequency(if *truth { "t" } else { "f" }).unwrap_or(0.5);
                    self.fixed.push(fixed(share, true));
                }
            }
            Shape::Like {
                ignores_case: false,
                pattern,
            } if pattern::prefix_length(pattern) > 0 => self.prefix(part, column, server),
            Shape::Matches {
                ignores_case: false,
                regex,
            } if pattern::prefix_of_regex(regex).is_some() => self.prefix(part, column, server),
            _ => {}
        }
    }

    /// What is looked up by how it begins.
    fn prefix(&mut self, part: Part, column: Option<&Column>, server: &Server) {
        let class = match column.map(|column| column.base_type.as_str()) {
            Some("bpchar") => "bpchar_pattern_ops",
            _ => "text_pattern_ops",
        };
        let by_bytes = match column.map_or("default", |column| column.collation.as_str()) {
            "C" | "POSIX" => true,
            "default" => server.orders_by_bytes,
            _ => false,
        };
        let key = if by_bytes {
            part.key
        } else {
            part.key.with_class(class)
        };
        self.ranges.push(Part {
            key,
            columns: part.columns,
        });
    }

    /// Columns of one row that are compared with each other, which no key serves: `paid < due`.
    fn comparison(&mut self, condition: &Condition, relation: &Relation) {
        if !condition.shape.is_comparison() {
            return;
        }
        if let Some(whole) = part(&condition.whole, relation)
            && let Some(compared) = part(&condition.key, relation)
        {
            self.fixed.push(Fixed {
                sql: condition.whole.sql.clone(),
                part: compared,
                columns: whole.columns,
                common: true,
                share: relation.compared(&condition.whole.sql),
            });
        }
    }

    /// Of several values that are merely less frequent than others the rarest alone is taken for one that the program
    /// names: the others are rather what it was given.
    fn keep_the_rarest(&mut self, relation: &Relation) {
        let part_of_average = |fixed: &Fixed| {
            let column = fixed.columns.first().and_then(|name| relation.column(name));
            fixed.share * column.map_or(1.0, |column| column.distinct.max(1.0))
        };
        let named = self.fixed.iter().filter(|fixed| !fixed.common);
        let least = named.map(part_of_average).fold(f64::INFINITY, f64::min);
        self.fixed.retain(|fixed| {
            let part = part_of_average(fixed);
            fixed.common || part <= least || part < NAMED
        });
    }

    /// The predicates to try: none, what is said everywhere, and all that is rare.
    fn predicates(&self) -> Vec<Vec<&Fixed>> {
        let all: Vec<&Fixed> = self.fixed.iter().collect();
        let common: Vec<&Fixed> = all.iter().copied().filter(|fixed| fixed.common).collect();
        let rare: Vec<&Fixed> = all.iter().copied().filter(|fixed| !fixed.common).collect();
        let mut found: Vec<Vec<&Fixed>> = vec![Vec::new()];
        for predicate in [all, common, rare] {
            let known = found.iter().any(|other| {
                other.len() == predicate.len() && other.iter().zip(&predicate).all(|(a, b)| a.sql == b.sql)
            });
            if !known {
                found.push(predicate);
            }
        }
        found
    }

    /// The lists of keys to try under a predicate.
    fn lists(&self, predicate: &[&Fixed]) -> Vec<Vec<Part>> {
        let is_fixed = |part: &Part| predicate.iter().any(|fixed| fixed.part.key.sql == part.key.sql);
        let equal: Vec<Part> = self
            .equal
            .iter()
            .filter(|part| !is_fixed(part))
            .cloned()
            .collect();
        let behind = |more: &[Part]| [equal.clone(), more.to_vec()].concat();
        let mut lists: Vec<Vec<Part>> = vec![equal.clone()];
        let any = || self.any.iter().filter(|part| !is_fixed(part));
        for (order, limited) in &self.orders {
            lists.push(behind(order));
            for part in any() {
                lists.push([behind(std::slice::from_ref(part)), order.clone()].concat());
            }
            if *limited || !predicate.is_empty() {
                lists.push(order.clone());
            }
        }
        for range in &self.ranges {
            lists.push(behind(std::slice::from_ref(range)));
            for part in any() {
                lists.push([behind(std::slice::from_ref(part)), vec![range.clone()]].concat());
            }
        }
        for part in any() {
            lists.push(behind(std::slice::from_ref(part)));
        }
        for (join, other) in &self.joins {
            let own = std::slice::from_ref(join);
            lists.push(own.to_vec());
            lists.push([own.to_vec(), equal.clone()].concat());
            lists.push(behind(own));
            for (order, _) in &self.orders {
                lists.push([own.to_vec(), order.clone()].concat());
            }
            for range in &self.ranges {
                lists.push([own.to_vec(), vec![range.clone()]].concat());
            }
            let together: Vec<Part> = self
                .joins
                .iter()
                .filter(|(_, alias)| alias == other)
                .map(|(part, _)| part.clone())
                .collect();
            if together.len() > 1 {
                lists.push(together);
            }
        }
        for group in &self.groups {
            lists.push(behind(group));
            lists.push(group.clone());
        }
        for part in &self.alternatives {
            lists.push(behind(std::slice::from_ref(part)));
            lists.push(vec![part.clone()]);
        }
        for part in equal.iter().chain(&self.ranges) {
            lists.push(vec![part.clone()]);
        }
        // An index whose predicate says everything has to be in some order. Where another is asked for, one by a value
        // that all of its rows share has nothing to offer, whatever the planner makes of how that value lies.
        if lists.iter().all(Vec::is_empty) {
            lists.extend(predicate.iter().map(|fixed| vec![fixed.part.clone()]));
        }
        for list in &mut lists {
            let mut seen = BTreeSet::new();
            list.retain(|part| seen.insert(part.key.sql.clone()));
            list.truncate(KEYS_MAX);
        }
        lists
    }
}

/// The share up to which values that a statement names are rare enough for a predicate: a program names the rare
/// states that it waits for, while what it is given to look for is as frequent as any other.
fn rare(column: &Column, values: usize) -> f64 {
    if column.base_type == "bool" {
        return RARE;
    }
    RARE.min(BELOW_AVERAGE * values as f64 / column.distinct.max(1.0))
}

/// The keys that are compared with constants, and the constants.
pub(crate) fn constants(access: &Access, relation: &Relation) -> Vec<(String, String)> {
    let compared = access
        .conditions
        .iter()
        .filter(|condition| matches!(condition.shape, Shape::Equal | Shape::AnyOf));
    let pair = |condition: &Condition| {
        let constant = condition.value.as_ref().and_then(Term::constant)?;
        Some((part(&condition.key, relation)?.key.sql, constant))
    };
    compared.filter_map(pair).collect()
}

/// An index is read backwards as well: of an order and its opposite one is built.
fn forwards(mut keys: Vec<Part>) -> Vec<Part> {
    let turned = keys.first().is_some_and(|part| part.key.descends);
    let whole = keys.iter().all(|part| part.key.descends == turned);
    if turned && (whole || keys.len() > 1) {
        for part in &mut keys {
            part.key.descends = !part.key.descends;
            part.key.nulls_first = !part.key.nulls_first;
        }
    }
    keys
}
