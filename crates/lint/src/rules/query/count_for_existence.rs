use howdah_core::Severity;
use serde_json::{Map, Value};

use crate::query::{Query, QueryFound, closing, constant_of, names_of, place, span_at};

crate::query_rule!("query/count-for-existence", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        for (_, body) in scope.nodes()
            .into_iter()
            .filter(|(kind, _)| *kind == "A_Expr")
        {
            if let Some(test) = Test::of(body) {
                report(query, &test, found);
            }
        }
    }
}

/// `(SELECT count(*) …) > 0` and its kin.
struct Test<'a> {
    link: &'a Map<String, Value>,
    select: &'a Map<String, Value>,
    wants_rows: bool,
    place: usize,
    constant: &'a Value,
}

impl<'a> Test<'a> {
    fn of(body: &'a Map<String, Value>) -> Option<Self> {
        let expression = body.get("kind").and_then(Value::as_str) == Some("AEXPR_OP");
        let (left, right) = body.get("lexpr").zip(body.get("rexpr")).filter(|_| expression)?;
        let link = left.get("SubLink")?.as_object()?;
        let select = link.get("subselect")?.get("SelectStmt")?.as_object()?;
        let [target] = select.get("targetList")?.as_array()?.as_slice() else {
            return None;
        };
        let call = &target["ResTarget"]["val"]["FuncCall"];
        let is_count = call["funcname"][0]["String"]["sval"] == "count"
            && call["agg_star"] == true
            && call.get("agg_filter").is_none();
        let operator = names_of(body.get("name")).last().copied().unwrap_or_default();
        let wants_rows = match (operator, constant_of(right)?.as_str()) {
            (">" | "<>" | "!=", "0") | (">=", "1") => true,
            ("=" | "<=", "0") | ("<", "1") => false,
            _ => return None,
        };
        is_count.then_some(Self {
            link,
            select,
            wants_rows,
            place: place(body),
            constant: right,
        })
    }
}

fn report(query: &Query<'_>, test: &Test<'_>, found: &mut QueryFound) {
    let draft = found.add(
        Severity::Warning,
        span_at(query.text, place(test.link)),
        "All rows are counted to learn whether there is one: EXISTS stops at the first.",
    );
    // With GROUP BY, HAVING, LIMIT or the like the count is another thing than the rows.
    let plain = [
        "groupClause",
        "havingClause",
        "limitCount",
        "limitOffset",
        "distinctClause",
        "windowClause",
        "withClause",
        "sortClause",
    ];
    if plain.iter().any(|clause| test.select.contains_key(*clause)) {
        return;
    }
    let text = query.text;
    let fixed = || -> Option<String> {
        let (open, close) = closing(text, place(test.link))?;
        // From the FROM on, the subquery stays as it is; without one it counts its only row.
        let inner = text.get(open + 1..close)?;
        let (_, counted) = closing(inner, inner.to_ascii_lowercase().find("count")?)?;
        let rest = inner.get(counted + 1..)?.trim();
        if !rest.to_ascii_lowercase().starts_with("from") {
            return None;
        }
        let constant = test.constant["A_Const"].as_object().map(place)?;
        let end = crate::query::word_end(text, constant);
        (test.place > close && constant > test.place).then_some(())?;
        let word = if test.wants_rows { "EXISTS" } else { "NOT EXISTS" };
        Some(format!("{}{word} (SELECT {rest}){}", &text[..open], &text[end..]))
    };
    if let Some(sql) = fixed() {
        draft.safe_fix(sql);
    }
}
