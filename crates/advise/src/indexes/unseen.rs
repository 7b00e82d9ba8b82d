//! Pretended indexes that the planner does not see.
//!
//! What the extension pretends it describes as of the first relation of a query (hypopg 1.3), so that of any other,
//! and of one behind a view, the planner takes no key that is an expression for what the query compares, and no
//! predicate for implied. What such an index would cost is asked for by itself, as a query of its relation alone.

use std::collections::BTreeMap;

use howdah_sql::{RelationName, quote_ident};

use super::access::Access;
use super::catalog::{Catalog, Relation};
use super::definition::{Definition, Method};
use super::pretended::{Form, unconditional};
use super::selection::Choice;

/// Whether a statement names that relation and no other, so that the planner sees all that is pretended of it.
pub(crate) fn is_alone(statement: &str, relation: &Relation) -> bool {
    let Ok(script) = howdah_sql::parse(statement, &howdah_sql::Limits::default()) else {
        return false;
    };
    let mut named = script.statements.iter().flat_map(|one| one.relations());
    named.all(|one| one.relation.name == relation.name.name) && !relation.is_partitioned
}

/// Whether the planner may not see an index where its relation is not the first.
pub(crate) fn is_unseen(definition: &Definition) -> bool {
    let has_expression = definition.keys.iter().any(|key| key.sql.starts_with('('));
    let is_partial = !definition.predicate.is_empty();
    definition.method == Method::Btree
        && (has_expression || (is_partial && unconditional(definition).is_none()))
}

/// Partitions that are asked about; the others are taken to cost the same.
const LEAVES_MAX: usize = 8;

/// What a statement asks of a relation, as a query of that alone, or of one partition each. Empty where it asks for
/// all rows.
pub(crate) fn by_itself(access: &Access, relation: &Relation, catalog: &Catalog) -> Vec<String> {
    let known = access.conditions.iter().filter(|one| !one.whole.at_run_time);
    let conditions: Vec<String> = known.map(|one| format!("({})", one.whole.sql)).collect();
    if conditions.is_empty() {
        return Vec::new();
    }
    let columns = match &access.needed {
        Some(needed) => needed
            .iter()
            .map(|name| quote_ident(name))
            .collect::<Vec<_>>()
            .join(", "),
        None => "*".to_owned(),
    };
    let of = |name: &RelationName| format!("SELECT {columns} FROM {name} WHERE {}", conditions.join(" AND "));
    if !relation.is_partitioned {
        return vec![of(&relation.name)];
    }
    let leaves = relation
        .leaves
        .iter()
        .filter_map(|leaf| catalog.leaf_names.get(leaf));
    leaves.take(LEAVES_MAX).map(of).collect()
}

/// What is asked about partitions stands for all of them.
pub(crate) fn of_all(cost: f64, asked: usize, relation: &Relation) -> f64 {
    cost * (relation.leaves.len().max(1) as f64 / asked.max(1) as f64).max(1.0)
}

/// Of those of one form that serve a statement the best alone is kept for it, as where the planner chooses.
pub(crate) fn keep_the_best(choices: &mut [Choice]) {
    let mut best: BTreeMap<(usize, u32, Form), (f64, f64, usize)> = BTreeMap::new();
    let is_pretended = |choice: &Choice| choice.definition.method.is_pretended();
    for (at, choice) in choices
        .iter()
        .enumerate()
        .filter(|(_, choice)| is_pretended(choice))
    {
        for (variant, cost) in &choice.scan_costs {
            let place = (*variant, choice.definition.relation, Form::of(&choice.definition));
            let this = (*cost, choice.bytes, at);
            let known = best.entry(place).or_insert(this);
            if (this.0, this.1) < (known.0, known.1) {
                *known = this;
            }
        }
    }
    for (at, choice) in choices
        .iter_mut()
        .enumerate()
        .filter(|(_, choice)| is_pretended(choice))
    {
        let (relation, form) = (choice.definition.relation, Form::of(&choice.definition));
        let is_best = |variant: &usize| {
            best.get(&(*variant, relation, form))
                .is_some_and(|(.., one)| *one == at)
        };
        choice.scan_costs.retain(|variant, _| is_best(variant));
    }
}
