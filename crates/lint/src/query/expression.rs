use serde_json::{Map, Value};

use super::scope::{Scope, only};

/// A node and its fields.
pub type Node<'a> = (&'a str, &'a Map<String, Value>);

impl<'a> Scope<'a> {
    /// Every node of its clauses, but not those of queries within.
    pub fn nodes(&self) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        self.body.values().for_each(|value| collect(value, &mut found));
        found
    }

    /// Every column in its clauses, with its place.
    pub fn columns(&self) -> Vec<(Option<&'a str>, &'a str, usize)> {
        columns_among(self.nodes())
    }
}

/// Every node at and below a value, but not those of queries within.
pub fn own_nodes(value: &Value) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<Node<'a>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            if let Some((kind, body)) = only(value) {
                if kind == "SelectStmt" {
                    return;
                }
                found.push((kind, body));
                body.values().for_each(|value| collect(value, found));
            } else {
                fields.values().for_each(|value| collect(value, found));
            }
        }
        _ => {}
    }
}

/// A string node's text.
pub fn string_of(node: &Value) -> Option<&str> {
    node.get("String")?.get("sval")?.as_str().or(Some(""))
}

/// The strings of a list of names, in order.
pub fn names_of(list: Option<&Value>) -> Vec<&str> {
    let items = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(string_of).collect()
}

/// A column: its qualification, if any, and its name. `None` for `*` and for anything else.
pub fn column_of(node: &Value) -> Option<(Option<&str>, &str)> {
    let fields = node.get("ColumnRef")?.get("fields")?.as_array()?;
    let names: Vec<&str> = fields.iter().filter_map(string_of).collect();
    if names.len() != fields.len() {
        return None;
    }
    let (name, before) = names.split_last()?;
    Some((before.last().copied(), name))
}

/// Every column at and below a value, but not those of queries within, with its place.
pub fn columns_in(value: &Value) -> Vec<(Option<&str>, &str, usize)> {
    columns_among(own_nodes(value))
}

fn columns_among(nodes: Vec<Node<'_>>) -> Vec<(Option<&str>, &str, usize)> {
    nodes
        .into_iter()
        .filter(|(kind, _)| *kind == "ColumnRef")
        .filter_map(|(_, body)| {
            let fields = body.get("fields")?.as_array()?;
            let names: Vec<&str> = fields.iter().filter_map(string_of).collect();
            let (name, before) = names.split_last().filter(|_| names.len() == fields.len())?;
            Some((before.last().copied(), *name, place(body)))
        })
        .collect()
}

/// The place of a node in the statement's text.
pub fn place(body: &Map<String, Value>) -> usize {
    let location = body.get("location").and_then(Value::as_u64).unwrap_or(0);
    usize::try_from(location).unwrap_or(0)
}

/// A constant as text; `None` for NULL and for anything else.
pub fn constant_of(node: &Value) -> Option<String> {
    let constant = node.get("A_Const")?;
    let text = |kind: &str, field: &str| constant.get(kind)?.get(field)?.as_str().map(str::to_owned);
    if let Some(number) = constant.get("ival") {
        // Zero is left out.
        let number = number.get("ival").and_then(Value::as_i64).unwrap_or(0);
        return Some(number.to_string());
    }
    if let Some(boolean) = constant.get("boolval") {
        let is_true = boolean.get("boolval").and_then(Value::as_bool).unwrap_or(false);
        return Some(is_true.to_string());
    }
    text("fval", "fval").or_else(|| text("sval", "sval"))
}

/// Whether it is a constant or a parameter, perhaps cast.
pub fn is_value(node: &Value) -> bool {
    node.get("A_Const").is_some()
        || node.get("ParamRef").is_some()
        || node
            .get("TypeCast")
            .and_then(|cast| cast.get("arg"))
            .is_some_and(is_value)
        || node.get("SQLValueFunction").is_some()
}

/// Whether a condition holds for every row, whatever is in it: `true`, `1 = 1`, `true AND 'a' = 'a'`.
pub fn is_always_true(condition: &Value) -> bool {
    if let Some(boolean) = condition.get("BoolExpr") {
        let arguments = boolean
            .get("args")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        return match boolean.get("boolop").and_then(Value::as_str) {
            Some("AND_EXPR") => arguments.iter().all(is_always_true),
            Some("OR_EXPR") => arguments.iter().any(is_always_true),
            _ => arguments.iter().all(is_always_false),
        };
    }
    if let Some(expression) = condition.get("A_Expr") {
        let sides = expression.get("lexpr").zip(expression.get("rexpr"));
        return operator(expression) == "="
            && sides.is_some_and(|(left, right)| {
                constant_of(left).is_some() && constant_of(left) == constant_of(right)
            });
    }
    constant_of(condition).as_deref() == Some("true")
}

fn is_always_false(condition: &Value) -> bool {
    constant_of(condition).as_deref() == Some("false")
}

/// The operator of an `A_Expr` node: `=`, `~~`; empty for none.
pub fn operator(expression: &Value) -> &str {
    names_of(expression.get("name"))
        .last()
        .copied()
        .unwrap_or_default()
}

/// The last name of the function that a `FuncCall` node calls.
pub fn function_name(body: &Map<String, Value>) -> &str {
    names_of(body.get("funcname")).last().copied().unwrap_or_default()
}

/// The name of the type of a `TypeCast`.
pub fn cast_type(body: &Map<String, Value>) -> &str {
    let names = body.get("typeName").and_then(|name| name.get("names"));
    names_of(names).last().copied().unwrap_or_default()
}

