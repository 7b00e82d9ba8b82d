//! ALTER TABLE, subcommand by subcommand.

use std::collections::HashSet;

use howdah_rehearse::{LockMode, WorkKind};
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{
    AlterTableCmd, AlterTableStmt, AlterTableType, ConstrType, Constraint, Node, ObjectType, RangeVar,
};
use howdah_sql::quote_ident;

use super::expression::{constant_text, proven_not_null};
use super::privileges::is_granted;
use super::{Gathering, Place, alter_type, columns, create};
use crate::migration::{Key, relation_name, strings};

pub(super) fn alter_table(alter: &AlterTableStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    let Some(table) = &alter.relation else { return };
    let cmds: Vec<&AlterTableCmd> = alter
        .cmds
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::AlterTableCmd(cmd)) => Some(&**cmd),
            _ => None,
        })
        .collect();
    if matches!(
        alter.objtype(),
        ObjectType::ObjectIndex
            | ObjectType::ObjectSequence
            | ObjectType::ObjectView
            | ObjectType::ObjectType
            | ObjectType::ObjectForeignTable
    ) {
        attach_index(table, &cmds, to);
        return;
    }
    // Within one ALTER TABLE constraints are dropped first, and prove nothing any more.
    for cmd in &cmds {
        if cmd.subtype() == AlterTableType::AtDropConstraint {
            to.world.drop_constraint(&Key::of(table), &cmd.name);
        }
    }
    for cmd in &cmds {
        to.lock(table, mode(cmd));
        subcommand(table, cmd, place, to);
    }
}

/// ALTER INDEX … ATTACH PARTITION and the like lock for a moment.
fn attach_index(relation: &RangeVar, cmds: &[&AlterTableCmd], to: &mut Gathering<'_>) {
    for cmd in cmds {
        if cmd.subtype() == AlterTableType::AtSetTableSpace {
            to.lock(relation, LockMode::AccessExclusive);
            to.work(relation, WorkKind::Rewrite);
        }
    }
}

/// The lock of a subcommand, as the server's table of them says.
fn mode(cmd: &AlterTableCmd) -> LockMode {
    match cmd.subtype() {
        AlterTableType::AtValidateConstraint
        | AlterTableType::AtSetStatistics
        | AlterTableType::AtSetOptions
        | AlterTableType::AtResetOptions
        | AlterTableType::AtClusterOn
        | AlterTableType::AtDropCluster
        | AlterTableType::AtSetRelOptions
        | AlterTableType::AtResetRelOptions
        | AlterTableType::AtAttachPartition
        | AlterTableType::AtDetachPartitionFinalize => LockMode::ShareUpdateExclusive,
        AlterTableType::AtDetachPartition if is_concurrent(cmd) => LockMode::ShareUpdateExclusive,
        AlterTableType::AtEnableTrig
        | AlterTableType::AtEnableAlwaysTrig
        | AlterTableType::AtEnableReplicaTrig
        | AlterTableType::AtEnableTrigAll
        | AlterTableType::AtEnableTrigUser
        | AlterTableType::AtDisableTrig
        | AlterTableType::AtDisableTrigAll
        | AlterTableType::AtDisableTrigUser => LockMode::ShareRowExclusive,
        AlterTableType::AtAddConstraint => match added(cmd).map(Constraint::contype) {
            Some(ConstrType::ConstrForeign) => LockMode::ShareRowExclusive,
            _ => LockMode::AccessExclusive,
        },
        _ => LockMode::AccessExclusive,
    }
}

fn is_concurrent(cmd: &AlterTableCmd) -> bool {
    matches!(cmd.def.as_deref().and_then(|def| def.node.as_ref()), Some(NodeEnum::PartitionCmd(cmd)) if cmd.concurrent)
}

fn added(cmd: &AlterTableCmd) -> Option<&Constraint> {
    cmd.def.as_deref().and_then(columns::constraint)
}

