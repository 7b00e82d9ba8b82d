use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::a_const::Val;
use howdah_sql::pg_query::protobuf::{AlterTableCmd, AlterTableType, ConstrType, Node, ObjectType};
use howdah_sql::{RelationName, quote_ident};

use crate::fragment::expression;
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Column, Form, Planning, Relation, Undo};

/// Subcommands of ALTER TABLE that are done in a moment, whatever the table's size.
struct AlterTable;

rewrite!(AlterTable);

#[async_trait]
impl Rewrite for AlterTable {
    fn code(&self) -> &'static str {
        "alter_table"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        form.alter().is_some_and(|(_, subtype, cmd)| lock(subtype, cmd).is_some())
    }

    fn rank(&self) -> i32 {
        -1
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((alter, subtype, cmd)), Some(written)) = (form.alter(), form.altered()) else {
            return Ok(());
        };
        let Some(mode) = lock(subtype, cmd) else { return Ok(()) };
        if planning.facts.is_created(&written) {
            planning.step(super::as_it_is::on_new_table(form, &written));
            return Ok(());
        }
        let found = planning.facts.relation(&written).cloned();
        let Some(relation) = found else {
            if planning.is_made(&written) {
                super::as_it_is::direct(form, planning, None, "Only the catalog is written, of what the script made.");
            } else {
                planning.refuse(format!("{written} does not exist"), None);
            }
            return Ok(());
        };
        let table = relation.name();
        let reason = "Only the catalog is written: its lock is asked for briefly, again and again, so that nobody queues behind it.";
        let undo = undo(&relation, subtype, cmd);
        let is_table = ObjectType::try_from(alter.objtype) == Ok(ObjectType::ObjectTable) && matches!(relation.kind, 'r' | 'p');
        let mut step = super::as_it_is::in_a_moment(form, None, reason);
        let (what, joint) = words(form).unwrap_or((form.kind.name().to_owned(), "of"));
        step.title = format!("{what} {joint} {table}");
        if is_table {
            step = step.locks(&table, mode);
        } else {
            step = step.holds(&table, mode);
        }
        let undo = match undo {
            Some(statement) => Undo::Transaction {
                lock: match &step.action {
                    crate::Action::Transaction { lock, .. } => lock.clone(),
                    _ => Vec::new(),
                },
                statements: vec![statement],
            },
            None => Undo::Impossible { reason: impossible(&relation, subtype, cmd) },
        };
        if subtype == AlterTableType::AtEnableRowSecurity && relation.policies.is_empty() {
            planning.note(format!("{table} has no policy: with row-level security every role but its owner sees no row, and writes none."));
        }
        planning.step(step.undo(undo));
        record(planning, &relation, subtype, cmd)
    }
}

/// The lock that a subcommand takes for a moment; `None` where its work may grow with the table,
/// or where another rewrite knows it better.
fn lock(subtype: AlterTableType, cmd: &AlterTableCmd) -> Option<LockMode> {
    use AlterTableType::*;
    Some(match subtype {
        AtColumnDefault | AtDropNotNull | AtDropExpression | AtSetStorage | AtSetCompression | AtAlterConstraint
        | AtChangeOwner | AtEnableRule | AtEnableAlwaysRule | AtEnableReplicaRule | AtDisableRule | AtAddInherit
        | AtDropInherit | AtAddOf | AtDropOf | AtReplicaIdentity | AtEnableRowSecurity | AtDisableRowSecurity
        | AtForceRowSecurity | AtNoForceRowSecurity | AtGenericOptions | AtAlterColumnGenericOptions
        | AtAddIdentity | AtSetIdentity | AtDropIdentity | AtDropOids => LockMode::AccessExclusive,
        // An attached index of a partition.
        AtAttachPartition if cmd.def.as_ref().is_some_and(|def| is_index_attach(def)) => LockMode::AccessExclusive,
        AtSetStatistics | AtSetOptions | AtResetOptions | AtSetRelOptions | AtResetRelOptions | AtClusterOn
        | AtDropCluster => LockMode::ShareUpdateExclusive,
        AtEnableTrig | AtEnableAlwaysTrig | AtEnableReplicaTrig | AtDisableTrig | AtEnableTrigAll | AtDisableTrigAll
        | AtEnableTrigUser | AtDisableTrigUser => LockMode::ShareRowExclusive,
        _ => return None,
    })
}

fn is_index_attach(def: &Node) -> bool {
    matches!(&def.node, Some(NodeEnum::PartitionCmd(cmd)) if cmd.bound.is_none())
}

