//! Renames, and moves to another schema: clients still use the old name.

use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterObjectSchemaStmt, ObjectType, RenameStmt};

use super::{Gathering, Place};
use crate::migration::{Key, object_parts, relation_name};

pub(super) fn rename(rename: &RenameStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    let kind = rename.rename_type();
    if let Some(relation) = &rename.relation {
        let mode = match kind {
            ObjectType::ObjectIndex => LockMode::ShareUpdateExclusive,
            _ => LockMode::AccessExclusive,
        };
        to.lock(relation, mode);
        if to.is_new(relation) {
            if matches!(kind, ObjectType::ObjectTable | ObjectType::ObjectView | ObjectType::ObjectMatview | ObjectType::ObjectSequence) {
                to.world.create(Key::new(&relation.schemaname, &rename.newname));
            }
            return;
        }
    }
    match kind {
        ObjectType::ObjectTable | ObjectType::ObjectView | ObjectType::ObjectMatview | ObjectType::ObjectForeignTable => {
            let Some(relation) = &rename.relation else { return };
            if takes_the_old_name(&Key::of(relation), place) {
                return;
            }
            to.break_clients(
                format!("statements that name {}", relation_name(relation)),
                format!("relation \"{}\" does not exist", relation.relname),
                "42P01",
            );
        }
        ObjectType::ObjectColumn | ObjectType::ObjectAttribute => to.break_clients(
            format!("statements that name the column {}", rename.subname),
            format!("column \"{}\" does not exist", rename.subname),
            "42703",
        ),
        ObjectType::ObjectFunction | ObjectType::ObjectProcedure | ObjectType::ObjectRoutine | ObjectType::ObjectAggregate => {
            let name = rename.object.as_deref().map(object_parts).unwrap_or_default();
            if !to.world.functions.contains_key(&Key::of_parts(&name)) {
                to.break_clients(
                    format!("calls of {}", name.join(".")),
                    format!("function {} does not exist", name.join(".")),
                    "42883",
                );
            }
        }
        ObjectType::ObjectSchema => to.break_clients(
            format!("statements that name the schema {}", rename.subname),
            format!("schema \"{}\" does not exist", rename.subname),
            "3F000",
        ),
        ObjectType::ObjectSequence | ObjectType::ObjectType | ObjectType::ObjectDomain => {
            let name = match &rename.relation {
                Some(relation) => relation.relname.clone(),
                None => rename.object.as_deref().map(object_parts).unwrap_or_default().join("."),
            };
            to.break_clients(format!("statements that name {name}"), format!("\"{name}\" does not exist"), "42704");
        }
        _ => {}
    }
}

/// Whether a view, or another table, gets the old name before clients can notice: in the same
/// transaction.
fn takes_the_old_name(old: &Key, place: &Place<'_>) -> bool {
    if !place.in_block {
        return false;
    }
    place
        .later
        .iter()
        .take_while(|sentence| {
            !matches!(sentence.parsed.as_ref().map(|statement| statement.kind()), Ok(howdah_sql::Kind::Transaction(tag)) if *tag == "COMMIT")
        })
        .any(|sentence| match sentence.parsed.as_ref().map(|statement| statement.node()) {
            Ok(NodeEnum::ViewStmt(view)) => view.view.as_ref().is_some_and(|view| Key::of(view) == *old),
            Ok(NodeEnum::RenameStmt(other)) => other
                .relation
                .as_ref()
                .is_some_and(|relation| Key::new(&relation.schemaname, &other.newname) == *old),
            Ok(NodeEnum::CreateStmt(create)) => create.relation.as_ref().is_some_and(|table| Key::of(table) == *old),
            _ => false,
        })
}

pub(super) fn set_schema(moved: &AlterObjectSchemaStmt, to: &mut Gathering<'_>) {
    let name = match &moved.relation {
        Some(relation) if to.is_new(relation) => return,
        Some(relation) => {
            to.lock(relation, LockMode::AccessExclusive);
            relation_name(relation).to_string()
        }
        None => moved.object.as_deref().map(object_parts).unwrap_or_default().join("."),
    };
    if moved.object_type() == ObjectType::ObjectExtension {
        return;
    }
    to.break_clients(
        format!("statements that find {name} in its schema"),
        format!("\"{name}\" does not exist"),
        "42P01",
    );
}
