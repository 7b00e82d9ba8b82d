//! How a statement reaches each relation, read from a plan that scans everything.
//!
//! The plan is made with index scans and ordered joins turned off, so that each condition stands where it
//! belongs to a relation, and each order as a sort.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::catalog::Catalog;
use super::deparsed::{Condition, Shape, Term, conditions, sort_key, term, with_alias};

/// What a statement asks of one relation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    /// The OID of the relation; of a partition, that of its table.
    pub(crate) relation: u32,
    /// Conditions that name no other relation.
    pub(crate) conditions: Vec<Condition>,
    /// What is compared for equality with columns of another: the key, and the other's alias.
    pub(crate) joins: Vec<(Term, String)>,
    /// What the rows are sorted by in the end, where all of that is of this relation.
    pub(crate) orders: Vec<Order>,
    /// What they are grouped by.
    pub(crate) groups: Vec<Vec<Term>>,
    /// The columns that are needed beside those of `conditions`; none where whole rows are.
    pub(crate) needed: Option<BTreeSet<String>>,
}

/// An order that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// What is sorted by, whether descending, whether NULLs come first.
    pub(crate) keys: Vec<(Term, bool, bool)>,
    /// Whether only the first rows are wanted.
    pub(crate) limited: bool,
}

/// The schema and name of each relation that a plan scans.
pub(crate) fn scanned(plan: &Value, found: &mut BTreeSet<(String, String)>) {
    if let (Some(schema), Some(name)) = (text(plan, "Schema"), text(plan, "Relation Name")) {
        found.insert((schema.to_owned(), name.to_owned()));
    }
    for child in children(plan) {
        scanned(child, found);
    }
}

/// Reads the accesses out of a plan that scans everything.
pub(crate) fn accesses(plan: &Value, catalog: &Catalog) -> Vec<Access> {
    let mut walk = Walk {
        only: only(plan, catalog),
        ..Walk::default()
    };
    walk.node(plan, catalog, false, false);
    walk.finish(catalog)
}

/// The alias and the columns of the relation, where a plan scans one alone. What such a plan gives out names its
/// columns without the alias, while whatever it filters and sorts by names them with it.
fn only(plan: &Value, catalog: &Catalog) -> Option<(String, BTreeSet<String>)> {
    fn aliases<'a>(plan: &'a Value, found: &mut BTreeSet<&'a str>) {
        found.extend(text(plan, "Alias"));
        children(plan).iter().for_each(|child| aliases(child, found));
    }
    let (mut names, mut relations) = (BTreeSet::new(), BTreeSet::new());
    aliases(plan, &mut names);
    scanned(plan, &mut relations);
    if names.len() != 1 || relations.len() != 1 {
        return None;
    }
    let alias = names.first()?;
    let (schema, name) = relations.first()?;
    let relation = catalog.of_name(schema, name)?;
    let columns = relation.columns.iter().map(|column| column.name.clone());
    Some(((*alias).to_owned(), columns.collect()))
}

#[derive(Default)]
struct Walk {
    /// The alias and columns of the relation, where there is one alone.
    only: Option<(String, BTreeSet<String>)>,
    /// The relation behind each alias.
    aliases: BTreeMap<String, u32>,
    /// The alias of the first partition stands for all of them.
    partitions: BTreeMap<String, String>,
    conditions: Vec<Condition>,
    orders: Vec<Order>,
    groups: Vec<Vec<Term>>,
    used: BTreeSet<(String, String)>,
}

impl Walk {
    fn node(&mut self, plan: &Value, catalog: &Catalog, limited: bool, projected: bool) {
        let kind = text(plan, "Node Type").unwrap_or_default();
        for field in [
            "Filter",
            "Hash Cond",
            "Merge Cond",
            "Join Filter",
            "Index Cond",
            "Recheck Cond",
        ] {
            if let Some(condition) = text(plan, field) {
                // What one relation is filtered by may be left to the predicate of an index.
                if field != "Filter" {
                    self.used.extend(term(condition).columns);
                }
                self.conditions.extend(conditions(condition));
            }
        }
        let sort = strings(plan, "Sort Key");
        if !sort.is_empty() {
            let keys: Vec<_> = sort.iter().map_while(|key| sort_key(key)).collect();
            self.used
                .extend(keys.iter().flat_map(|(term, ..)| term.columns.clone()));
            self.orders.push(Order { keys, limited });
        }
        let group: Vec<Term> = strings(plan, "Group Key").iter().map(|key| term(key)).collect();
        if !group.is_empty() {
            self.used
                .extend(group.iter().flat_map(|term| term.columns.clone()));
            self.groups.push(group);
        }
        let output: Vec<String> = strings(plan, "Output")
            .into_iter()
            .map(|one| match &self.only {
                Some((alias, columns)) => with_alias(one, alias, columns),
                None => one.to_owned(),
            })
            .collect();
        let mut is_scan = false;
        if let (Some(schema), Some(name), Some(alias)) = (
            text(plan, "Schema"),
            text(plan, "Relation Name"),
            text(plan, "Alias"),
        ) && kind != "ModifyTable"
            && let Some(relation) = catalog.of_name(schema, name)
        {
            is_scan = true;
            let alias = self.canonical(alias, relation.is_partitioned);
            self.aliases.insert(alias, relation.oid);
            // Where somebody above chooses, a scan gives whole rows, as that costs nothing.
            if projected && output.len() >= relation.columns.len() {
                self.children(plan, catalog, false, projected);
                return;
            }
        }
        if is_scan || projects(kind) || children(plan).is_empty() {
            self.used.extend(output.iter().flat_map(|one| term(one).columns));
        }
        if kind == "Aggregate" && strings(plan, "Group Key").is_empty() {
            self.extremum(&output);
        }
        let passes_limit = matches!(
            kind,
            "LockRows" | "Subquery Scan" | "Result" | "Unique" | "Incremental Sort"
        );
        let limited = kind == "Limit" || (limited && passes_limit);
        self.children(plan, catalog, limited, projected || projects(kind));
    }

