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
            if matches!(
                kind,
                ObjectType::ObjectTable
                    | ObjectType::ObjectView
                    | ObjectType::ObjectMatview
                    | ObjectType::ObjectSequence
            ) {
                to.world.create(Key::new(&relation.schemaname, &rename.newname));
            }
            return;
        }
    }
    match kind {
        ObjectType::ObjectTable
        | ObjectType::ObjectView
        | ObjectType::ObjectMatview
        | ObjectType::ObjectForeignTable => {
            let Some(relation) = &rename.relation else { return };
            if takes_the_old_name(&Key::of(relation), place) {
                // Under its new name nobody knows it yet.
                to.world.create(Key::new(&relation.schemaname, &rename.newname));
                return;
            }
            to.break_clients(
                format!("statements that name {}", relation_name(relation)),
                format!("relation \"{}\" does not exist", relation.relname),
                "42P01",
            );
        }
        ObjectType::ObjectColumn if column_is_replaced(rename, place) => {}
        ObjectType::ObjectColumn | ObjectType::ObjectAttribute => to.break_clients(
            format!("statements that name the column {}", rename.subname),
            format!("column \"{}\" does not exist", rename.subname),
            "42703",
        ),
        ObjectType::ObjectFunction
        | ObjectType::ObjectProcedure
        | ObjectType::ObjectRoutine
        | ObjectType::ObjectAggregate => {
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
        // A default knows its sequence by number.
        ObjectType::ObjectSequence => {
            to.unsure("Callers of nextval with the old name, if there are any, fail afterwards.");
        }
        ObjectType::ObjectType | ObjectType::ObjectDomain => {
            let name = match &rename.relation {
                Some(relation) => relation.relname.clone(),
                None => rename
                    .object
                    .as_deref()
                    .map(object_parts)
                    .unwrap_or_default()
                    .join("."),
            };
            to.break_clients(
                format!("statements that name {name}"),
                format!("\"{name}\" does not exist"),
                "42704",
            );
        }
        _ => {}
    }
}

/// The statements about an object that follow in the same transaction, with their numbers.
fn until_commit<'p>(about: &'p Key, place: &'p Place<'_>) -> impl Iterator<Item = (usize, &'p NodeEnum)> {
    let commit = place.later.commit();
    let about = place.in_block.then(|| place.later.about(about));
    about
        .into_iter()
        .flatten()
        .take_while(move |(number, _)| *number < commit)
}

/// Whether another column of the table gets the name before clients can notice.
fn column_is_replaced(rename: &RenameStmt, place: &Place<'_>) -> bool {
    let Some(table) = rename.relation.as_ref().map(Key::of) else {
        return false;
    };
    until_commit(&table, place).any(|(_, node)| match node {
        NodeEnum::RenameStmt(other) => {
            other.rename_type() == ObjectType::ObjectColumn
                && other.newname == rename.subname
                && other.relation.as_ref().is_some_and(|of| Key::of(of) == table)
        }
        _ => false,
    })
}

/// Whether a view, or another table, gets the old name before clients can notice: in the same
/// transaction.
fn takes_the_old_name(old: &Key, place: &Place<'_>) -> bool {
    until_commit(old, place).any(|(number, node)| match node {
        // A view is nobody's until something is granted on it.
        NodeEnum::ViewStmt(_) => {
            let grant = place.later.grant_behind(number);
            grant.is_some_and(|grant| grant < place.later.commit())
        }
        NodeEnum::RenameStmt(other) => other
            .relation
            .as_ref()
            .is_some_and(|relation| Key::new(&relation.schemaname, &other.newname) == *old),
        NodeEnum::CreateStmt(_) => true,
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
        None => moved
            .object
            .as_deref()
            .map(object_parts)
            .unwrap_or_default()
            .join("."),
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
