//! What the plans of a statement, and of all that it runs inside, say about
//! the rows that it reads, writes and locks.

use std::collections::HashSet;

use howdah_pg::Notice;
use howdah_sql::RelationName;
use serde_json::Value;

/// More rows than this are taken to grow with the table: the planner believes
/// in a thousand million (see `Sizes`), a batch is smaller.
const GROWS_ROWS: f64 = 20_000.0;

/// What a plan does with a relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Touch {
    pub(crate) relation: RelationName,
    pub(crate) what: TouchKind,
    /// Whether that is more the larger the relation is.
    pub(crate) grows: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TouchKind {
    /// Rows are read.
    Read,
    /// Rows are written.
    Write,
    /// Every row is deleted.
    DeleteAll,
    /// Rows are locked.
    Lock,
}

/// The touches in the plans among these notices, and the other notices.
pub(crate) fn take_plans(notices: Vec<Notice>) -> (Vec<Touch>, Vec<Notice>) {
    let mut touches = Vec::new();
    let mut others = Vec::new();
    // A loop runs the same plan thousands of times.
    let mut seen: HashSet<String> = HashSet::new();
    for notice in notices {
        match plan_text(&notice) {
            Some(text) => {
                if seen.insert(text.to_owned())
                    && let Ok(plan) = serde_json::from_str::<Value>(text)
                {
                    visit(&plan["Plan"], false, &mut touches);
                }
            }
            None => others.push(notice),
        }
    }
    touches.sort();
    touches.dedup();
    (touches, others)
}

/// What auto_explain says: a duration, and the plan as JSON.
fn plan_text(notice: &Notice) -> Option<&str> {
    if notice.severity != "INFO" {
        return None;
    }
    let (duration, plan) = notice.message.split_once("plan:\n")?;
    duration.starts_with("duration: ").then_some(plan)
}

/// Adds what a node and those below it do; gives the relations that are read
/// below it. `few` says that the rows above a plain scan are asked for one by
/// one, and no more than a batch of them.
fn visit(node: &Value, few: bool, touches: &mut Vec<Touch>) -> Vec<RelationName> {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let rows = node["Plan Rows"].as_f64().unwrap_or_default();
    let few_below = match kind {
        "Limit" => rows <= GROWS_ROWS,
        "LockRows" | "Subquery Scan" | "Append" | "Merge Append" | "Result" | "ProjectSet" => few,
        _ => false,
    };
    let children = node["Plans"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut below = Vec::new();
    for child in children {
        below.extend(visit(child, few_below, touches));
    }
    let from_child = children
        .first()
        .map_or(0.0, |child| child["Plan Rows"].as_f64().unwrap_or_default());
    match kind {
        "ModifyTable" => {
            let grows = from_child > GROWS_ROWS && !below.is_empty();
            let all = node["Operation"] == "Delete" && children.iter().all(reads_all);
            for relation in targets(node) {
                let what = if all {
                    TouchKind::DeleteAll
                } else {
                    TouchKind::Write
                };
                touches.push(Touch {
                    relation,
                    what,
                    grows,
                });
            }
        }
        "LockRows" => touches.extend(below.iter().map(|relation| Touch {
            relation: relation.clone(),
            what: TouchKind::Lock,
            grows: rows > GROWS_ROWS && !few,
        })),
        _ => {}
    }
    if let Some(relation) = name(node).filter(|_| kind != "ModifyTable") {
        let filtered = node.get("Filter").is_some();
        let whole =
            kind == "Seq Scan" || kind == "Sample Scan" || rows > GROWS_ROWS || reads_whole_index(node);
        touches.push(Touch {
            relation: relation.clone(),
            what: TouchKind::Read,
            grows: whole && (filtered || !few),
        });
        below.push(relation);
    }
    below
}

fn reads_whole_index(node: &Value) -> bool {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    kind.starts_with("Index") && node.get("Index Cond").is_none() && node.get("Order By").is_none()
}

/// Whether a plan below a DELETE gives every row of a table.
fn reads_all(node: &Value) -> bool {
    match node["Node Type"].as_str() {
        Some("Append") => node["Plans"]
            .as_array()
            .is_some_and(|children| children.iter().all(reads_all)),
        Some("Seq Scan") => node.get("Filter").is_none(),
        _ => false,
    }
}

/// The tables that a ModifyTable changes: the one that the statement names,
/// partitions or inheriting tables by themselves.
fn targets(node: &Value) -> Vec<RelationName> {
    let several = node["Target Tables"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut targets: Vec<RelationName> = several.iter().filter_map(name).collect();
    if targets.is_empty() {
        targets.extend(name(node));
    }
    targets
}

fn name(node: &Value) -> Option<RelationName> {
    let relation = node["Relation Name"].as_str()?;
    Some(match node["Schema"].as_str() {
        Some(schema) => RelationName::in_schema(schema, relation),
        None => RelationName::new(relation),
    })
}
