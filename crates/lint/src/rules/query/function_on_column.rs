use howdah_core::Severity;
use serde_json::{Map, Value};

use crate::query::{
    Query, QueryFound, Relations, cast_type, column_of, columns_in, constant_of, function_name, is_value,
    own_nodes, span_at,
};

crate::query_rule!("query/function-on-column", "Query Development: Always");

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
                comparison(query, &relations, body, found);
            }
        }
    }
}

fn comparison(
    query: &Query<'_>,
    relations: &Relations<'_>,
    body: &Map<String, Value>,
    found: &mut QueryFound,
) {
    let kind = body.get("kind").and_then(Value::as_str).unwrap_or_default();
    let name = body
        .get("name")
        .map_or("", |name| name[0]["String"]["sval"].as_str().unwrap_or_default());
    let compares = matches!(kind, "AEXPR_IN" | "AEXPR_BETWEEN" | "AEXPR_LIKE" | "AEXPR_ILIKE")
        || (kind == "AEXPR_OP" && ["=", "<", ">", "<=", ">="].contains(&name));
    let Some((left, right)) = body.get("lexpr").zip(body.get("rexpr")).filter(|_| compares) else {
        return;
    };
    let is_bare = |value: &Value| match value.get("List") {
        Some(list) => list["items"]
            .as_array()
            .is_some_and(|items| items.iter().all(is_value)),
        None => columns_in(value).is_empty(),
    };
    let (wrapped, other) = if is_bare(right) {
        (left, right)
    } else {
        (right, left)
    };
    if !is_bare(other) || (kind != "AEXPR_OP" && !std::ptr::eq(wrapped, left)) {
        return;
    }
    let Some(wrapping) = Wrapping::of(wrapped) else {
        return;
    };
    let columns = columns_in(wrapped);
    let [(alias, column, at)] = columns.as_slice() else {
        return;
    };
    let known = query.tables.column(relations, *alias, column);
    if let Some((table, column)) = known {
        let leads = table
            .indexes
            .iter()
            .any(|index| index.is_valid && index.keys.first() == Some(&column.number));
        // Nothing is lost where no index starts with the column, or one holds the expression itself.
        let held = table
            .indexes
            .iter()
            .filter_map(|index| index.expressions.as_deref())
            .any(|expressions| expressions.contains(&column.name) && expressions.contains(wrapping.name));
        let is_kept = wrapping.is_cast && keeps_index(&column.base_type, wrapping.name);
        if !leads || held || is_kept {
            return;
        }
    }
    let what = if wrapping.is_cast {
        format!("a cast to {}", wrapping.name)
    } else {
        wrapping.name.to_owned()
    };
    let draft = found.add(
        Severity::Warning,
        span_at(query.text, *at),
        format!("The condition is on {what} of {column}, not on {column}: an index on the column does not serve it."),
    );
    if let Some((table, _)) = known {
        draft
            .object(table.name.to_string())
            .evidence(format!("an index of it starts with {column}"));
    }
    let written = &query.text[*at..crate::query::word_end(query.text, *at)];
    if let Some(range) = range(written, &wrapping, other, name) {
        let is_moment = known.is_some_and(|(_, column)| column.is_a(&["timestamp", "timestamptz"]));
        if is_moment {
            draft.safe_fix(range)
        } else {
            draft.unsafe_fix(range)
        };
    } else if ["lower", "upper", "date_trunc", "btrim", "md5", "coalesce"].contains(&wrapping.name) {
        draft.shown_fix(format!(
            "CREATE INDEX CONCURRENTLY ON … ({}(…{column}…));",
            wrapping.name
        ));
    }
}

/// What stands around a column.
struct Wrapping<'a> {
    name: &'a str,
    is_cast: bool,
    /// The first constant argument: the field of `extract`, the unit of `date_trunc`.
    argument: Option<String>,
}

impl<'a> Wrapping<'a> {
    fn of(node: &'a Value) -> Option<Self> {
        if let Some(call) = node.get("FuncCall").and_then(Value::as_object) {
            let arguments = call.get("args").and_then(Value::as_array)?;
            return Some(Self {
                name: function_name(call),
                is_cast: false,
                argument: arguments.first().and_then(constant_of),
            });
        }
        if let Some(cast) = node.get("TypeCast").and_then(Value::as_object) {
            column_of(cast.get("arg")?)?;
            return Some(Self {
                name: cast_type(cast),
                is_cast: true,
                argument: None,
            });
        }
        if node.get("CoalesceExpr").is_some() {
            return Some(Self {
                name: "coalesce",
                is_cast: false,
                argument: None,
            });
        }
        // Arithmetic with a constant.
        let expression = node.get("A_Expr")?;
        let operator = expression["name"][0]["String"]["sval"].as_str()?;
        let arithmetic = ["+", "-", "*", "/", "||"];
        arithmetic.contains(&operator).then_some(Self {
            name: operator,
            is_cast: false,
            argument: None,
        })
    }
}

/// Whether a cast changes nothing about which index operators are found: `varchar` is compared as `text`.
fn keeps_index(from: &str, to: &str) -> bool {
    from == to || matches!((from, to), ("varchar" | "text", "varchar" | "text"))
}

/// The half-open range that means the same as a test of the day or year of a moment.
fn range(column: &str, wrapping: &Wrapping<'_>, other: &Value, operator: &str) -> Option<String> {
    let value = constant_of(other).or_else(|| constant_of(&other["TypeCast"]["arg"]))?;
    if operator != "=" {
        return None;
    }
    let is_day = value.len() == 10
        && value.bytes().enumerate().all(|(at, b)| {
            if at == 4 || at == 7 {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        });
    match (wrapping.name, wrapping.argument.as_deref()) {
        ("date", _) if is_day => Some(format!(
            "{column} >= date '{value}' AND {column} < date '{value}' + 1"
        )),
        ("date_part" | "extract", Some("year")) => {
            let year: u32 = value.parse().ok().filter(|year| (1..9999).contains(year))?;
            Some(format!(
                "{column} >= date '{year:04}-01-01' AND {column} < date '{:04}-01-01'",
                year + 1
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_between_strings_keep_the_index() {
        assert!(keeps_index("varchar", "text") && !keeps_index("int4", "text"));
    }
}
