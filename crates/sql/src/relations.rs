use std::rc::Rc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Limits, RelationName, tree};

/// A relation that a statement names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RelationUse {
    /// The relation, as it is written.
    pub relation: RelationName,
    /// Whether it is what the statement changes, rather than only reads.
    pub changed: bool,
}

/// The relations named in one statement, in the order of the text and each
/// once for reading and once for changing; names of WITH queries are none.
pub(crate) fn relations(statement: &str) -> Vec<RelationUse> {
    let limits = Limits::unbounded();
    let trees = tree(statement, &limits).unwrap_or_default();
    let mut found: Vec<(i64, RelationUse)> = Vec::new();
    // A stack of our own: the tree may nest deeper than the thread's holds.
    let mut rest: Vec<Visit<'_>> = trees.iter().map(Visit::start).collect();
    while let Some(visit) = rest.pop() {
        match visit.value {
            Value::Array(items) => rest.extend(items.iter().map(|item| visit.to(item, visit.changed))),
            Value::Object(node) => {
                if let Some(relation) = range_var(node) {
                    // What is changed is never a query of the WITH.
                    let is_query =
                        !visit.changed && relation.schema.is_none() && visit.with_names(&relation.name);
                    if !is_query {
                        let at = node.get("location").and_then(Value::as_i64).unwrap_or_default();
                        let changed = visit.changed;
                        found.push((at, RelationUse { relation, changed }));
                    }
                    continue;
                }
                if visit.node == "DropStmt" {
                    found.extend(dropped(node).map(|drop| (0, drop)));
                    continue;
                }
                let inside = visit.enter_with(node, &mut rest);
                let children = node
                    .iter()
                    .filter(|(field, _)| !SKIPPED.contains(&field.as_str()));
                rest.extend(children.map(|(field, value)| inside.field(node, field, value)));
            }
            _ => {}
        }
    }
    found.sort();
    let mut relations: Vec<RelationUse> = Vec::new();
    for (_, relation) in found {
        if !relations.contains(&relation) {
            relations.push(relation);
        }
    }
    relations
}

/// Walked by themselves, and names of aliases rather than relations.
const SKIPPED: [&str; 2] = ["withClause", "lockedRels"];

/// A place in the tree with what is known about it from above.
#[derive(Clone)]
struct Visit<'a> {
    value: &'a Value,
    /// The type of the node that `value` is, where the tree says it.
    node: &'a str,
    /// Whether a relation standing here is changed.
    changed: bool,
    with: Option<Rc<With<'a>>>,
}

/// Names of WITH queries that can be seen, the innermost first.
struct With<'a> {
    name: &'a str,
    outer: Option<Rc<With<'a>>>,
}

impl<'a> Visit<'a> {
    fn start(value: &'a Value) -> Self {
        Self {
            value,
            node: "",
            changed: false,
            with: None,
        }
    }

    fn to(&self, value: &'a Value, changed: bool) -> Self {
        Self {
            value,
            node: "",
            changed,
            with: self.with.clone(),
        }
    }

    fn field(&self, node: &'a Map<String, Value>, field: &'a str, value: &'a Value) -> Self {
        // A key in capitals names the type of the node below it.
        if field.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Self {
                node: field,
                ..self.to(value, self.changed)
            };
        }
        let changed = match (self.node, field) {
            ("SelectStmt" | "LockStmt" | "VacuumStmt" | "ExplainStmt", "intoClause") => true,
            ("SelectStmt" | "LockStmt" | "VacuumStmt" | "ExplainStmt", _) => false,
            ("CopyStmt", "relation") => node.get("is_from") == Some(&Value::Bool(true)),
            ("ViewStmt", "view") | (_, "into") => true,
            (statement, "relation" | "relations" | "sequence" | "objects") => statement.ends_with("Stmt"),
            // What `into` and `intoClause` hold.
            ("", "rel") => self.changed,
            _ => false,
        };
        self.to(value, changed)
    }

    fn with_names(&self, name: &str) -> bool {
        let mut with = self.with.as_ref();
        while let Some(entry) = with {
            if entry.name == name {
                return true;
            }
            with = entry.outer.as_ref();
        }
        false
    }

    /// Puts the queries of a node's WITH on the stack, and gives the visit of
    /// the node with their names in sight.
    fn enter_with(&self, node: &'a Map<String, Value>, rest: &mut Vec<Self>) -> Self {
        let mut inside = self.clone();
        let Some(clause) = node.get("withClause") else {
            return inside;
        };
        let recursive = clause.get("recursive") == Some(&Value::Bool(true));
        let members = clause.get("ctes").and_then(Value::as_array);
        let members: Vec<&Value> = members
            .into_iter()
            .flatten()
            .filter_map(|member| member.get("CommonTableExpr"))
            .collect();
        let first = rest.len();
        for member in members {
            if let Some(query) = member.get("ctequery") {
                rest.push(inside.to(query, false));
            }
            inside.with = Some(Rc::new(With {
                name: member.get("ctename").and_then(Value::as_str).unwrap_or_default(),
                outer: inside.with.take(),
            }));
        }
        if recursive {
            for query in &mut rest[first..] {
                query.with = inside.with.clone();
            }
        }
        inside
    }
}

impl Drop for With<'_> {
    fn drop(&mut self) {
        // A chain of names is as long as the text has WITH queries.
        let mut outer = self.outer.take();
        while let Some(mut entry) = outer.and_then(Rc::into_inner) {
            outer = entry.outer.take();
        }
    }
}

fn range_var(node: &Map<String, Value>) -> Option<RelationName> {
    node.get("relpersistence")?;
    let part = |key: &str| node.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(RelationName {
        schema: part("schemaname"),
        name: part("relname")?,
    })
}

/// The relations of a DROP, whose tree holds lists of strings for them.
fn dropped(node: &Map<String, Value>) -> impl Iterator<Item = RelationUse> {
    const RELATIONS: [&str; 6] = [
        "OBJECT_TABLE",
        "OBJECT_VIEW",
        "OBJECT_MATVIEW",
        "OBJECT_INDEX",
        "OBJECT_SEQUENCE",
        "OBJECT_FOREIGN_TABLE",
    ];
    let kind = node.get("removeType").and_then(Value::as_str).unwrap_or_default();
    let objects = node.get("objects").and_then(Value::as_array);
    let objects = objects
        .filter(|_| RELATIONS.contains(&kind))
        .into_iter()
        .flatten();
    objects.filter_map(|object| {
        let parts = object.get("List")?.get("items")?.as_array()?;
        let mut parts = parts
            .iter()
            .rev()
            .filter_map(|part| part["String"]["sval"].as_str());
        let name = parts.next()?.to_owned();
        let schema = parts.next().map(str::to_owned);
        Some(RelationUse {
            relation: RelationName { schema, name },
            changed: true,
        })
    })
}
