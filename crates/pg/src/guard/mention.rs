//! What a statement names: functions, operators, types and relations.
//!
//! The walk goes over libpg_query's tree with a list of the nodes that it knows.
//! A node that is not on the list is not skipped: the statement is refused.

use std::collections::BTreeSet;

use serde_json::Value;

use super::refusal::Refusal;

/// A name as it stands in a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    /// The schema, where it is given.
    pub(crate) schema: Option<String>,
    /// The name, folded and cut as the server does it.
    pub(crate) name: String,
}

impl Name {
    pub(crate) fn bare(name: impl Into<String>) -> Self {
        Self {
            schema: None,
            name: name.into(),
        }
    }
}

/// A function that may be called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Call {
    /// Its name.
    pub(crate) name: Name,
    /// The number of arguments, where the call says it.
    pub(crate) args: Option<usize>,
    /// Written as `value.name`, which is a column first and a function only then.
    pub(crate) projection: bool,
    /// An argument that names a type is a constant, and that type is among those named.
    pub(crate) constant_type: bool,
}

/// Everything that a statement, or an expression of a function's body, names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mentions {
    pub(crate) calls: BTreeSet<Call>,
    pub(crate) operators: BTreeSet<Name>,
    pub(crate) types: BTreeSet<Name>,
    pub(crate) relations: BTreeSet<Name>,
    /// Relations that an explained INSERT, UPDATE, DELETE or MERGE is about.
    pub(crate) targets: BTreeSet<Name>,
    /// Whether there is a literal that is read as the type which the server gives it.
    pub(crate) literal: bool,
    /// Whether one begins with a bracket, as arrays, rows and ranges do.
    pub(crate) bracketed: bool,
}

impl Mentions {
    /// Whether nothing is named that a catalog would have to be asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
            && self.operators.is_empty()
            && self.types.is_empty()
            && self.relations.is_empty()
            && self.targets.is_empty()
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.calls.extend(other.calls);
        self.operators.extend(other.operators);
        self.types.extend(other.types);
        self.relations.extend(other.relations);
        self.targets.extend(other.targets);
        self.literal |= other.literal;
        self.bracketed |= other.bracketed;
    }
}

/// Characters of a name that every encoding holds in the 63 bytes a name may have.
const SHORT_CHARS: usize = 31;

impl Mentions {
    /// Adds what the names may be to a server whose encoding is not the parser's: such a
    /// server folds letters beyond ASCII where a name is not quoted.
    ///
    /// # Errors
    /// Refuses names that it may cut off elsewhere than the parser did.
    pub(crate) fn for_other_encoding(&mut self) -> Result<(), Refusal> {
        let beyond =
            |name: &Name| !name.name.is_ascii() || name.schema.as_ref().is_some_and(|s| !s.is_ascii());
        let calls = self.calls.iter().map(|call| &call.name);
        let names = calls
            .chain(&self.operators)
            .chain(&self.types)
            .chain(&self.relations)
            .chain(&self.targets);
        if names
            .filter(|name| beyond(name))
            .any(|name| name.name.chars().count() > SHORT_CHARS)
        {
            return Err(Refusal::new(
                "The statement holds a long name that this database's encoding may read otherwise.",
            ));
        }
        let folded = |name: &Name| Name {
            schema: name.schema.as_ref().map(|schema| schema.to_lowercase()),
            name: name.name.to_lowercase(),
        };
        let calls: Vec<Call> = self
            .calls
            .iter()
            .filter(|call| beyond(&call.name))
            .cloned()
            .collect();
        self.calls.extend(calls.into_iter().map(|call| Call {
            name: folded(&call.name),
            ..call
        }));
        for names in [&mut self.types, &mut self.relations, &mut self.targets] {
            let others: Vec<Name> = names.iter().filter(|name| beyond(name)).map(folded).collect();
            names.extend(others);
        }
        Ok(())
    }
}

/// What a walk may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// A query that only reads.
    Read,
    /// Also INSERT, UPDATE, DELETE and MERGE, which are planned and not run.
    Planned,
    /// Anything: for telling what a write would run, once it may be written.
    Any,
}