/// What a subcommand does, and the word between that and the table.
pub(super) fn words(form: &Form<'_>) -> Option<(String, &'static str)> {
    use AlterTableType::*;
    let (_, subtype, cmd) = form.alter()?;
    let name = quote_ident(&cmd.name);
    Some(match subtype {
        AtAddColumn => match cmd.def.as_ref().and_then(|def| def.node.as_ref()) {
            Some(NodeEnum::ColumnDef(column)) => (format!("Add the column {}", quote_ident(&column.colname)), "to"),
            _ => ("Add a column".to_owned(), "to"),
        },
        AtColumnDefault if cmd.def.is_some() => (format!("Set the default of {name}"), "of"),
        AtColumnDefault => (format!("Drop the default of {name}"), "of"),
        AtSetNotNull => (format!("Set {name} NOT NULL"), "of"),
        AtDropNotNull => (format!("Let {name} be NULL"), "in"),
        AtDropExpression => (format!("Make {name} an ordinary column"), "of"),
        AtSetStatistics => (format!("Set the statistics target of {name}"), "of"),
        AtSetStorage => (format!("Set the storage of {name}"), "of"),
        AtSetCompression => (format!("Set the compression of {name}"), "of"),
        AtDropColumn => (format!("Drop the column {name}"), "of"),
        AtAddConstraint => match cmd.def.as_ref().and_then(|def| def.node.as_ref()) {
            Some(NodeEnum::Constraint(constraint)) if ConstrType::try_from(constraint.contype) == Ok(ConstrType::ConstrPrimary) => ("Add the primary key".to_owned(), "to"),
            _ => ("Add a constraint".to_owned(), "to"),
        },
        AtAlterConstraint => ("Alter a constraint".to_owned(), "of"),
        AtDropConstraint => (format!("Drop the constraint {name}"), "of"),
        AtAlterColumnType => (format!("Change the type of {name}"), "of"),
        AtChangeOwner => ("Set the owner".to_owned(), "of"),
        AtSetRelOptions | AtResetRelOptions => ("Set storage parameters".to_owned(), "of"),
        AtSetOptions | AtResetOptions => (format!("Set options of {name}"), "of"),
        AtEnableTrig | AtEnableAlwaysTrig | AtEnableReplicaTrig => (format!("Enable the trigger {name}"), "of"),
        AtDisableTrig => (format!("Disable the trigger {name}"), "of"),
        AtEnableTrigAll | AtEnableTrigUser => ("Enable the triggers".to_owned(), "of"),
        AtDisableTrigAll | AtDisableTrigUser => ("Disable the triggers".to_owned(), "of"),
        AtEnableRowSecurity | AtForceRowSecurity => ("Turn row-level security on".to_owned(), "for"),
        AtDisableRowSecurity | AtNoForceRowSecurity => ("Turn row-level security off".to_owned(), "for"),
        AtReplicaIdentity => ("Set the replica identity".to_owned(), "of"),
        AtAddIdentity => (format!("Make {name} an identity column"), "of"),
        AtSetIdentity => (format!("Alter the identity of {name}"), "of"),
        AtDropIdentity => (format!("Drop the identity of {name}"), "of"),
        AtAddInherit => ("Add a parent".to_owned(), "of"),
        AtDropInherit => ("Remove a parent".to_owned(), "of"),
        _ => ("Alter".to_owned(), "the table"),
    })
}

/// What brings the old state back.
fn undo(relation: &Relation, subtype: AlterTableType, cmd: &AlterTableCmd) -> Option<String> {
    use AlterTableType::*;
    let table = relation.name();
    let column = relation.column(&cmd.name);
    let quoted = quote_ident(&cmd.name);
    let what = match subtype {
        AtColumnDefault => match &column?.default {
            Some(default) => format!("ALTER COLUMN {quoted} SET DEFAULT {default}"),
            None => format!("ALTER COLUMN {quoted} DROP DEFAULT"),
        },
        AtSetStatistics => format!(
            "ALTER COLUMN {} SET STATISTICS {}",
            quote_ident(&column?.name),
            column?.statistics_target.unwrap_or(-1)
        ),
        AtSetRelOptions => {
            let old = &relation.options;
            let NodeEnum::List(list) = cmd.def.as_ref()?.node.as_ref()? else { return None };
            let names: Vec<&str> = list
                .items
                .iter()
                .filter_map(|item| match &item.node {
                    Some(NodeEnum::DefElem(option)) if option.defnamespace.is_empty() => Some(option.defname.as_str()),
                    _ => None,
                })
                .collect();
            if names.len() != list.items.len() {
                return None;
            }
            return Some(restored_options(&table, &names, old));
        }
        AtEnableRowSecurity if !relation.row_security => "DISABLE ROW LEVEL SECURITY".to_owned(),
        AtDisableRowSecurity if relation.row_security => "ENABLE ROW LEVEL SECURITY".to_owned(),
        AtForceRowSecurity if !relation.force_row_security => "NO FORCE ROW LEVEL SECURITY".to_owned(),
        AtNoForceRowSecurity if relation.force_row_security => "FORCE ROW LEVEL SECURITY".to_owned(),
        AtChangeOwner => format!("OWNER TO {}", quote_ident(&relation.owner)),
        AtEnableTrig | AtEnableAlwaysTrig | AtEnableReplicaTrig | AtDisableTrig => {
            let trigger = relation.triggers.iter().find(|trigger| trigger.name == cmd.name)?;
            let state = match trigger.enabled {
                'A' => "ENABLE ALWAYS",
                'R' => "ENABLE REPLICA",
                'D' => "DISABLE",
                _ => "ENABLE",
            };
            format!("{state} TRIGGER {quoted}")
        }
        AtAddIdentity => format!("ALTER COLUMN {quoted} DROP IDENTITY IF EXISTS"),
        _ => return None,
    };
    Some(proof::alter(&table, &what))
}

