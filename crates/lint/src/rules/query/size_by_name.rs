use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, function_name, own_nodes, place, span_at};

crate::query_rule!("query/size-by-name", "Migration Workflow: Pre-Migration");

const SIZES: [&str; 5] = [
    "pg_total_relation_size",
    "pg_relation_size",
    "pg_table_size",
    "pg_indexes_size",
    "pg_relation_filepath",
];

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        for (_, body) in scope.nodes()
            .into_iter()
            .filter(|(kind, _)| *kind == "FuncCall")
        {
            let name = function_name(body);
            let joined = body
                .get("args")
                .and_then(|args| args.get(0))
                .is_some_and(|argument| {
                    own_nodes(argument).iter().any(|(kind, body)| {
                        *kind == "A_Expr"
                            && body.get("name").unwrap_or(&Value::Null)[0]["String"]["sval"] == "||"
                    })
                });
            // quote_ident makes the name right, and the catalog's own number is simpler still.
            let is_quoted = body.get("args").is_some_and(|args| {
                own_nodes(args).iter().any(|(kind, body)| {
                    *kind == "FuncCall" && ["quote_ident", "format"].contains(&function_name(body))
                })
            });
            if SIZES.contains(&name) && joined && !is_quoted {
                found
                    .add(
                        Severity::Warning,
                        span_at(query.text, place(body)),
                        format!("{name} of a name put together with || fails on names that need quotes, such as \"MixedCase\": use relid or indexrelid."),
                    )
                    .shown_fix(format!("{name}(relid)"));
            }
        }
    }
}