    fn children(&mut self, plan: &Value, catalog: &Catalog, limited: bool, projected: bool) {
        for child in children(plan) {
            self.node(child, catalog, limited, projected);
        }
    }

    /// The smallest or largest of a column is the first in its order.
    fn extremum(&mut self, output: &[String]) {
        let [only] = output else { return };
        let argument = ["min(", "max("].iter().find_map(|name| only.strip_prefix(name));
        let Some(argument) = argument.and_then(|rest| rest.strip_suffix(')')) else {
            return;
        };
        let argument = term(argument);
        if argument.column().is_some() {
            self.orders.push(Order {
                keys: vec![(argument, false, false)],
                limited: true,
            });
        }
    }

    fn canonical(&mut self, alias: &str, is_partitioned: bool) -> String {
        let stem = alias.trim_end_matches(|c: char| c.is_ascii_digit());
        match stem.strip_suffix('_') {
            Some(stem) if is_partitioned && stem.len() < alias.len() => {
                self.partitions.insert(alias.to_owned(), stem.to_owned());
                stem.to_owned()
            }
            _ => alias.to_owned(),
        }
    }

    fn finish(mut self, catalog: &Catalog) -> Vec<Access> {
        let names = std::mem::take(&mut self.partitions);
        let renamed = |alias: &str| names.get(alias).cloned().unwrap_or_else(|| alias.to_owned());
        let mut accesses: BTreeMap<String, Access> = BTreeMap::new();
        for (alias, relation) in &self.aliases {
            accesses.insert(
                alias.clone(),
                Access {
                    relation: *relation,
                    ..Access::default()
                },
            );
        }
        for condition in self.conditions {
            let alias = condition.whole.alias().map(&renamed);
            let key = condition.key.alias().map(&renamed);
            match (alias, key) {
                (Some(alias), Some(_)) => {
                    if let Some(access) = accesses.get_mut(&alias)
                        && !access.conditions.contains(&condition)
                    {
                        access.conditions.push(condition);
                    }
                }
                (None, Some(own)) if condition.shape == Shape::Equal => {
                    let Some(value) = condition.value else { continue };
                    let Some(other) = value.alias().map(&renamed) else {
                        continue;
                    };
                    for (from, term, to) in [(&own, condition.key, &other), (&other, value, &own)] {
                        if let Some(access) = accesses.get_mut(from)
                            && !access.joins.iter().any(|(known, _)| *known == term)
                        {
                            access.joins.push((term, to.clone()));
                        }
                    }
                }
                _ => {}
            }
        }
        for order in self.orders {
            let alias = order
                .keys
                .first()
                .and_then(|(term, ..)| term.alias().map(&renamed));
            let Some(alias) = alias else { continue };
            let own = |(term, ..): &&(Term, bool, bool)| term.alias().map(&renamed).as_ref() == Some(&alias);
            let keys: Vec<_> = order.keys.iter().take_while(own).cloned().collect();
            if let Some(access) = accesses.get_mut(&alias) {
                access.orders.push(Order {
                    keys,
                    limited: order.limited,
                });
            }
        }
        for group in self.groups {
            let alias = group.first().and_then(|term| term.alias().map(&renamed));
            let Some(alias) = alias else { continue };
            let own = |term: &&Term| term.alias().map(&renamed).as_ref() == Some(&alias);
            let keys: Vec<Term> = group.iter().filter(own).cloned().collect();
            if let Some(access) = accesses.get_mut(&alias) {
                access.groups.push(keys);
            }
        }
        for (alias, access) in &mut accesses {
            let Some(relation) = catalog.relations.get(&access.relation) else {
                continue;
            };
            let columns: BTreeSet<String> = self
                .used
                .iter()
                .filter(|(of, _)| renamed(of) == *alias)
                .map(|(_, column)| column.clone())
                .collect();
            let known = columns.iter().all(|column| relation.column(column).is_some());
            access.needed = known.then_some(columns);
        }
        accesses.into_values().collect()
    }
}

fn projects(kind: &str) -> bool {
    kind.ends_with("Join")
        || matches!(
            kind,
            "Nested Loop" | "Aggregate" | "WindowAgg" | "Result" | "ProjectSet" | "Group" | "SetOp"
        )
}

/// The plans directly below a node.
pub(crate) fn children(plan: &Value) -> &[Value] {
    plan.get("Plans")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

pub(crate) fn text<'a>(plan: &'a Value, field: &str) -> Option<&'a str> {
    plan.get(field)?.as_str()
}

pub(crate) fn number(plan: &Value, field: &str) -> f64 {
    plan.get(field).and_then(Value::as_f64).unwrap_or(0.0)
}

pub(crate) fn strings<'a>(plan: &'a Value, field: &str) -> Vec<&'a str> {
    let items = plan
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Value::as_str).collect()
}
