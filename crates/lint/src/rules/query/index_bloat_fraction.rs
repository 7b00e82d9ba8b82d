use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, constant_of, place, span_at};

crate::query_rule!("query/index-bloat-fraction", "Bloat Detection");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        let wrong = scope.nodes().into_iter().find(|(kind, body)| {
            *kind == "A_Expr"
                && body.get("name").unwrap_or(&Value::Null)[0]["String"]["sval"] == "-"
                && body.get("lexpr").and_then(constant_of).as_deref() == Some("1")
                && body
                    .get("rexpr")
                    .is_some_and(|right| right.to_string().contains("\"avg_leaf_density\""))
        });
        if let Some((_, body)) = wrong {
            found
                .add(
                    Severity::Warning,
                    span_at(query.text, place(body)),
                    "avg_leaf_density is per cent already: 1 minus it is far below zero. Bloat is 100 - avg_leaf_density, and of B-tree indexes only.",
                )
                .shown_fix("100 - avg_leaf_density".to_owned());
        }
    }
}
