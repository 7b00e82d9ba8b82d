use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, cast_type, function_name, own_nodes, place, span_at};

crate::query_rule!("query/concatenated-date", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        for (kind, body) in scope.nodes() {
            let text = match kind {
                "TypeCast" if ["date", "timestamp", "timestamptz"].contains(&cast_type(body)) => {
                    body.get("arg")
                }
                "FuncCall" if ["to_date", "to_timestamp"].contains(&function_name(body)) => {
                    body.get("args").and_then(|args| args.get(0))
                }
                _ => None,
            };
            let joins = |value: &Value| {
                own_nodes(value).iter().any(|(kind, body)| {
                    *kind == "A_Expr" && body.get("name").unwrap_or(&Value::Null)[0]["String"]["sval"] == "||"
                })
            };
            if text.is_some_and(joins) {
                found
                    .add(
                        Severity::Warning,
                        span_at(query.text, place(body)),
                        "A date is put together as a string and read again: how it is read depends on the session's DateStyle, and bad parts are errors at run time.",
                    )
                    .shown_fix("make_date(year, month, day)  -- or: timestamp + n * interval '1 day'".to_owned());
            }
        }
    }
}
