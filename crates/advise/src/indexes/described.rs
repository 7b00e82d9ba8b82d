//! What is said of an advised index.

use std::collections::BTreeSet;

use super::advise::{AdvisedIndex, Helped};
use super::catalog::{Catalog, Existing, Relation};
use super::definition::Definition;
use super::reading::{CHECK_LINE, Planned};
use super::selection::Selection;
use super::workload::{Statement, one_line};

/// The chosen indexes with what each brings and costs, the one that gains most first.
pub(crate) fn described(
    selection: &Selection<'_>,
    chosen: &BTreeSet<usize>,
    statements: &[Planned],
    catalog: &Catalog,
) -> Vec<AdvisedIndex> {
    let with = selection.costs(chosen);
    let mut found: Vec<(f64, AdvisedIndex)> = Vec::new();
    for one in chosen {
        let choice = &selection.choices[*one];
        let Some(relation) = catalog.relations.get(&choice.definition.relation) else {
            continue;
        };
        let others: BTreeSet<usize> = chosen.iter().copied().filter(|other| other != one).collect();
        let without = selection.costs(&others);
        let mut helps: Vec<(f64, Helped)> = Vec::new();
        for (at, planned) in statements.iter().enumerate() {
            if without[at] > with[at] * 1.01 {
                let Statement { text, line, .. } = &planned.statement;
                let is_check = *line == CHECK_LINE;
                let name = if is_check {
                    format!("the look behind a DELETE: {text}")
                } else {
                    one_line(text)
                };
                let helped = Helped {
                    statement: name,
                    line: (*line > 0 && !is_check).then_some(*line),
                    cost_without: rounded(without[at]),
                    cost_with: rounded(with[at]),
                };
                helps.push((selection.weights[at] * (without[at] - with[at]), helped));
            }
        }
        helps.sort_by(|a, b| b.0.total_cmp(&a.0));
        let gain: f64 = helps.iter().map(|(gain, _)| gain).sum();
        let on = choice.definition.on(&relation.name);
        let create = format!("CREATE INDEX ON {on};");
        let ddl = match relation.is_partitioned {
            true => create.clone(),
            false => format!("CREATE INDEX CONCURRENTLY ON {on};"),
        };
        found.push((
            gain,
            AdvisedIndex {
                relation: relation.name.to_string(),
                schema: relation.name.schema.clone().unwrap_or_default(),
                method: choice.definition.method,
                ddl,
                create,
                bytes: choice.bytes as u64,
                write_factor_without: rounded(selection.write_factor(&others)),
                helps: helps.into_iter().map(|(_, helped)| helped).collect(),
                is_planned: !choice.creations.is_empty(),
                replaces: replaced(&choice.definition, relation),
            },
        ));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.create.cmp(&b.1.create)));
    found.into_iter().map(|(_, index)| index).collect()
}

fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

/// An index that is there and begins the advised one.
fn replaced(definition: &Definition, relation: &Relation) -> Option<String> {
    let begins = |index: &&Existing| {
        !index.is_unique
            && !index.is_clustered
            && index.usual.iter().all(|usual| *usual)
            && index.method == definition.method.name()
            && index.predicate.is_none()
            && definition.predicate.is_empty()
            && index.key_count == index.parts.len()
            && index.parts.len() <= definition.keys.len()
            && index
                .parts
                .iter()
                .zip(&definition.keys)
                .all(|(part, key)| *part == key.sql && key.class.is_none())
            && index
                .directions
                .iter()
                .zip(&definition.keys)
                .all(|(direction, key)| *direction == (key.descends, key.nulls_first))
    };
    relation
        .existing
        .iter()
        .find(begins)
        .map(|index| index.name.clone())
}