fn subcommand(table: &RangeVar, cmd: &AlterTableCmd, place: &Place<'_>, to: &mut Gathering<'_>) {
    let all_triggers = [AlterTableType::AtDisableTrigAll, AlterTableType::AtEnableTrigAll];
    if all_triggers.contains(&cmd.subtype()) && !to.is_new(table) {
        super::session::denied("the triggers behind foreign keys", to);
    }
    let key = Key::of(table);
    let column = || format!("{}.{}", relation_name(table), quote_ident(&cmd.name));
    let def = cmd.def.as_deref().and_then(|def| def.node.as_ref());
    match cmd.subtype() {
        AlterTableType::AtAddColumn => {
            if let Some(NodeEnum::ColumnDef(column)) = def {
                columns::add(table, column, to);
            }
        }
        AlterTableType::AtDropColumn
            if !to.is_new(table) && !to.world.new_columns.contains(&(key.clone(), cmd.name.clone())) =>
        {
            to.lose(format!("column {}", column()));
            to.break_clients(
                format!("statements that name {}", column()),
                format!("column \"{}\" does not exist", cmd.name),
                "42703",
            );
        }
        AlterTableType::AtAlterColumnType => {
            if let Some(NodeEnum::ColumnDef(column)) = def {
                alter_type::column(table, &cmd.name, column, to);
            }
        }
        AlterTableType::AtSetNotNull => set_not_null(table, &cmd.name, place, to),
        AlterTableType::AtAddConstraint => {
            if let Some(constraint) = added(cmd) {
                add_constraint(table, constraint, to);
            }
        }
        AlterTableType::AtValidateConstraint => {
            to.work(table, WorkKind::Scan);
            to.world.validate(&key, &cmd.name);
        }
        AlterTableType::AtSetTableSpace
        | AlterTableType::AtSetLogged
        | AlterTableType::AtSetUnLogged
        | AlterTableType::AtSetAccessMethod
        | AlterTableType::AtSetExpression => to.work(table, WorkKind::Rewrite),
        AlterTableType::AtAttachPartition => attach(def, to),
        AlterTableType::AtDetachPartition => {
            if is_concurrent(cmd) && to.world.major < 14 {
                to.fail("42601", "DETACH PARTITION CONCURRENTLY comes with PostgreSQL 14");
            }
            if is_concurrent(cmd) {
                to.fail_in_block(
                    place,
                    "ALTER TABLE ... DETACH CONCURRENTLY cannot run inside a transaction block",
                );
            }
            if let Some(NodeEnum::PartitionCmd(partition)) = def
                && let Some(partition) = &partition.name
            {
                to.lock(partition, LockMode::AccessExclusive);
                if !to.is_new(partition) {
                    to.break_clients(
                        format!("SELECT … FROM {}", relation_name(table)),
                        format!("the rows of {} are not found any more", relation_name(partition)),
                        "02000",
                    );
                }
            }
        }
        AlterTableType::AtEnableRowSecurity if !to.is_new(table) && !is_open(&key, place, to) => {
            to.break_clients(
                format!("SELECT … FROM {0}, INSERT INTO {0}", relation_name(table)),
                "row-level security hides the rows, and refuses those, that no policy lets through",
                "42501",
            );
        }
        // A column with an identity takes no NULL. IF EXISTS says that there may be none.
        AlterTableType::AtColumnDefault | AlterTableType::AtDropIdentity
            if cmd.def.is_none()
                && !cmd.missing_ok
                && !to.is_new(table)
                && needs_a_default(&key, &cmd.name, place, to) =>
        {
            to.break_clients(
                format!(
                    "INSERT INTO {} without {}",
                    relation_name(table),
                    quote_ident(&cmd.name)
                ),
                format!(
                    "null value in column \"{}\" violates not-null constraint, unless the column takes NULL",
                    cmd.name
                ),
                "23502",
            );
        }
        AlterTableType::AtColumnDefault if !to.is_new(table) => {
            if let Some(sequence) = cmd
                .def
                .as_deref()
                .and_then(|value| hidden_sequence(value, place, to))
            {
                to.break_clients(
                    format!(
                        "INSERT INTO {} by a role that does not own the sequence",
                        relation_name(table)
                    ),
                    format!("permission denied for sequence {sequence}"),
                    "42501",
                );
            }
        }
        AlterTableType::AtDropConstraint
            if is_arbiter(&cmd.name) && !to.is_new(table) && !comes_back(&key, place) =>
        {
            to.break_clients(
                format!("INSERT INTO {} … ON CONFLICT", relation_name(table)),
                "there is no unique or exclusion constraint matching the ON CONFLICT specification",
                "42P10",
            );
        }
        _ => {}
    }
}

