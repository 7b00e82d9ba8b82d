use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, Relations, Role, own_nodes, span_at};

crate::query_rule!("query/unused-index-by-scans", "Unused Indexes: Zero scans");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes.iter().filter(|scope| scope.role == Role::Top) {
        let relations = Relations::of(scope);
        let view = relations.sources.iter().find(|source| {
            source
                .relation
                .is_some_and(|name| name == "pg_stat_user_indexes" || name == "pg_stat_all_indexes")
        });
        let (Some(view), Some(condition)) = (view, scope.clause("whereClause")) else {
            continue;
        };
        let wrapped = Value::Array(vec![condition.clone()]);
        let nodes = own_nodes(&wrapped);
        let asks = nodes.iter().any(|(kind, body)| {
            *kind == "A_Expr"
                && body
                    .get("lexpr")
                    .is_some_and(|left| left.to_string().contains("\"idx_scan\""))
        });
        let spares = query.text.contains("indisunique") || query.text.contains("pg_constraint");
        if asks && !spares {
            found.add(
                Severity::Warning,
                span_at(query.text, view.place),
                "idx_scan = 0 is true of indexes that enforce UNIQUE constraints, serve as replica identity or are used on replicas: leave out unique ones, and look at the age of the statistics.",
            )
            .shown_fix("SELECT s.indexrelid::regclass FROM pg_stat_user_indexes AS s JOIN pg_index AS i USING (indexrelid)\nWHERE s.idx_scan = 0 AND NOT i.indisunique AND NOT i.indisexclusion AND NOT i.indisreplident".to_owned());
        }
    }
}