/// The conditions that must all hold: the parts of an AND.
pub fn conjuncts(condition: &Value) -> Vec<&Value> {
    let boolean = condition.get("BoolExpr");
    let is_and = |b: &&Value| b.get("boolop").and_then(Value::as_str) == Some("AND_EXPR");
    match boolean
        .filter(is_and)
        .and_then(|b| b.get("args"))
        .and_then(Value::as_array)
    {
        Some(parts) => parts.iter().flat_map(conjuncts).collect(),
        None => vec![condition],
    }
}

/// The parts of an OR; a single one otherwise.
pub fn disjuncts(condition: &Value) -> Vec<&Value> {
    let boolean = condition.get("BoolExpr");
    let is_or = |b: &&Value| b.get("boolop").and_then(Value::as_str) == Some("OR_EXPR");
    match boolean
        .filter(is_or)
        .and_then(|b| b.get("args"))
        .and_then(Value::as_array)
    {
        Some(parts) => parts.iter().flat_map(disjuncts).collect(),
        None => vec![condition],
    }
}

/// Functions that make one row of many.
const AGGREGATES: [&str; 31] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
    "bool_and",
    "bool_or",
    "every",
    "bit_and",
    "bit_or",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "variance",
    "var_pop",
    "var_samp",
    "corr",
    "percentile_cont",
    "percentile_disc",
    "mode",
    "xmlagg",
    "range_agg",
    "any_value",
    "regr_slope",
    "bit_xor",
];

/// Whether a node calls an aggregate, not as a window function.
pub fn is_aggregate((kind, body): &Node<'_>) -> bool {
    *kind == "FuncCall" && !body.contains_key("over") && AGGREGATES.contains(&function_name(body))
}

/// A relation in FROM, by the name that its columns are qualified with.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its alias, or its own name.
    pub alias: &'a str,
    /// Its schema, if written.
    pub schema: Option<&'a str>,
    /// The relation; `None` for a query, function or list of values.
    pub relation: Option<&'a str>,
    /// Whether it has one row at most, or is meant to be combined with every row.
    pub is_harmless: bool,
    /// Its place in the text.
    pub place: usize,
}

/// What stands in FROM, or is updated or deleted from.
#[derive(Debug, Default)]
pub struct Relations<'a> {
    /// In order, joins flattened.
    pub sources: Vec<Source<'a>>,
    /// Conditions of joins.
    pub conditions: Vec<&'a Value>,
    /// Whether there is an explicit CROSS JOIN, NATURAL JOIN or USING, which connect by themselves.
    pub linked: Vec<(usize, usize)>,
    /// Whether there is an outer join.
    pub has_outer_join: bool,
    /// Whether there is a join at all.
    pub has_join: bool,
}

impl<'a> Relations<'a> {
    /// The relations of a query, those that it writes to first.
    pub fn of(scope: &Scope<'a>) -> Self {
        let mut found = Self::default();
        if let Some(relation) = scope.body.get("relation").and_then(Value::as_object) {
            found.relation(relation);
        }
        for clause in ["fromClause", "usingClause"] {
            for item in scope.list(clause) {
                found.item(item);
            }
        }
        found
    }

    /// The only relation, where there is but one source and that is a table.
    pub fn single(&self) -> Option<Source<'a>> {
        match self.sources.as_slice() {
            [only] if only.relation.is_some() => Some(*only),
            _ => None,
        }
    }

    fn relation(&mut self, body: &'a Map<String, Value>) {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let name = text("relname").unwrap_or_default();
        self.sources.push(Source {
            alias: alias(body).unwrap_or(name),
            schema: text("schemaname"),
            relation: Some(name),
            is_harmless: false,
            place: place(body),
        });
    }

    fn item(&mut self, item: &'a Value) {
        let Some((kind, body)) = only(item) else { return };
        match kind {
            "RangeVar" => self.relation(body),
            "JoinExpr" => self.join(body),
            _ => self.sources.push(Source {
                alias: alias(body).unwrap_or_default(),
                schema: None,
                relation: None,
                is_harmless: is_harmless(kind, body),
                place: place(body),
            }),
        }
    }

    fn join(&mut self, body: &'a Map<String, Value>) {
        self.has_join = true;
        let kind = body.get("jointype").and_then(Value::as_str).unwrap_or_default();
        self.has_outer_join |= kind != "JOIN_INNER";
        let first = self.sources.len();
        if let Some(left) = body.get("larg") {
            self.item(left);
        }
        let second = self.sources.len();
        if let Some(right) = body.get("rarg") {
            self.item(right);
        }
        let end = self.sources.len();
        let quals = body.get("quals").filter(|quals| !quals.is_null());
        let is_linked = quals.is_none() || body.contains_key("usingClause") || body.contains_key("isNatural");
        // CROSS JOIN says what it does.
        if is_linked && first < second && second < end {
            self.linked.push((second - 1, second));
        }
        self.conditions.extend(quals);
    }
}

fn alias(body: &Map<String, Value>) -> Option<&str> {
    body.get("alias")?.get("aliasname")?.as_str()
}

/// Whether combining it with every other row is what is meant, or multiplies nothing.
fn is_harmless(kind: &str, body: &Map<String, Value>) -> bool {
    if kind != "RangeSubselect" || body.contains_key("lateral") {
        return true;
    }
    let Some(select) = body
        .get("subquery")
        .and_then(|subquery| subquery.get("SelectStmt"))
    else {
        return true;
    };
    let is_one = select.get("limitCount").and_then(constant_of).as_deref() == Some("1");
    let targets = select.get("targetList");
    let is_total = select.get("groupClause").is_none()
        && targets.is_some_and(|list| own_nodes(list).iter().any(is_aggregate));
    is_one || is_total || select.get("valuesLists").is_some() || select.get("fromClause").is_none()
}
