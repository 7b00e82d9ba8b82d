use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, Relations, column_of, constant_of, own_nodes, place, span_at};

crate::query_rule!("query/between-on-timestamp", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        let relations = Relations::of(scope);
        let Some(clause) = scope.clause("whereClause") else {
            continue;
        };
        for (_, body) in own_nodes(clause)
            .into_iter()
            .filter(|(kind, _)| *kind == "A_Expr")
        {
            if body.get("kind").and_then(Value::as_str) != Some("AEXPR_BETWEEN") {
                continue;
            }
            let Some((alias, name)) = body.get("lexpr").and_then(column_of) else {
                continue;
            };
            let bounds = body
                .get("rexpr")
                .map_or(&Value::Null, |list| &list["List"]["items"]);
            let upper = bounds.get(1).and_then(text_of).unwrap_or_default();
            let is_moment = match query.tables.column(&relations, alias, name) {
                Some((_, column)) => column.is_a(&["timestamp", "timestamptz"]),
                None => {
                    is_named_moment(name)
                        && (upper.is_empty() || upper.starts_with(|c: char| c.is_ascii_digit()))
                }
            };
            if !is_moment {
                continue;
            }
            let column = &query.text[place_of(body)..crate::query::word_end(query.text, place_of(body))];
            let lower = bounds.get(0).and_then(text_of).unwrap_or_default();
            let draft = found.add(
                Severity::Warning,
                span_at(query.text, place(body)),
                if upper.contains(':') || upper.is_empty() {
                    "BETWEEN includes its upper end: of moments, the last one before the next day, or the first of the next period too. Use >= and <."
                } else {
                    "BETWEEN ends at midnight, when its last day begins: all but that moment of the day is left out. Use >= and <."
                },
            );
            if let Some(day) = upper.get(..10).filter(|_| !lower.is_empty()) {
                let next = format!("date '{day}' + 1");
                draft.unsafe_fix(format!("{column} >= '{lower}' AND {column} < {next}"));
            }
        }
    }
}

fn place_of(body: &serde_json::Map<String, Value>) -> usize {
    let column = body
        .get("lexpr")
        .and_then(|column| column["ColumnRef"].as_object());
    column.map_or(0, place)
}

fn text_of(node: &Value) -> Option<String> {
    constant_of(node).or_else(|| constant_of(&node["TypeCast"]["arg"]))
}

fn is_named_moment(name: &str) -> bool {
    let words = crate::schema::words::words(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    [
        "at",
        "timestamp",
        "ts",
        "time",
        "datetime",
        "created",
        "updated",
        "modified",
    ]
    .contains(&last)
}
