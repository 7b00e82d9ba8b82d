//! Which statements the server refuses inside of a transaction block: the
//! places where it calls `PreventInTransactionBlock`.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterSubscriptionType, AlterTableType, Node, PartitionCmd, ReindexObjectType};

/// As far as the statement tells; see `Kind::runs_in_transaction`.
pub(crate) fn runs_in_transaction(node: &NodeEnum) -> bool {
    match node {
        NodeEnum::CreatedbStmt(_)
        | NodeEnum::DropdbStmt(_)
        | NodeEnum::CreateTableSpaceStmt(_)
        | NodeEnum::DropTableSpaceStmt(_)
        | NodeEnum::AlterSystemStmt(_)
        | NodeEnum::DropSubscriptionStmt(_) => false,
        NodeEnum::VacuumStmt(statement) => !statement.is_vacuumcmd,
        NodeEnum::ClusterStmt(statement) => statement.relation.is_some(),
        NodeEnum::AlterDatabaseStmt(statement) => option(&statement.options, "tablespace").is_none(),
        NodeEnum::IndexStmt(statement) => !statement.concurrent,
        NodeEnum::DropStmt(statement) => !statement.concurrent,
        NodeEnum::ReindexStmt(statement) => {
            let one = [
                ReindexObjectType::ReindexObjectIndex,
                ReindexObjectType::ReindexObjectTable,
            ];
            one.contains(&statement.kind()) && !is_on(&statement.params, "concurrently")
        }
        NodeEnum::AlterTableStmt(statement) => !statement.cmds.iter().any(detaches_concurrently),
        NodeEnum::CreateSubscriptionStmt(statement) => {
            // Without a connection there is no slot to be created either.
            let connects = is_on_or(&statement.options, "connect", true);
            !is_on_or(&statement.options, "create_slot", connects)
        }
        NodeEnum::AlterSubscriptionStmt(statement) => match statement.kind() {
            AlterSubscriptionType::AlterSubscriptionRefresh => false,
            AlterSubscriptionType::AlterSubscriptionSetPublication
            | AlterSubscriptionType::AlterSubscriptionAddPublication
            | AlterSubscriptionType::AlterSubscriptionDropPublication => {
                !is_on_or(&statement.options, "refresh", true)
            }
            // These change the slot on the publisher, which cannot be undone.
            AlterSubscriptionType::AlterSubscriptionOptions => {
                option(&statement.options, "failover").is_none()
                    && is_on_or(&statement.options, "two_phase", true)
            }
            _ => true,
        },
        _ => true,
    }
}

fn detaches_concurrently(command: &Node) -> bool {
    let Some(NodeEnum::AlterTableCmd(command)) = &command.node else {
        return false;
    };
    let partition = command.def.as_ref().and_then(|node| node.node.as_ref());
    command.subtype() == AlterTableType::AtDetachPartition
        && matches!(
            partition,
            Some(NodeEnum::PartitionCmd(PartitionCmd { concurrent: true, .. }))
        )
}

/// The last option of that name, as where the server takes the last of several.
fn option<'a>(options: &'a [Node], name: &str) -> Option<Option<&'a NodeEnum>> {
    options.iter().rev().find_map(|option| match &option.node {
        Some(NodeEnum::DefElem(option)) if option.defname == name => {
            Some(option.arg.as_ref().and_then(|value| value.node.as_ref()))
        }
        _ => None,
    })
}

/// Whether a Boolean option is there and on, read as the server's `defGetBoolean` does.
pub(crate) fn is_on(options: &[Node], name: &str) -> bool {
    is_on_or(options, name, false)
}

fn is_on_or(options: &[Node], name: &str, default: bool) -> bool {
    match option(options, name) {
        None => default,
        // The name alone switches it on.
        Some(None) => true,
        Some(Some(NodeEnum::Integer(value))) => value.ival != 0,
        Some(Some(NodeEnum::Boolean(value))) => value.boolval,
        Some(Some(NodeEnum::String(value))) => !is_off(&value.sval),
        // Where any value may stand, a word is taken for the name of a type.
        Some(Some(NodeEnum::TypeName(value))) => !value
            .names
            .iter()
            .any(|name| matches!(&name.node, Some(NodeEnum::String(name)) if is_off(&name.sval))),
        Some(Some(_)) => true,
    }
}

fn is_off(value: &str) -> bool {
    ["false", "off"].iter().any(|off| value.eq_ignore_ascii_case(off))
}
