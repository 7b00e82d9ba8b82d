use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, Relations, Scope, columns_in, own_nodes, span_at};

crate::query_rule!("query/cartesian-join", "Query Development: Never");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        let relations = Relations::of(scope);
        let Some(alone) = unconnected(scope, &relations, query) else {
            continue;
        };
        let source = relations.sources[alone];
        found.add(
            Severity::Warning,
            span_at(query.text, source.place),
            format!(
                "Nothing connects {} with the other relations: each of its rows is combined with each of theirs. Say CROSS JOIN if that is meant.",
                source.alias
            ),
        );
    }
}

/// The first source that no condition, column or join connects with the first of all.
fn unconnected(scope: &Scope<'_>, relations: &Relations<'_>, query: &Query<'_>) -> Option<usize> {
    let sources = &relations.sources;
    if sources.len() < 2 || sources.iter().filter(|source| !source.is_harmless).count() < 2 {
        return None;
    }
    let mut group: Vec<usize> = (0..sources.len()).collect();
    let join = |group: &mut Vec<usize>, a: usize, b: usize| {
        let (from, to) = (group[a], group[b]);
        group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
    };
    for &(a, b) in &relations.linked {
        join(&mut group, a, b);
    }
    let parts = scope
        .clause("whereClause")
        .into_iter()
        .flat_map(crate::query::conjuncts);
    for condition in parts.chain(
        relations
            .conditions
            .iter()
            .flat_map(|c| crate::query::conjuncts(c)),
    ) {
        let mut meant = Vec::new();
        for (alias, name, _) in columns_in(condition) {
            let place = match alias {
                Some(alias) => sources.iter().position(|source| source.alias == alias),
                None => owner(query, relations, name),
            };
            match place {
                Some(place) => meant.push(place),
                // A column without qualification could be any one's: give it the benefit of the doubt.
                None if alias.is_none() => return None,
                None => {}
            }
        }
        // What a query within refers to is connected through it.
        let links = own_nodes(condition).iter().any(|(kind, _)| *kind == "SubLink");
        if links {
            meant.extend(mentioned(condition, relations));
        }
        for pair in meant.windows(2) {
            join(&mut group, pair[0], pair[1]);
        }
    }
    let first = sources.iter().position(|source| !source.is_harmless)?;
    (0..sources.len()).find(|&index| !sources[index].is_harmless && group[index] != group[first])
}

fn owner(query: &Query<'_>, relations: &Relations<'_>, name: &str) -> Option<usize> {
    let known: Vec<_> = relations
        .sources
        .iter()
        .map(|source| query.tables.find(source.schema, source.relation?))
        .collect();
    if known.iter().any(Option::is_none) {
        return None;
    }
    known
        .iter()
        .position(|table| table.is_some_and(|table| table.named(name).is_some()))
}

/// The sources whose names stand as a qualification anywhere below, queries within included.
fn mentioned(value: &Value, relations: &Relations<'_>) -> Vec<usize> {
    let text = value.to_string();
    (0..relations.sources.len())
        .filter(|&index| text.contains(&format!("\"sval\":{:?}", relations.sources[index].alias)))
        .collect()
}
