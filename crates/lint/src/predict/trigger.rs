//! Triggers whose function stands in the script: what its body does to the writers of the table.

use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::CreateTrigStmt;
use howdah_sql::{Limits, parse};
use serde_json::Value;

use super::privileges::is_granted;
use super::{Gathering, Place};
use crate::migration::{Key, relation_name, strings};

/// What the body of a function does, whatever the row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    raises: bool,
    returns_null: bool,
    writes: Vec<Key>,
    /// Whether it runs with its owner's rights.
    pub(crate) is_definer: bool,
}

/// `TRIGGER_TYPE_BEFORE` of the server.
const BEFORE: i32 = 1 << 1;
/// `TRIGGER_TYPE_INSTEAD` of the server.
const INSTEAD: i32 = 1 << 6;
/// `ERROR` among the levels of RAISE.
const ERROR: u64 = 21;

impl Body {
    /// Of a CREATE FUNCTION in PL/pgSQL, as `plpgsql_tree` gives it.
    pub(super) fn of(tree: &Value) -> Self {
        let mut body = Self::default();
        body.add_writes(tree);
        let block = &tree[0]["PLpgSQL_function"]["action"]["PLpgSQL_stmt_block"];
        let has_handler = block.get("exceptions").is_some_and(|found| !found.is_null());
        let statements = block["body"].as_array().map(Vec::as_slice).unwrap_or_default();
        for statement in statements.iter().filter_map(Value::as_object).flatten() {
            match statement {
                (kind, raise) if kind == "PLpgSQL_stmt_raise" => {
                    body.raises =
                        !has_handler && raise["elog_level"].as_u64().is_some_and(|level| level >= ERROR);
                    if body.raises {
                        break;
                    }
                }
                (kind, result) if kind == "PLpgSQL_stmt_return" => {
                    let text = result["expr"]["PLpgSQL_expr"]["query"]
                        .as_str()
                        .unwrap_or_default();
                    body.returns_null = text.trim().eq_ignore_ascii_case("null");
                    break;
                }
                (kind, _)
                    if matches!(
                        kind.as_str(),
                        "PLpgSQL_stmt_assign" | "PLpgSQL_stmt_execsql" | "PLpgSQL_stmt_perform"
                    ) => {}
                // From here on it depends.
                _ => break,
            }
        }
        body
    }

    fn add_writes(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let query = map
                    .get("PLpgSQL_stmt_execsql")
                    .and_then(|statement| statement["sqlstmt"]["PLpgSQL_expr"]["query"].as_str());
                let script = query.and_then(|query| parse(query, &Limits::default()).ok());
                for statement in script.iter().flat_map(|script| &script.statements) {
                    let table = match statement.node() {
                        NodeEnum::InsertStmt(insert) => insert.relation.as_ref(),
                        NodeEnum::UpdateStmt(update) => update.relation.as_ref(),
                        NodeEnum::DeleteStmt(delete) => delete.relation.as_ref(),
                        _ => None,
                    };
                    self.writes.extend(table.map(Key::of));
                }
                map.values().for_each(|below| self.add_writes(below));
            }
            Value::Array(items) => items.iter().for_each(|below| self.add_writes(below)),
            _ => {}
        }
    }
}

/// CREATE TRIGGER.
pub(super) fn trigger(trigger: &CreateTrigStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    for table in trigger.relation.iter().chain(&trigger.constrrel) {
        to.lock(table, LockMode::ShareRowExclusive);
    }
    let Some(table) = trigger.relation.as_ref().filter(|table| !to.is_new(table)) else {
        return;
    };
    let function = Key::of_parts(&strings(&trigger.funcname));
    let Some(body) = to.world.bodies.get(&function).cloned() else {
        return;
    };
    let table = relation_name(table);
    let is_conditional = trigger.when_clause.is_some();
    if body.raises && !is_conditional {
        to.break_clients(
            format!("writes to {table} that fire the trigger {}", trigger.trigname),
            "the trigger raises an error",
            "P0001",
        );
    }
    if body.returns_null && trigger.row && trigger.timing & (BEFORE | INSTEAD) != 0 && !is_conditional {
        to.break_clients(
            format!("writes to {table} that fire the trigger {}", trigger.trigname),
            "the trigger returns NULL, and the row is left as it was",
            "00000",
        );
    }
    let kept_out = |written: &&Key| to.world.is_new(written) && !is_granted(written, place, to);
    if !body.is_definer && body.writes.iter().any(|written| kept_out(&written)) {
        to.break_clients(
            format!("writes to {table} by a role that does not own the new table"),
            "permission denied for the new table that the trigger writes to",
            "42501",
        );
    }
}