/// Options that were set are set again; those that were not are reset.
fn restored_options(table: &RelationName, names: &[&str], old: &[String]) -> String {
    let parts: Vec<String> = names
        .iter()
        .map(|name| {
            let before = old.iter().find_map(|option| option.strip_prefix(&format!("{name}=")));
            match before {
                Some(value) => format!("SET ({} = {})", quote_ident(name), howdah_sql::quote_literal(value)),
                None => format!("RESET ({})", quote_ident(name)),
            }
        })
        .collect();
    proof::alter(table, &parts.join(", "))
}

fn impossible(relation: &Relation, subtype: AlterTableType, cmd: &AlterTableCmd) -> String {
    match subtype {
        AlterTableType::AtDropNotNull => format!(
            "rows may be NULL there meanwhile; NOT NULL comes back by a change of its own: ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
            relation.name(),
            quote_ident(&cmd.name)
        ),
        _ => format!("it is taken back by an ALTER TABLE {} of your own", relation.name()),
    }
}

/// What the subcommand makes of the column or the trigger, for the statements that follow.
fn record(planning: &mut Planning<'_>, relation: &Relation, subtype: AlterTableType, cmd: &AlterTableCmd) -> Result<(), ChangeError> {
    use AlterTableType::*;
    let name = cmd.name.clone();
    match subtype {
        AtSetStatistics | AtSetStorage | AtSetCompression | AtSetOptions | AtResetOptions | AtAddIdentity | AtSetIdentity => {
            planning.changes(relation.oid, Some(&name));
        }
        AtAlterConstraint | AtReplicaIdentity | AtClusterOn => planning.changes(relation.oid, None),
        _ => {}
    }
    let default = match (subtype, &cmd.def) {
        (AtColumnDefault, Some(tree)) => relation.column(&name).map(|column| default_of(tree, column)).transpose()?,
        _ => None,
    };
    // A new default that calls something may need what the old one needed.
    if subtype == AtColumnDefault && default.as_ref().is_none_or(|default| !default.contains('(')) {
        let family = planning.facts.family(relation);
        let columns = family.iter().filter_map(|member| Some((member.oid, member.column(&name)?.attnum)));
        let columns: Vec<(u32, i16)> = columns.collect();
        planning.gone.defaults.extend(columns);
    }
    let column = |change: &dyn Fn(&mut Column), member: &mut Relation| {
        member.columns.iter_mut().filter(|column| column.name == name).for_each(change);
    };
    let state = match subtype {
        AtEnableTrig => Some('O'),
        AtEnableAlwaysTrig => Some('A'),
        AtEnableReplicaTrig => Some('R'),
        AtDisableTrig => Some('D'),
        _ => None,
    };
    planning.facts.record(relation.oid, |member| match subtype {
        AtDropNotNull => {
            column(&|column| column.not_null = false, member);
            member.constraints.retain(|other| !(other.kind == 'n' && other.columns == [name.as_str()]));
        }
        AtColumnDefault => column(&|column| column.default = default.clone(), member),
        AtDropExpression => column(
            &|column| {
                column.generated = String::new();
                column.expression = None;
            },
            member,
        ),
        AtDropIdentity => column(
            &|column| {
                column.identity = String::new();
                column.sequence = None;
            },
            member,
        ),
        _ => {
            let triggers = member.triggers.iter_mut().filter(|trigger| trigger.name == name);
            triggers.zip(state.into_iter().cycle()).for_each(|(trigger, state)| trigger.enabled = state);
        }
    });
    Ok(())
}

/// A default as the server would print it once it is set: a bare literal is of the column's type.
pub(super) fn default_of(tree: &Node, column: &Column) -> Result<String, ChangeError> {
    let text = expression(tree)?;
    Ok(match &tree.node {
        Some(NodeEnum::AConst(literal)) if matches!(literal.val, Some(Val::Sval(_))) => format!("{text}::{}", column.type_name),
        _ => text,
    })
}
