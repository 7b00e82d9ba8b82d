use howdah_sql::Statement;
use serde_json::{Map, Value};

use super::tables::Tables;

/// What a query within a statement is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The statement itself.
    Top,
    /// The rows of an INSERT, of CREATE TABLE AS, of a view or a cursor.
    Source,
    /// `EXISTS (…)`.
    Exists,
    /// `x IN (…)`, `x = ANY (…)`.
    Any,
    /// A single value, or an array.
    Value,
    /// In FROM.
    Derived,
    /// In WITH.
    Common,
    /// One side of UNION, INTERSECT or EXCEPT.
    Operand,
}

/// A SELECT, UPDATE, DELETE or MERGE with the clauses that are its own.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The name of its node: `SelectStmt`.
    pub kind: &'a str,
    /// Its fields.
    pub body: &'a Map<String, Value>,
    /// What it is there for.
    pub role: Role,
}

/// A statement that is judged.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Its text; positions in `tree` count from its start.
    pub text: &'a str,
    /// The statement.
    pub statement: &'a Statement,
    /// Its parse tree, an object of one key. Null for an INSERT of plain values, which may be very long.
    pub tree: &'a Value,
    /// Its queries, the outermost first.
    pub scopes: &'a [Scope<'a>],
    /// What is known of the tables.
    pub tables: Tables<'a>,
    /// Whether the script changes a schema: then the verdict of migrations speaks of what is lost.
    pub is_migration: bool,
}

impl<'a> Scope<'a> {
    /// The queries of a statement, the outermost first.
    pub fn all(tree: &'a Value) -> Vec<Self> {
        let mut found = Vec::new();
        if let Some((kind, body)) = only(tree) {
            visit(kind, body, Role::Top, &mut found);
        }
        found
    }

    /// A clause, if it is there.
    pub fn clause(&self, name: &str) -> Option<&'a Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// A clause that is a list; empty if it is not there.
    pub fn list(&self, name: &str) -> &'a [Value] {
        self.body
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// Whether it is a plain SELECT: no UNION or VALUES.
    pub fn is_select(&self) -> bool {
        self.kind == "SelectStmt" && self.clause("valuesLists").is_none() && self.clause("larg").is_none()
    }

    /// Whether a LIMIT or FETCH bounds it.
    pub fn is_limited(&self) -> bool {
        self.clause("limitCount").is_some()
    }
}

/// The only key of a node and its fields.
pub(crate) fn only(node: &Value) -> Option<(&str, &Map<String, Value>)> {
    let object = node.as_object().filter(|object| object.len() == 1)?;
    let (kind, body) = object.iter().next()?;
    // Types begin with a capital letter, fields do not.
    let is_type = kind.starts_with(|c: char| c.is_ascii_uppercase());
    body.as_object()
        .filter(|_| is_type)
        .map(|body| (kind.as_str(), body))
}

fn visit<'a>(kind: &'a str, body: &'a Map<String, Value>, role: Role, found: &mut Vec<Scope<'a>>) {
    if matches!(kind, "SelectStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt") {
        found.push(Scope { kind, body, role });
    }
    for (field, value) in body {
        let below = match (kind, field.as_str()) {
            ("SelectStmt", "larg" | "rarg") => {
                if let Some(side) = value.as_object() {
                    visit("SelectStmt", side, Role::Operand, found);
                }
                continue;
            }
            ("SubLink", "subselect") => match body.get("subLinkType").and_then(Value::as_str) {
                Some("EXISTS_SUBLINK") => Role::Exists,
                Some("ANY_SUBLINK" | "ALL_SUBLINK") => Role::Any,
                _ => Role::Value,
            },
            ("RangeSubselect", _) => Role::Derived,
            ("CommonTableExpr", _) => Role::Common,
            (
                "InsertStmt" | "CreateTableAsStmt" | "ViewStmt" | "DeclareCursorStmt" | "CopyStmt"
                | "RuleStmt",
                _,
            ) => Role::Source,
            ("ExplainStmt" | "PrepareStmt", _) => Role::Top,
            _ => Role::Derived,
        };
        visit_value(value, below, found);
    }
}

fn visit_value<'a>(value: &'a Value, role: Role, found: &mut Vec<Scope<'a>>) {
    match value {
        Value::Array(items) => {
            for item in items {
                visit_value(item, role, found);
            }
        }
        Value::Object(fields) => match only(value) {
            Some((kind, body)) => visit(kind, body, role, found),
            // A field of a fixed type, such as a WITH clause.
            None => {
                for value in fields.values() {
                    visit_value(value, role, found);
                }
            }
        },
        _ => {}
    }
}