/// The names in a statement's tree (`{"SelectStmt": {…}}`).
pub(crate) fn mentions(tree: &Value, grammar: Grammar) -> Result<Mentions, Refusal> {
    let mut walk = Walk {
        found: Mentions::default(),
        grammar,
    };
    walk.any(tree, "")?;
    Ok(walk.found)
}

struct Walk {
    found: Mentions,
    grammar: Grammar,
}

/// Nodes that hold nothing but other nodes and what the fields below settle.
const PLAIN: &[&str] = &[
    "Alias",
    "A_ArrayExpr",
    "A_Indices",
    "A_Star",
    "BitString",
    "BoolExpr",
    "Boolean",
    "BooleanTest",
    "CTESearchClause",
    "CaseWhen",
    "CoalesceExpr",
    "CollateClause",
    "ColumnDef",
    "CommonTableExpr",
    "Float",
    "FromExpr",
    "GroupingFunc",
    "GroupingSet",
    "Integer",
    "JsonAggConstructor",
    "JsonArgument",
    "JsonBehavior",
    "JsonFormat",
    "JsonKeyValue",
    "JsonOutput",
    "JsonReturning",
    "JsonTableColumn",
    "JsonTablePathSpec",
    "JsonValueExpr",
    "JsonIsPredicate",
    "List",
    "MinMaxExpr",
    "NamedArgExpr",
    "NullTest",
    "ParamRef",
    "RangeFunction",
    "RangeSubselect",
    "RangeTableFunc",
    "RangeTableFuncCol",
    "ResTarget",
    "RowExpr",
    "SQLValueFunction",
    "String",
    "WindowDef",
    "WithClause",
    "XmlExpr",
    "XmlSerialize",
];

/// Nodes of INSERT, UPDATE, DELETE and MERGE.
const PLANNED: &[&str] = &[
    "InsertStmt",
    "UpdateStmt",
    "DeleteStmt",
    "MergeStmt",
    "MergeWhenClause",
    "MergeSupportFunc",
    "OnConflictClause",
    "InferClause",
    "IndexElem",
    "MultiAssignRef",
    "SetToDefault",
    "CurrentOfExpr",
    "ReturningClause",
    "ReturningOption",
];

/// Special nodes of this grammar that older servers read as calls of a function.
const ONCE_FUNCTIONS: &[(&str, &str)] = &[
    ("JsonParseExpr", "json"),
    ("JsonScalarExpr", "json_scalar"),
    ("JsonSerializeExpr", "json_serialize"),
    ("JsonObjectConstructor", "json_object"),
    ("JsonArrayConstructor", "json_array"),
    ("JsonArrayQueryConstructor", "json_array"),
    ("JsonObjectAgg", "json_objectagg"),
    ("JsonArrayAgg", "json_arrayagg"),
    ("JsonTable", "json_table"),
    ("MergeSupportFunc", "merge_action"),
];

