use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, IndexStmt, PartitionBoundSpec, PartitionCmd};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::blocking::scanned;
use crate::form::{deparse, relation_name};
use crate::fragment::{dollar_quoted, range};
use crate::names::derived_name;
use crate::partition_bound::condition;
use crate::planner::parse;
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Phase, Planning, Relation, Step, Undo};

/// ATTACH PARTITION without a scan under a lock.
struct AttachPartition;

rewrite!(AttachPartition);

#[async_trait]
impl Rewrite for AttachPartition {
    fn code(&self) -> &'static str {
        "attach_partition"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        attached(form).is_some()
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((cmd, bound)), Some(written)) = (attached(form), form.altered()) else { return Ok(()) };
        let Some(child_written) = cmd.name.as_ref().map(relation_name) else { return Ok(()) };
        let Some(parent) = planning.facts.relation(&written).cloned().filter(|parent| parent.kind == 'p') else {
            planning.refuse(format!("{written} is no partitioned table"), None);
            return Ok(());
        };
        let table = parent.name();
        if planning.facts.is_created(&child_written) {
            // New and empty: only the DEFAULT partition has to be kept from being scanned.
            let check = exclude(planning, &parent, bound).await?;
            let Some(check) = check else { return Ok(()) };
            let child = planning.qualified(&child_written);
            planning.step(attach(&parent, &child, bound, &check)?);
            drop_checks(planning, check);
            return Ok(());
        }
        let Some(child) = planning.facts.relation(&child_written).cloned() else {
            planning.refuse(format!("The table {child_written} does not exist"), None);
            return Ok(());
        };
        let name = child.name();
        if !child.parents.is_empty() {
            planning.refuse(format!("{name} is a partition or a child already"), None);
            return Ok(());
        }
        if !alike(planning, &parent, &child) {
            return Ok(());
        }
        let mut checks = Vec::new();
        // Rows that are gone are read past too.
        if planning.facts.family_bytes(&child) > 0 || planning.has_rows(&name).await? {
            match condition(planning, &parent, bound).await? {
                Ok(condition) => {
                    let constraint = derived_name("partition", &name.name);
                    planning.also(&proof::alter(&name, &format!("ADD CONSTRAINT {} CHECK ({condition})", quote_ident(&constraint)))).await?;
                    checks.push((name.clone(), constraint));
                }
                Err(why) => {
                    planning.refuse(
                        format!("{name} would be read while nobody may write {table}, and no CHECK can spare that: {why}"),
                        Some(&format!("The least bad way: attach it in a quiet hour; {name} cannot be used for about {}.", scanned(planning.facts.family_bytes(&child)))),
                    );
                    return Ok(());
                }
            }
        }
        for column in parent.columns.iter().filter(|column| column.not_null) {
            if !child.is_never_null(&column.name) {
                super::set_not_null::not_null(planning, &child, &column.name)?;
            }
        }
        indexes(planning, &parent, &child).await?;
        for key in parent.constraints.iter().filter(|constraint| constraint.kind == 'f') {
            if !child.constraints.iter().any(|own| own.kind == 'f' && own.definition == key.definition && own.validated) {
                planning.also(&proof::alter(&name, &format!("ADD CONSTRAINT {} {}", quote_ident(&key.name), key.definition))).await?;
            }
        }
        let Some(excluding) = exclude(planning, &parent, bound).await? else { return Ok(()) };
        let step = attach(&parent, &name, bound, &excluding)?;
        planning.step(step);
        checks.extend(excluding);
        drop_checks(planning, checks);
        Ok(())
    }
}

fn attached<'f>(form: &'f Form<'_>) -> Option<(&'f PartitionCmd, &'f PartitionBoundSpec)> {
    let (_, AlterTableType::AtAttachPartition, cmd) = form.alter()? else { return None };
    match cmd.def.as_ref()?.node.as_ref()? {
        NodeEnum::PartitionCmd(cmd) => Some((cmd, cmd.bound.as_ref()?)),
        _ => None,
    }
}

