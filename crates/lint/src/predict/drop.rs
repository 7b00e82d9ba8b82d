//! What is dropped or emptied.

use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{DropStmt, ObjectType, RangeVar, TruncateStmt};

use super::{Gathering, Place};
use crate::migration::{Key, object_parts};

pub(super) fn drop(drop: &DropStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    for object in &drop.objects {
        let parts = object_parts(object);
        let key = Key::of_parts(&parts);
        let name = parts.join(".");
        match drop.remove_type() {
            ObjectType::ObjectTable | ObjectType::ObjectForeignTable => {
                if to.world.is_new(&key) {
                    to.world.forget(&key);
                    continue;
                }
                to.lock(&range_var(&parts), LockMode::AccessExclusive);
                to.lose(format!("table {name}"));
                to.break_clients(
                    format!("statements that name {name}"),
                    format!("relation \"{name}\" does not exist"),
                    "42P01",
                );
            }
            ObjectType::ObjectView | ObjectType::ObjectMatview => {
                if to.world.is_new(&key) {
                    to.world.forget(&key);
                    continue;
                }
                to.lock(&range_var(&parts), LockMode::AccessExclusive);
                if !comes_back(&key, place) {
                    to.break_clients(
                        format!("statements that name {name}"),
                        format!("relation \"{name}\" does not exist"),
                        "42P01",
                    );
                }
            }
            ObjectType::ObjectIndex => {
                if drop.concurrent {
                    to.fail_in_block(
                        place,
                        "DROP INDEX CONCURRENTLY cannot run inside a transaction block",
                    );
                } else if !to.world.is_new(&key) {
                    // The table is not in the text; the lock on it is over in a moment.
                    let table = RangeVar {
                        relname: format!("the table of index {name}"),
                        relpersistence: "p".to_owned(),
                        ..RangeVar::default()
                    };
                    to.lock(&table, LockMode::AccessExclusive);
                }
            }
            ObjectType::ObjectFunction
            | ObjectType::ObjectProcedure
            | ObjectType::ObjectRoutine
            | ObjectType::ObjectAggregate
                if to.world.functions.remove(&key).is_none() && !function_comes_back(&key, place) =>
            {
                to.break_clients(
                    format!("calls of {name}"),
                    format!("function {name} does not exist"),
                    "42883",
                );
            }
            ObjectType::ObjectSchema => {
                to.lose(format!("what is in schema {name}"));
            }
            ObjectType::ObjectType | ObjectType::ObjectDomain if !to.world.types.remove(&key) => {
                to.break_clients(
                    format!("statements that name the type {name}"),
                    format!("type \"{name}\" does not exist"),
                    "42704",
                );
            }
            ObjectType::ObjectSequence => {
                if to.world.is_new(&key) {
                    continue;
                }
                to.break_clients(
                    format!("nextval('{name}')"),
                    format!("relation \"{name}\" does not exist"),
                    "42P01",
                );
            }
            ObjectType::ObjectExtension => {
                to.break_clients(
                    format!("statements that use the extension {name}"),
                    "what it brought does not exist any more",
                    "42704",
                );
            }
            ObjectType::ObjectPolicy => {
                let table = Key::of_parts(parts.split_last().map_or(&[], |(_, table)| table));
                if !to.world.is_new(&table) && !policy_comes_back(&table, place) {
                    to.break_clients(
                        "statements whose rows the policy let through",
                        "the rows are not found any more",
                        "42501",
                    );
                }
            }
            _ => {}
        }
    }
}

fn policy_comes_back(table: &Key, place: &Place<'_>) -> bool {
    let mut about = place.later.about(table);
    about.any(|(_, node)| matches!(node, NodeEnum::CreatePolicyStmt(_)))
}

fn range_var(parts: &[String]) -> RangeVar {
    let (schema, name) = match parts {
        [.., schema, name] => (schema.clone(), name.clone()),
        [name] => (String::new(), name.clone()),
        [] => Default::default(),
    };
    RangeVar {
        schemaname: schema,
        relname: name,
        inh: true,
        relpersistence: "p".to_owned(),
        ..RangeVar::default()
    }
}

/// Whether a view is made again, with the privileges that its dropping took.
fn comes_back(view: &Key, place: &Place<'_>) -> bool {
    let mut about = place.later.about(view);
    let made = about.find(|(_, node)| matches!(node, NodeEnum::ViewStmt(_) | NodeEnum::CreateTableAsStmt(_)));
    made.is_some_and(|(number, _)| place.later.grant_behind(number).is_some())
}

fn function_comes_back(function: &Key, place: &Place<'_>) -> bool {
    let mut about = place.later.about(function);
    about.any(|(_, node)| matches!(node, NodeEnum::CreateFunctionStmt(_)))
}

pub(super) fn truncate(truncate: &TruncateStmt, to: &mut Gathering<'_>) {
    for node in &truncate.relations {
        let Some(NodeEnum::RangeVar(table)) = &node.node else {
            continue;
        };
        to.lock(table, LockMode::AccessExclusive);
        if !to.is_new(table) {
            to.lose(format!("all rows of {}", super::relation_name(table)));
        }
    }
}