impl Walk {
    /// A value in field `field`: a node under its tag, a struct without one, a list, or a word.
    fn any(&mut self, value: &Value, field: &str) -> Result<(), Refusal> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.any(item, field)),
            Value::Object(map) => {
                let mut entries = map.iter();
                match (entries.next(), entries.next()) {
                    (Some((tag, inner)), None) if starts_in_capitals(tag) => self.node(tag, inner),
                    // An empty list or struct.
                    (None, _) => Ok(()),
                    _ => match struct_in(field) {
                        Some(tag) => self.node(tag, value),
                        None if self.grammar == Grammar::Any => self.fields(value),
                        None => Err(Refusal::unknown_syntax(field)),
                    },
                }
            }
            _ => Ok(()),
        }
    }

    fn fields(&mut self, value: &Value) -> Result<(), Refusal> {
        let Value::Object(map) = value else { return Ok(()) };
        map.iter().try_for_each(|(field, inner)| self.any(inner, field))
    }

    fn node(&mut self, tag: &str, value: &Value) -> Result<(), Refusal> {
        if let Some((_, name)) = ONCE_FUNCTIONS.iter().find(|(node, _)| *node == tag) {
            self.call(Name::bare(*name), None, false);
        }
        match tag {
            "SelectStmt" => self.select(value)?,
            "FuncCall" => self.func_call(value),
            "A_Expr" => self.expression(value),
            "A_Const" => {
                self.found.literal |= value.get("sval").is_some() || value.get("isnull").is_some();
                let text = value.pointer("/sval/sval").and_then(Value::as_str);
                self.found.bracketed |= text.is_some_and(begins_with_bracket);
                return Ok(());
            }
            "ColumnRef" => self.column(value),
            "A_Indirection" => self.indirection(value),
            "TypeName" => self.type_name(value),
            "TypeCast" => {}
            "RangeVar" => {
                let name = relation(value);
                self.found.relations.insert(name);
            }
            "RangeTableSample" => {
                if let Some(name) = qualified(value.get("method")) {
                    self.call(name, None, false);
                }
            }
            "JoinExpr" => {
                if value.get("isNatural").is_some() || value.get("usingClause").is_some() {
                    self.operator("=");
                }
            }
            "SubLink" => match qualified(value.get("operName")) {
                Some(name) => {
                    self.found.operators.insert(name);
                }
                None => self.operator("="),
            },
            "CaseExpr" => {
                if value.get("arg").is_some() {
                    self.operator("=");
                }
            }
            "SortBy" => {
                if let Some(name) = qualified(value.get("useOp")) {
                    self.found.operators.insert(name);
                }
            }
            "CTECycleClause" => self.operator("="),
            "JsonFuncExpr" => {
                let name = match value.get("op").and_then(Value::as_str) {
                    Some("JSON_EXISTS_OP") => "json_exists",
                    Some("JSON_VALUE_OP") => "json_value",
                    _ => "json_query",
                };
                self.call(Name::bare(name), None, false);
            }
            "LockingClause" if self.grammar != Grammar::Any => return Err(Refusal::row_locks()),
            "IntoClause" if self.grammar != Grammar::Any => return Err(Refusal::select_into()),
            "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" if self.grammar != Grammar::Read => {
                if let Some(target) = value.get("relation") {
                    let target = target.get("RangeVar").unwrap_or(target);
                    self.found.targets.insert(relation(target));
                }
            }
            _ if PLAIN.contains(&tag) => {}
            _ if ONCE_FUNCTIONS.iter().any(|(node, _)| *node == tag) => {}
            _ if PLANNED.contains(&tag) && self.grammar == Grammar::Planned => {}
            _ if self.grammar == Grammar::Any => {}
            _ => return Err(Refusal::statement_inside(tag)),
        }
        self.fields(value)
    }

    fn select(&mut self, value: &Value) -> Result<(), Refusal> {
        if self.grammar == Grammar::Any {
            return Ok(());
        }
        if value.get("intoClause").is_some() {
            return Err(Refusal::select_into());
        }
        if value.get("lockingClause").is_some() {
            return Err(Refusal::row_locks());
        }
        Ok(())
    }

    fn func_call(&mut self, value: &Value) {
        let Some(name) = qualified(value.get("funcname")) else {
            return;
        };
        let count = |field: &str| value.get(field).and_then(Value::as_array).map_or(0, Vec::len);
        let mut args = count("args");
        if value.get("agg_within_group").is_some() {
            args += count("agg_order");
        }
        let variadic = value.get("func_variadic").is_some();
        if args == 1 {
            // f(x) may be a cast to the type f.
            self.found.types.insert(name.clone());
        }
        // json_object(…) with plain arguments becomes pg_catalog.json_object here, and on a
        // server that does not know the keyword it is whatever the search path says.
        if ONCE_FUNCTIONS.iter().any(|(_, once)| *once == name.name) {
            self.call(Name::bare(name.name.clone()), None, false);
        }
        let constant_type = matches!(name.name.as_str(), "pg_input_is_valid" | "pg_input_error_info")
            && self.type_in_text(value.get("args"));
        self.found.calls.insert(Call {
            name,
            args: (!variadic).then_some(args),
            projection: false,
            constant_type,
        });
    }

    /// Takes note of a type that the second argument names, if that is a constant.
    fn type_in_text(&mut self, args: Option<&Value>) -> bool {
        let text = args
            .and_then(|args| args.get(1))
            .and_then(|arg| arg.pointer("/A_Const/sval/sval"))
            .and_then(Value::as_str);
        let Some(text) = text else { return false };
        let limits = howdah_sql::Limits::default();
        let Ok(trees) = howdah_sql::tree(&format!("SELECT NULL::{text}"), &limits) else {
            return false;
        };
        let [tree] = trees.as_slice() else { return false };
        let cast = tree.pointer("/SelectStmt/targetList/0/ResTarget/val/TypeCast");
        let Some(type_name) = cast.and_then(|cast| cast.get("typeName")) else {
            return false;
        };
        self.type_name(type_name);
        true
    }

    fn expression(&mut self, value: &Value) {
        if let Some(name) = qualified(value.get("name")) {
            match (value.get("kind").and_then(Value::as_str), name.name.as_str()) {
                (Some(kind), _) if kind.contains("BETWEEN") => {
                    for operator in ["<", "<=", ">", ">="] {
                        self.operator(operator);
                    }
                }
                _ => {
                    self.found.operators.insert(name);
                }
            }
        }
    }

    /// `a.b` may be the call b(a), and so may the cast of a to b.
    fn column(&mut self, value: &Value) {
        let Some(Value::Array(fields)) = value.get("fields") else {
            return;
        };
        if fields.len() < 2 {
            return;
        }
        if let Some(name) = fields.last().and_then(string) {
            self.projection(name);
        }
    }

    fn indirection(&mut self, value: &Value) {
        let Some(Value::Array(steps)) = value.get("indirection") else {
            return;
        };
        for name in steps.iter().filter_map(string) {
            self.projection(name);
        }
    }

    fn projection(&mut self, name: &str) {
        self.found.types.insert(Name::bare(name));
        self.call(Name::bare(name), Some(1), true);
    }

    fn call(&mut self, name: Name, args: Option<usize>, projection: bool) {
        self.found.calls.insert(Call {
            name,
            args,
            projection,
            constant_type: false,
        });
    }

    fn operator(&mut self, name: &str) {
        self.found.operators.insert(Name::bare(name));
    }

    fn type_name(&mut self, value: &Value) {
        let value = value.get("TypeName").unwrap_or(value);
        if let Some(name) = qualified(value.get("names")) {
            self.found.types.insert(name);
        }
    }
}