/// Whether the child has the columns and checks that the parent asks for.
fn alike(planning: &mut Planning<'_>, parent: &Relation, child: &Relation) -> bool {
    for column in &parent.columns {
        let own = child.column(&column.name);
        if own.is_none_or(|own| own.type_name != column.type_name || own.collation != column.collation) {
            planning.refuse(
                format!("{} has no column {} {} as {} has", child.name(), quote_ident(&column.name), column.type_name, parent.name()),
                None,
            );
            return false;
        }
    }
    if let Some(extra) = child.columns.iter().find(|column| parent.column(&column.name).is_none()) {
        planning.refuse(format!("{} has no column {}, which {} has", parent.name(), quote_ident(&extra.name), child.name()), None);
        return false;
    }
    for check in parent.constraints.iter().filter(|constraint| constraint.kind == 'c') {
        if child.constraint(&check.name).is_none_or(|own| own.definition != check.definition) {
            planning.refuse(
                format!("{} lacks the check {} of {}", child.name(), quote_ident(&check.name), parent.name()),
                Some(&format!("First: ALTER TABLE {} ADD CONSTRAINT {} {}", child.name(), quote_ident(&check.name), check.definition)),
            );
            return false;
        }
    }
    true
}

/// Builds the indexes that attaching would build under its lock.
async fn indexes(planning: &mut Planning<'_>, parent: &Relation, child: &Relation) -> Result<(), ChangeError> {
    let name = child.name();
    let plain = |definition: &str| -> Option<String> {
        let script = parse(definition).ok()?;
        let Some(NodeEnum::IndexStmt(statement)) = script.statements.first().map(|statement| statement.node()) else { return None };
        let statement = IndexStmt { idxname: String::new(), relation: Some(range(&name)), ..(**statement).clone() };
        deparse(&NodeEnum::IndexStmt(Box::new(statement))).ok()
    };
    let mut used: Vec<String> = Vec::new();
    for index in &parent.indexes {
        let constraint = parent.constraints.iter().find(|constraint| constraint.index.as_deref() == Some(&index.name));
        let wanted = plain(&index.definition);
        let own = child.indexes.iter().find(|own| {
            own.valid
                && !used.contains(&own.name)
                && plain(&own.definition) == wanted
                && (constraint.is_none() || child.constraints.iter().any(|other| other.index.as_deref() == Some(&own.name) && other.kind == constraint.map_or('u', |constraint| constraint.kind)))
        });
        if let Some(own) = own {
            used.push(own.name.clone());
        } else if let Some(constraint) = constraint {
            planning.also(&proof::alter(&name, &format!("ADD {}", constraint.definition))).await?;
        } else if let Some(wanted) = wanted {
            planning.also(&wanted).await?;
        }
    }
    Ok(())
}

/// Keeps the DEFAULT partition from being read: a CHECK that nothing of the new range is there.
/// `None` where the plan was refused.
pub(super) async fn exclude(
    planning: &mut Planning<'_>,
    parent: &Relation,
    bound: &PartitionBoundSpec,
) -> Result<Option<Vec<(RelationName, String)>>, ChangeError> {
    let default = parent
        .children
        .iter()
        .filter_map(|oid| planning.facts.by_oid(*oid))
        .find(|child| child.partition_bound.as_deref() == Some("DEFAULT"))
        .cloned();
    let Some(default) = default else { return Ok(Some(Vec::new())) };
    let name = default.name();
    if bound.is_default {
        planning.refuse(format!("{} has a DEFAULT partition already: {name}", parent.name()), None);
        return Ok(None);
    }
    if planning.facts.family_bytes(&default) == 0 && !planning.has_rows(&name).await? {
        return Ok(Some(Vec::new()));
    }
    match condition(planning, parent, bound).await? {
        Ok(condition) => {
            let constraint = derived_name("not_in", &name.name);
            planning.note(format!(
                "{name} gets a CHECK that excludes the new partition's rows: from then on until the partition is attached, such rows cannot be inserted."
            ));
            planning.also(&proof::alter(&name, &format!("ADD CONSTRAINT {} CHECK (NOT ({condition}))", quote_ident(&constraint)))).await?;
            Ok(Some(vec![(name, constraint)]))
        }
        Err(why) => {
            planning.refuse(
                format!("The DEFAULT partition {name} would be read while nobody may use it, and no CHECK can spare that: {why}"),
                Some(&format!("The least bad way: do it in a quiet hour; {name} cannot be used for about {}.", scanned(planning.facts.family_bytes(&default)))),
            );
            Ok(None)
        }
    }
}