/// Whether a column whose default is dropped may need one: not where the script gives it another,
/// or lets it be NULL, or added it without NOT NULL.
fn needs_a_default(table: &Key, column: &str, place: &Place<'_>, to: &Gathering<'_>) -> bool {
    if to.world.nullable.contains(&(table.clone(), column.to_owned())) {
        return false;
    }
    !later_commands(table, place).any(|cmd| {
        cmd.name == column
            && match cmd.subtype() {
                AlterTableType::AtColumnDefault => cmd.def.is_some(),
                AlterTableType::AtAddIdentity
                | AlterTableType::AtDropNotNull
                | AlterTableType::AtDropColumn => true,
                _ => false,
            }
    })
}

/// Whether a constraint is a primary key or a UNIQUE, going by the name that the server gives it.
fn is_arbiter(constraint: &str) -> bool {
    constraint.ends_with("_pkey") || constraint.ends_with("_key")
}

/// Whether the table gets a key again.
fn comes_back(table: &Key, place: &Place<'_>) -> bool {
    later_commands(table, place).any(|cmd| {
        cmd.subtype() == AlterTableType::AtAddConstraint
            && added(cmd).is_some_and(|constraint| {
                matches!(
                    constraint.contype(),
                    ConstrType::ConstrPrimary | ConstrType::ConstrUnique
                )
            })
    })
}

/// The subcommands of later ALTER TABLEs of the same table.
fn later_commands<'p>(table: &'p Key, place: &'p Place<'_>) -> impl Iterator<Item = &'p AlterTableCmd> {
    place
        .later
        .about(table)
        .filter_map(|(_, node)| match node {
            NodeEnum::AlterTableStmt(alter) => Some(alter),
            _ => None,
        })
        .filter(|alter| {
            alter
                .relation
                .as_ref()
                .is_some_and(|relation| Key::of(relation) == *table)
        })
        .flat_map(|alter| &alter.cmds)
        .filter_map(|node| match &node.node {
            Some(NodeEnum::AlterTableCmd(cmd)) => Some(&**cmd),
            _ => None,
        })
}

/// Whether policies of the script let every row through, whatever is done with it: made before, or
/// later in the script.
fn is_open(table: &Key, place: &Place<'_>, to: &Gathering<'_>) -> bool {
    let before = to.world.policies.iter().filter(|(on, _)| on == table);
    let mut open: HashSet<&str> = before
        .flat_map(|(_, commands)| commands.iter().copied())
        .collect();
    for (_, node) in place.later.about(table) {
        if let NodeEnum::CreatePolicyStmt(policy) = node {
            open.extend(create::lets_through(policy));
        }
    }
    open.len() == 4
}

/// The new sequence that a default takes its numbers from, where nobody but its owner may.
fn hidden_sequence(default: &Node, place: &Place<'_>, to: &Gathering<'_>) -> Option<String> {
    let Some(NodeEnum::FuncCall(call)) = &default.node else {
        return None;
    };
    let is_nextval = strings(&call.funcname)
        .last()
        .is_some_and(|name| name == "nextval");
    let name = call.args.first().and_then(constant_text).filter(|_| is_nextval)?;
    let parts: Vec<String> = name
        .split('.')
        .map(|part| part.trim_matches('"').to_owned())
        .collect();
    let key = Key::of_parts(&parts);
    (to.world.is_new(&key) && !is_granted(&key, place, to)).then_some(name)
}