/// As the server may see it: what counts as a space depends on its locale.
fn begins_with_bracket(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || !c.is_ascii())
        .starts_with(['{', '(', '['])
}

/// The node that stands without its tag in a field of this name.
fn struct_in(field: &str) -> Option<&'static str> {
    Some(match field {
        "relation" => "RangeVar",
        "alias" | "join_using_alias" => "Alias",
        "typeName" => "TypeName",
        "withClause" => "WithClause",
        "larg" | "rarg" => "SelectStmt",
        "over" => "WindowDef",
        "search_clause" => "CTESearchClause",
        "cycle_clause" => "CTECycleClause",
        "collClause" => "CollateClause",
        "onConflictClause" => "OnConflictClause",
        "infer" => "InferClause",
        "returningClause" => "ReturningClause",
        "intoClause" => "IntoClause",
        "output" => "JsonOutput",
        "returning" => "JsonReturning",
        "format" => "JsonFormat",
        "constructor" => "JsonAggConstructor",
        "on_empty" | "on_error" => "JsonBehavior",
        "pathspec" => "JsonTablePathSpec",
        "func" => "FuncCall",
        "value" | "arg" | "expr" | "val" | "context_item" => "JsonValueExpr",
        _ => return None,
    })
}

fn starts_in_capitals(tag: &str) -> bool {
    tag.starts_with(|c: char| c.is_ascii_uppercase())
}

fn string(value: &Value) -> Option<&str> {
    value.pointer("/String/sval").and_then(Value::as_str)
}

/// The last two parts of a list of strings.
fn qualified(list: Option<&Value>) -> Option<Name> {
    let parts: Vec<&str> = list?.as_array()?.iter().filter_map(string).collect();
    let (name, before) = parts.split_last()?;
    Some(Name {
        schema: before.last().map(|schema| (*schema).to_owned()),
        name: (*name).to_owned(),
    })
}

fn relation(value: &Value) -> Name {
    let part = |field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    Name {
        schema: part("schemaname"),
        name: part("relname").unwrap_or_default(),
    }
}
