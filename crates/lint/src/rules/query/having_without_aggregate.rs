use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, is_aggregate, own_nodes, span_at};

crate::query_rule!("query/having-without-aggregate", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes.iter().filter(|scope| scope.is_select()) {
        let (Some(having), Some(_)) = (scope.clause("havingClause"), scope.clause("groupClause")) else {
            continue;
        };
        let wrapped = Value::Array(vec![having.clone()]);
        let nodes = own_nodes(&wrapped);
        // A function that is not known could be an aggregate of the user's.
        if nodes
            .iter()
            .any(|node| is_aggregate(node) || matches!(node.0, "FuncCall" | "SubLink" | "GroupingFunc"))
        {
            continue;
        }
        let at = query.text.to_ascii_lowercase().rfind("having").unwrap_or(0);
        found
            .add(
                Severity::Note,
                span_at(query.text, at),
                "HAVING without an aggregate says which rows are wanted, which WHERE says before they are grouped.",
            )
            .shown_fix("… WHERE … GROUP BY …".to_owned());
    }
}
