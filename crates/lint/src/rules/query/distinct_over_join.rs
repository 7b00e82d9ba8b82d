use std::collections::BTreeSet;

use howdah_core::Severity;

use crate::query::{Query, QueryFound, Relations, columns_in, span_at};

crate::query_rule!("query/distinct-over-join", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes.iter().filter(|scope| scope.is_select()) {
        // DISTINCT ON has expressions in the clause.
        let plain = scope.clause("distinctClause").is_some_and(|clause| {
            clause.as_array().is_some_and(|items| {
                items
                    .iter()
                    .all(|item| item.as_object().is_none_or(|o| o.is_empty()))
            })
        });
        let relations = Relations::of(scope);
        let tables = relations
            .sources
            .iter()
            .filter(|source| source.relation.is_some())
            .count();
        let (true, Some(targets), true) = (plain, scope.clause("targetList"), tables > 1) else {
            continue;
        };
        let columns = columns_in(targets);
        let used: BTreeSet<&str> = columns.iter().filter_map(|(alias, ..)| *alias).collect();
        if columns.iter().any(|(alias, ..)| alias.is_none()) || used.len() != 1 {
            continue;
        }
        let at = query.text.to_ascii_lowercase().find("distinct").unwrap_or(0);
        found
            .add(
                Severity::Note,
                span_at(query.text, at),
                "All results are of one relation, and DISTINCT takes away what the join multiplied: EXISTS does not multiply in the first place.",
            )
            .shown_fix("SELECT … FROM a WHERE EXISTS (SELECT FROM b WHERE b.a_id = a.id)".to_owned());
    }
}
