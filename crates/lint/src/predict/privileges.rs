//! What roles may do.

use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{
    GrantRoleStmt, GrantStmt, GrantTargetType, Node, ObjectType, RoleSpecType,
};

use super::{Gathering, Place};
use crate::migration::{Key, object_parts, relation_name};

pub(super) fn grant(grant: &GrantStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    if grant.targtype() == GrantTargetType::AclTargetDefaults {
        return;
    }
    let keys: Vec<(Key, String)> = grant.objects.iter().map(named).collect();
    if grant.is_grant {
        to.world.granted.extend(keys.into_iter().map(|(key, _)| key));
        return;
    }
    if !is_of_clients(grant) {
        return;
    }
    for (key, name) in keys {
        // What everybody had is had by those to whom it was granted by name.
        let is_kept = to.world.granted.contains(&key) && is_from_public(grant);
        if to.world.is_new(&key)
            || to.world.functions.contains_key(&key)
            || is_kept
            || given_back(grant, place)
        {
            continue;
        }
        to.break_clients(
            format!("statements on {name} by the roles that lose the privilege"),
            format!("permission denied for {name}"),
            "42501",
        );
    }
}

/// Whether what is revoked is anything that ordinary clients do.
fn is_of_clients(revoke: &GrantStmt) -> bool {
    const OF_OTHERS: [&str; 5] = ["truncate", "references", "trigger", "maintain", "create"];
    // Nobody is given anything on tables by being somebody.
    let is_table = matches!(
        revoke.objtype(),
        ObjectType::ObjectTable | ObjectType::ObjectSequence
    );
    if is_table && is_from_public(revoke) {
        return false;
    }
    let names: Vec<String> = revoke
        .privileges
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::AccessPriv(privilege)) => Some(privilege.priv_name.to_ascii_lowercase()),
            _ => None,
        })
        .collect();
    names.is_empty() || names.iter().any(|name| !OF_OTHERS.contains(&name.as_str()))
}

fn is_from_public(revoke: &GrantStmt) -> bool {
    let public = RoleSpecType::RolespecPublic as i32;
    roles(revoke).iter().all(|(kind, _)| *kind == public)
}

/// Whether the script grants something on what it made: by name, or on all that is in the schema.
pub(super) fn is_granted(object: &Key, place: &Place<'_>, to: &Gathering<'_>) -> bool {
    to.world.granted.contains(object)
        || place.later.has_handover()
        || place
            .later
            .about(object)
            .any(|(_, node)| matches!(node, NodeEnum::GrantStmt(_)))
}

fn named(node: &Node) -> (Key, String) {
    match &node.node {
        Some(NodeEnum::RangeVar(relation)) => (Key::of(relation), relation_name(relation).to_string()),
        _ => {
            let parts = object_parts(node);
            (Key::of_parts(&parts), parts.join("."))
        }
    }
}

/// Whether a later statement grants something on the same objects again, before anybody notices.
fn given_back(grant: &GrantStmt, place: &Place<'_>) -> bool {
    let objects: Vec<String> = grant.objects.iter().map(|node| named(node).1).collect();
    let first = grant.objects.first().map(|node| named(node).0);
    place.in_block
        && first.is_some_and(|first| {
            place.later.about(&first).any(|(_, node)| match node {
                NodeEnum::GrantStmt(later) => {
                    later.is_grant
                        && (roles(later) == roles(grant) || is_from_public(grant))
                        && later
                            .objects
                            .iter()
                            .map(|node| named(node).1)
                            .eq(objects.iter().cloned())
                }
                _ => false,
            })
        })
}

fn roles(grant: &GrantStmt) -> Vec<(i32, &str)> {
    let roles = grant.grantees.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::RoleSpec(role)) => Some((role.roletype, role.rolename.as_str())),
        _ => None,
    });
    roles.collect()
}

pub(super) fn grant_role(grant: &GrantRoleStmt, to: &mut Gathering<'_>) {
    if !grant.is_grant {
        to.break_clients(
            "statements of the roles that lose the membership",
            "permission denied",
            "42501",
        );
    }
}
