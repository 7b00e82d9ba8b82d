use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, span_at};

crate::query_rule!("query/union-not-all", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes.iter().filter(|scope| scope.kind == "SelectStmt") {
        let is_union = scope.body.get("op").and_then(Value::as_str) == Some("SETOP_UNION");
        let is_all = scope.body.get("all").and_then(Value::as_bool) == Some(true);
        if !is_union || is_all {
            continue;
        }
        // Where a recursive query walks a graph, UNION is what ends it.
        if query.text.to_ascii_lowercase().contains("recursive") {
            continue;
        }
        let at = query.text.to_ascii_lowercase().find("union").unwrap_or(0);
        found.add(
            Severity::Note,
            span_at(query.text, at),
            "UNION sorts or hashes all rows to take duplicates away: UNION ALL does not, where there are none, or they do not matter.",
        );
    }
}