fn set_not_null(table: &RangeVar, column: &str, place: &Place<'_>, to: &mut Gathering<'_>) {
    let key = Key::of(table);
    if to.world.is_proven_not_null(&key, column) || last_of_a_plan(&key, place) {
        return;
    }
    if to.world.new_columns.contains(&(key, column.to_owned())) {
        to.unsure("The column was added without a value; rows without one make it fail.");
    }
    to.work(table, WorkKind::Scan);
}

/// Whether the next statement drops a CHECK of the table: the last step of a plan whose CHECK was
/// validated by an earlier file.
fn last_of_a_plan(table: &Key, place: &Place<'_>) -> bool {
    place.later.next(2).any(|node| {
        let NodeEnum::AlterTableStmt(alter) = node else {
            return false;
        };
        alter.relation.as_ref().is_some_and(|relation| Key::of(relation) == *table)
            && alter.cmds.iter().any(|cmd| {
                matches!(&cmd.node, Some(NodeEnum::AlterTableCmd(cmd)) if cmd.subtype() == AlterTableType::AtDropConstraint)
            })
    })
}

fn add_constraint(table: &RangeVar, constraint: &Constraint, to: &mut Gathering<'_>) {
    let key = Key::of(table);
    match constraint.contype() {
        ConstrType::ConstrCheck => {
            for column in constraint
                .raw_expr
                .as_deref()
                .map(proven_not_null)
                .unwrap_or_default()
            {
                let proven = !constraint.skip_validation;
                to.world
                    .add_not_null_check(&key, &constraint.conname, column, proven);
            }
            if !constraint.skip_validation {
                to.work(table, WorkKind::Scan);
                to.world.checked.insert(key);
            }
        }
        ConstrType::ConstrNotnull => {
            if to.world.major < 18 {
                to.fail("42601", "NOT NULL as a table constraint comes with PostgreSQL 18");
            }
            let columns = strings(&constraint.keys);
            if !constraint.skip_validation {
                for column in &columns {
                    if !to.world.is_proven_not_null(&key, column) {
                        to.work(table, WorkKind::Scan);
                    }
                    to.world.not_null.insert((key.clone(), column.clone()));
                }
            } else {
                for column in columns {
                    to.world
                        .add_not_null_check(&key, &constraint.conname, column, false);
                }
            }
        }
        ConstrType::ConstrForeign => {
            if let Some(referenced) = &constraint.pktable {
                to.lock(referenced, LockMode::ShareRowExclusive);
                let adopted = to.world.validated.contains(&constraint.conname);
                if !constraint.skip_validation && !adopted && !to.is_new(table) {
                    to.work(table, WorkKind::Scan);
                    to.work(referenced, WorkKind::Scan);
                }
            }
        }
        // The index is there already.
        ConstrType::ConstrUnique if !constraint.indexname.is_empty() => {}
        ConstrType::ConstrPrimary if !constraint.indexname.is_empty() => {
            to.unsure("Columns of the index that are not NOT NULL yet are scanned.");
        }
        ConstrType::ConstrPrimary | ConstrType::ConstrUnique | ConstrType::ConstrExclusion => {
            to.work_with(
                table,
                WorkKind::IndexBuild,
                Some(constraint.conname.clone()).filter(|name| !name.is_empty()),
            );
        }
        _ => {}
    }
}

fn attach(def: Option<&NodeEnum>, to: &mut Gathering<'_>) {
    let Some(NodeEnum::PartitionCmd(partition)) = def else {
        return;
    };
    let Some(partition) = &partition.name else { return };
    to.lock(partition, LockMode::AccessExclusive);
    if !to.world.checked.contains(&Key::of(partition)) {
        to.work(partition, WorkKind::Scan);
    }
}
