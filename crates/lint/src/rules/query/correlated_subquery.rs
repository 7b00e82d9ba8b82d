use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, Relations, Scope, own_nodes, place, span_at};

crate::query_rule!("query/correlated-subquery", "Query Optimization: EXPLAIN ANALYZE");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query
        .scopes
        .iter()
        .filter(|scope| scope.is_select() && !scope.is_limited())
    {
        let relations = Relations::of(scope);
        let Some(targets) = scope.clause("targetList") else {
            continue;
        };
        for (_, link) in own_nodes(targets)
            .into_iter()
            .filter(|(kind, _)| *kind == "SubLink")
        {
            let kind = link
                .get("subLinkType")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let inner = link.get("subselect").map(Scope::all).unwrap_or_default();
            let Some(inner) = inner
                .first()
                .filter(|_| kind == "EXPR_SUBLINK" || kind == "ARRAY_SUBLINK")
            else {
                continue;
            };
            let own = Relations::of(inner);
            let refers = inner.nodes()
                .iter()
                .any(|(kind, body)| {
                    let fields = body.get("fields").and_then(Value::as_array).map_or(0, Vec::len);
                    let alias = body.get("fields").map_or("", |fields| {
                        fields[0]["String"]["sval"].as_str().unwrap_or_default()
                    });
                    *kind == "ColumnRef"
                        && fields > 1
                        && relations.sources.iter().any(|source| source.alias == alias)
                        && !own.sources.iter().any(|source| source.alias == alias)
                });
            if refers {
                found
                    .add(
                        Severity::Note,
                        span_at(query.text, place(link)),
                        "The subquery runs once for each row of the result: a join to the grouped table, or LATERAL, lets the planner choose.",
                    )
                    .shown_fix("… LEFT JOIN (SELECT key, count(*) FROM other GROUP BY key) AS o USING (key)".to_owned());
            }
        }
    }
}
