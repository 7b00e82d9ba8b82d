use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::query::{Query, QueryFound, column_of, constant_of, own_nodes, place, span_at};

crate::query_rule!("query/leading-wildcard", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for clause in query
        .scopes
        .iter()
        .filter_map(|scope| scope.clause("whereClause"))
    {
        for (_, body) in own_nodes(clause)
            .into_iter()
            .filter(|(kind, _)| *kind == "A_Expr")
        {
            let kind = body
                .get("kind")
                .and_then(|kind| kind.as_str())
                .unwrap_or_default();
            if kind != "AEXPR_LIKE" && kind != "AEXPR_ILIKE" {
                continue;
            }
            let pattern = body.get("rexpr").and_then(constant_of).unwrap_or_default();
            if !pattern.starts_with(['%', '_']) {
                continue;
            }
            let column = body.get("lexpr").and_then(column_of);
            let draft = found.add(
                Severity::Warning,
                span_at(query.text, place(body)),
                format!("A pattern that begins with a wildcard ({pattern:?}) cannot be looked up in a B-tree: all rows are read, but for a trigram index."),
            );
            if let Some((_, name)) = column {
                draft.shown_fix(format!(
                    "CREATE EXTENSION IF NOT EXISTS pg_trgm;\nCREATE INDEX CONCURRENTLY ON … USING gin ({} gin_trgm_ops);",
                    quote_ident(name)
                ));
            }
        }
    }
}
