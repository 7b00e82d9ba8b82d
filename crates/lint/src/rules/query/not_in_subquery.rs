use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, Relations, Role, Scope, column_of, place, span_at};

crate::query_rule!("query/not-in-subquery", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        for (_, body) in scope.nodes()
            .into_iter()
            .filter(|(kind, _)| *kind == "BoolExpr")
        {
            let is_not = body.get("boolop").and_then(Value::as_str) == Some("NOT_EXPR");
            let link = body
                .get("args")
                .and_then(|args| args.get(0))
                .and_then(|first| first.get("SubLink"));
            let Some(link) = link.filter(|link| is_not && link["subLinkType"] == "ANY_SUBLINK") else {
                continue;
            };
            if link.get("operName").is_some() || never_gives_null(query, &link["subselect"]) {
                continue;
            }
            found
                .add(
                    Severity::Warning,
                    span_at(query.text, link.as_object().map_or(0, place)),
                    "NOT IN is never true once the subquery gives a NULL, and cannot be carried out as an anti-join: use NOT EXISTS.",
                )
                .shown_fix("… WHERE NOT EXISTS (SELECT FROM other WHERE other.key = t.key)".to_owned());
        }
        // A NULL in a list does the same.
        for (_, body) in scope.nodes()
            .into_iter()
            .filter(|(kind, _)| *kind == "A_Expr")
        {
            let is_in = body.get("kind").and_then(Value::as_str) == Some("AEXPR_IN");
            let is_not = body.get("name").unwrap_or(&Value::Null)[0]["String"]["sval"] == "<>";
            let items = body
                .get("rexpr")
                .and_then(|list| list["List"]["items"].as_array());
            let has_null =
                items.is_some_and(|items| items.iter().any(|item| item["A_Const"]["isnull"] == true));
            if is_in && is_not && has_null {
                found.add(
                    Severity::Warning,
                    span_at(query.text, place(body)),
                    "NOT IN with a NULL in its list is never true.",
                );
            }
        }
    }
}

/// Whether a subquery cannot give NULL: its column is declared so, or it says so itself.
fn never_gives_null(query: &Query<'_>, subselect: &Value) -> bool {
    let scopes = Scope::all(subselect);
    let Some(scope) = scopes.first().map(|scope| Scope {
        role: Role::Any,
        ..*scope
    }) else {
        return false;
    };
    let target = scope
        .list("targetList")
        .first()
        .and_then(|target| target.get("ResTarget")?.get("val"));
    let Some((alias, name)) = target.and_then(column_of) else {
        return false;
    };
    let says_so = scope.clause("whereClause").is_some_and(|condition| {
        crate::query::conjuncts(condition).iter().any(|part| {
            let test = part.get("NullTest");
            let of = test.and_then(|test| test.get("arg")).and_then(column_of);
            of.is_some_and(|(_, other)| other == name)
                && test.is_some_and(|test| test["nulltesttype"] == "IS_NOT_NULL")
        })
    });
    let relations = Relations::of(&scope);
    let is_declared = query
        .tables
        .column(&relations, alias, name)
        .is_some_and(|(_, column)| column.is_not_null);
    says_so || (is_declared && !relations.has_outer_join)
}
