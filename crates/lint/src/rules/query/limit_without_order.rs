use howdah_core::Severity;

use crate::query::{Query, QueryFound, Relations, Role, constant_of, is_aggregate, own_nodes, span_at};

crate::query_rule!("query/limit-without-order", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes.iter().filter(|scope| scope.is_select()) {
        let Some(count) = scope
            .clause("limitCount")
            .filter(|_| scope.clause("sortClause").is_none())
        else {
            continue;
        };
        // LIMIT 1 asks whether there is one, and a single row has no order.
        let is_probe = constant_of(count).as_deref() == Some("1");
        let is_total = scope
            .clause("targetList")
            .is_some_and(|list| own_nodes(list).iter().any(is_aggregate));
        let reads = Relations::of(scope)
            .sources
            .iter()
            .any(|source| source.relation.is_some());
        if is_probe || is_total || !reads || matches!(scope.role, Role::Exists | Role::Any) {
            continue;
        }
        let at = query.text.to_ascii_lowercase().rfind("limit").unwrap_or(0);
        found.add(
            Severity::Note,
            span_at(query.text, at),
            "Which rows LIMIT gives without ORDER BY is left to the plan, and changes with it.",
        );
    }
}
