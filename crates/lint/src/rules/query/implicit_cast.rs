use howdah_core::Severity;
use serde_json::Value;

use crate::query::{Query, QueryFound, Relations, cast_type, column_of, own_nodes, span_at};

crate::query_rule!("query/implicit-cast", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        let relations = Relations::of(scope);
        let clauses = scope
            .clause("whereClause")
            .into_iter()
            .chain(relations.conditions.iter().copied());
        for clause in clauses {
            for (_, body) in own_nodes(clause)
                .into_iter()
                .filter(|(kind, _)| *kind == "A_Expr")
            {
                let name = body
                    .get("name")
                    .map_or("", |name| name[0]["String"]["sval"].as_str().unwrap_or_default());
                if !["=", "<", ">", "<=", ">="].contains(&name) {
                    continue;
                }
                let Some((left, right)) = body.get("lexpr").zip(body.get("rexpr")) else {
                    continue;
                };
                for (column, value) in [(left, right), (right, left)] {
                    compare(query, &relations, column, value, found);
                }
            }
        }
    }
}

fn compare(
    query: &Query<'_>,
    relations: &Relations<'_>,
    column: &Value,
    value: &Value,
    found: &mut QueryFound,
) {
    let Some((alias, name)) = column_of(column) else {
        return;
    };
    let cast = value.get("TypeCast").and_then(Value::as_object).map(cast_type);
    let is_fraction = value["A_Const"].get("fval").is_some_and(|number| {
        number["fval"]
            .as_str()
            .is_some_and(|text| text.contains(['.', 'e', 'E']))
    });
    let to_fraction = is_fraction || cast.is_some_and(|to| ["numeric", "float8", "float4"].contains(&to));
    let known = query.tables.column(relations, alias, name);
    let is_integer = match known {
        Some((_, column)) => column.is_integer(),
        None => query.tables.model.is_none() && (name == "id" || name.ends_with("_id")),
    };
    let is_padded = known.is_some_and(|(_, column)| column.is_a(&["bpchar"])) && cast == Some("text");
    let at = column["ColumnRef"].as_object().map_or(0, crate::query::place);
    let message = if is_integer && to_fraction {
        format!(
            "{name} is an integer and is compared as a fraction: each of its values is converted, and no index on it serves the condition."
        )
    } else if is_padded {
        format!(
            "{name} is padded with blanks and is compared as text: each of its values is converted, and no index on it serves the condition."
        )
    } else {
        return;
    };
    found
        .add(Severity::Warning, span_at(query.text, at), message)
        .shown_fix(format!("{name} = 1  -- a constant of the column's own type"));
}
