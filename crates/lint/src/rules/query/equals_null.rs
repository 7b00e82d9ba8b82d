use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, place, span_at};

crate::query_rule!("query/equals-null", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        for (_, body) in scope.nodes()
            .into_iter()
            .filter(|(kind, _)| *kind == "A_Expr")
        {
            let name = body
                .get("name")
                .map_or("", |name| name[0]["String"]["sval"].as_str().unwrap_or_default());
            let is_plain = body.get("kind").and_then(Value::as_str) == Some("AEXPR_OP")
                && ["=", "<>", "!="].contains(&name);
            let is_null = |side: &str| {
                body.get(side)
                    .is_some_and(|value| value["A_Const"]["isnull"] == true)
            };
            if !is_plain || !(is_null("lexpr") || is_null("rexpr")) {
                continue;
            }
            let instead = if name == "=" { "IS NULL" } else { "IS NOT NULL" };
            let at = place(body);
            let draft = found.add(
                Severity::Warning,
                span_at(query.text, at),
                format!("{name} NULL is neither true nor false but NULL, for every row: {instead} is what tests for it."),
            );
            let column = body
                .get("lexpr")
                .and_then(|left| left["ColumnRef"].as_object())
                .map(place);
            if let Some(start) = column {
                let end = crate::query::word_end(query.text, start);
                draft.unsafe_fix(format!("{} {instead}", &query.text[start..end]));
            }
        }
    }
}