/// The step that attaches.
pub(super) fn attach(
    parent: &Relation,
    child: &RelationName,
    bound: &PartitionBoundSpec,
    excluding: &[(RelationName, String)],
) -> Result<Step, ChangeError> {
    let table = parent.name();
    let cmd = PartitionCmd { name: Some(range(child)), bound: Some(bound.clone()), concurrent: false };
    let is_child = format!(
        "EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = {} AND inhparent = {})",
        proof::regclass(child),
        proof::regclass(&table)
    );
    let back = proof::alter(&table, &format!("DETACH PARTITION {child}"));
    let guarded = format!("DO {}", dollar_quoted(&format!("BEGIN IF {is_child} THEN EXECUTE {}; END IF; END", quote_literal(&back))));
    let mut step = Step::transaction(format!("Attach {child} to {table}"), vec![statement(&table, &cmd)?])
        .reason("What the server would look for in the rows, valid checks prove: nothing is read. Attaching lets clients read and write the table; CREATE TABLE … PARTITION OF would not.")
        .phase(Phase::Swap)
        .proof(is_child)
        .holds(&table, LockMode::ShareUpdateExclusive)
        .undo(Undo::Transaction { lock: Vec::new(), statements: vec![guarded] })
        .estimate(Estimate::moment());
    for (default, _) in excluding {
        step = step.locks(default, LockMode::AccessExclusive);
    }
    Ok(step.locks(child, LockMode::AccessExclusive))
}

fn statement(table: &RelationName, cmd: &PartitionCmd) -> Result<String, ChangeError> {
    use crate::fragment::node;
    use howdah_sql::pg_query::protobuf::{AlterTableCmd, AlterTableStmt, DropBehavior, ObjectType};
    deparse(&NodeEnum::AlterTableStmt(AlterTableStmt {
        relation: Some(range(table)),
        objtype: ObjectType::ObjectTable.into(),
        cmds: vec![node(NodeEnum::AlterTableCmd(Box::new(AlterTableCmd {
            subtype: AlterTableType::AtAttachPartition.into(),
            def: Some(Box::new(node(NodeEnum::PartitionCmd(cmd.clone())))),
            behavior: DropBehavior::DropRestrict.into(),
            ..AlterTableCmd::default()
        })))],
        ..AlterTableStmt::default()
    }))
}

/// Drops the checks that only had to prove something.
pub(super) fn drop_checks(planning: &mut Planning<'_>, checks: Vec<(RelationName, String)>) {
    for (table, constraint) in checks {
        planning.step(
            Step::transaction(
                format!("Drop {} of {table}", quote_ident(&constraint)),
                vec![proof::drop_constraint(&table, &constraint)],
            )
            .reason("It has proved what it had to.")
            .phase(Phase::Swap)
            .proof(format!("NOT {}", proof::constraint(&table, &constraint, 'c', false)))
            .locks(&table, LockMode::AccessExclusive)
            .undo(Undo::Nothing)
            .estimate(Estimate::moment()),
        );
        if let Some(relation) = planning.facts.relation_mut(&table) {
            relation.constraints.retain(|other| other.name != constraint);
        }
    }
}
