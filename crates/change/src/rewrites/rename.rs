use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{ObjectType, RenameStmt};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::ask::beside;
use crate::form::{deparse, relation_name};
use crate::fragment::{dollar_quoted, strings};
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Phase, Planning, Relation, Step, Undo};

/// RENAME and SET SCHEMA: of a table with a view under the old name, of the rest as it is.
struct Rename;

rewrite!(Rename);

#[async_trait]
impl Rewrite for Rename {
    fn code(&self) -> &'static str {
        "rename"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::RenameStmt(_) | NodeEnum::AlterObjectSchemaStmt(_))
    }

    /// A column of a table has a rewrite of its own.
    fn rank(&self) -> i32 {
        -1
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (kind, range, missing_ok, new) = match &form.node {
            NodeEnum::RenameStmt(rename) => (rename.rename_type(), rename.relation.as_ref(), rename.missing_ok, (None, Some(rename.newname.clone()))),
            NodeEnum::AlterObjectSchemaStmt(moved) => (moved.object_type(), moved.relation.as_ref(), moved.missing_ok, (Some(moved.newschema.clone()), None)),
            _ => return Ok(()),
        };
        let moves_relation = matches!(kind, ObjectType::ObjectTable | ObjectType::ObjectView | ObjectType::ObjectMatview);
        let (true, Some(range)) = (moves_relation, range) else {
            return other(form, planning, kind).await;
        };
        let written = relation_name(range);
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            if planning.facts.is_created(&written) {
                let name = RelationName { schema: new.0.clone().or(written.schema.clone()), name: new.1.clone().unwrap_or(written.name.clone()) };
                if new.0.is_none()
                    && let Some(step) = planning.take_vacating(&name)
                {
                    planning.step(at_once(step, vec![form.sql.clone()], &name));
                    planning.facts.created.push(name);
                    return Ok(());
                }
                planning.facts.created.push(RelationName { schema: new.0.or(written.schema), name: new.1.unwrap_or(written.name) });
                super::as_it_is::direct(form, planning, None, "The table was made by this script.");
            } else if missing_ok {
                planning.note(format!("{written} does not exist: nothing is done, as the script says."));
            } else {
                planning.refuse(format!("{written} does not exist"), None);
            }
            return Ok(());
        };
        if !matches!(relation.kind, 'r' | 'p' | 'v' | 'm' | 'f') {
            return other(form, planning, kind).await;
        }
        let old = relation.name();
        let moved = RelationName { schema: new.0.or(old.schema.clone()), name: new.1.unwrap_or(old.name.clone()) };
        table(planning, &relation, &old, &moved).await
    }
}

/// A relation gets a new name, and a view takes the old one.
async fn table(planning: &mut Planning<'_>, relation: &Relation, old: &RelationName, new: &RelationName) -> Result<(), ChangeError> {
    let what = match relation.kind {
        'v' => "VIEW",
        'm' => "MATERIALIZED VIEW",
        'f' => "FOREIGN TABLE",
        _ => "TABLE",
    };
    if planning.is_there(new).await? {
        planning.refuse(format!("{new} is there already"), None);
        return Ok(());
    }
    let major = planning.facts.server.major();
    if relation.row_security && major < 15 {
        planning.refuse(
            format!("Before PostgreSQL 15 a view under the old name would let clients past the row-level security of {old}"),
            Some("Let clients use the new name first through a view of that name, then rename in a quiet hour."),
        );
        return Ok(());
    }
    let rename = |from: &RelationName, to: &RelationName| {
        let mut statements = Vec::new();
        if from.schema != to.schema {
            statements.push(format!("ALTER {what} {from} SET SCHEMA {}", quote_ident(to.schema.as_deref().unwrap_or_default())));
        }
        if from.name != to.name {
            let now = beside(to, &from.name);
            statements.push(format!("ALTER {what} {now} RENAME TO {}", quote_ident(&to.name)));
        }
        statements
    };
    let columns: Vec<String> = relation.columns.iter().map(|column| quote_ident(&column.name)).collect();
    // As the one who asks, so that the table's own privileges and policies hold.
    let invoker = if major >= 15 { " WITH (security_invoker = true)" } else { "" };
    if let Some(step) = planning.take_vacating(new) {
        let step = at_once(step, rename(old, new), new);
        planning.step(if matches!(relation.kind, 'r' | 'p') { step.locks(old, LockMode::AccessExclusive) } else { step });
        planning.facts.resolved.retain(|_, oid| *oid != relation.oid);
        planning.facts.rename(relation.oid, new);
        planning.gone.names.push(old.clone());
        return Ok(());
    }
    if planning.is_given_later(old) {
        return plainly(planning, relation, old, new, (rename(old, new), rename(new, old))).await;
    }
    let mut statements = rename(old, new);
    statements.push(format!("CREATE VIEW {old}{invoker} AS SELECT {} FROM {new}", columns.join(", ")));
    statements.push(format!("ALTER VIEW {old} OWNER TO {}", quote_ident(&relation.owner)));
    const GRANTS: &str = include_str!("rename.grants.sql");
    let grants = planning.ask(GRANTS, &[Some(&old.to_string())]).await?.unwrap_or_default();
    statements.extend(grants.lines().map(|grant| grant.replace("{view}", &old.to_string())));
    let back: Vec<String> = std::iter::once(format!("DROP VIEW {old}")).chain(rename(new, old)).collect();
    let guarded = format!(
        "DO {}",
        dollar_quoted(&format!(
            "BEGIN IF (SELECT relkind = 'v' FROM pg_catalog.pg_class WHERE oid = {}) AND {} IS NOT NULL THEN {} END IF; END",
            proof::regclass(old),
            proof::regclass(new),
            back.iter().map(|statement| format!("EXECUTE {};", quote_literal(statement))).collect::<Vec<_>>().join(" ")
        ))
    );
    planning.note(format!(
        "Under {old} there is a view of {new} from then on: what reads and writes the old name works as before. Only TRUNCATE, COPY FROM, LOCK TABLE and foreign keys need the new name. When nobody uses the old name any more: DROP VIEW {old}"
    ));
    let mut step = Step::transaction(format!("Rename {old} to {new}, and put a view in its place"), statements)
        .reason("Renamed as it stands, every client that knows the old name fails until it is changed. The view takes the name in the same transaction.")
        .phase(Phase::Swap)
        .proof(format!("{} = {}", proof::regclass(new), quoted_oid(planning, old).await?))
        .undo(Undo::Transaction { lock: Vec::new(), statements: vec![guarded] })
        .estimate(Estimate::moment());
    step = if matches!(relation.kind, 'r' | 'p') { step.locks(old, LockMode::AccessExclusive) } else { step.holds(old, LockMode::AccessExclusive) };
    planning.step(step);
    // The rest of the script means the table by its new name.
    planning.facts.resolved.retain(|_, oid| *oid != relation.oid);
    planning.facts.created.retain(|created| created != new);
    planning.facts.rename(relation.oid, new);
    Ok(())
}

/// The step that takes a name from one relation gives it to another, so that clients always find one.
fn at_once(mut step: Step, forth: Vec<String>, name: &RelationName) -> Step {
    step.title = format!("{}, and put another in its place", step.title);
    step.reason = format!("In one transaction: clients find {name} before and after.");
    if let crate::Action::Transaction { statements, .. } = &mut step.action {
        statements.extend(forth);
    }
    step.undo(crate::planner::another_has_the_name(name))
}

/// The script itself gives the old name to something else: no view takes it.
async fn plainly(
    planning: &mut Planning<'_>,
    relation: &Relation,
    old: &RelationName,
    new: &RelationName,
    (forth, back): (Vec<String>, Vec<String>),
) -> Result<(), ChangeError> {
    planning.note(format!("From the step that renames {old} until the script gives that name to something else, clients that use it fail."));
    let step = Step::transaction(format!("Rename {old} to {new}"), forth)
        .reason("A later statement of the script needs the name, so that no view can stand in for the table.")
        .phase(Phase::Swap)
        .proof(format!("{} = {}", proof::regclass(new), quoted_oid(planning, old).await?))
        .undo(Undo::Transaction { lock: Vec::new(), statements: back })
        .estimate(Estimate::moment());
    let table = matches!(relation.kind, 'r' | 'p');
    planning.step(if table { step.locks(old, LockMode::AccessExclusive) } else { step.holds(old, LockMode::AccessExclusive) });
    planning.facts.resolved.retain(|_, oid| *oid != relation.oid);
    planning.facts.created.retain(|created| created != new);
    planning.facts.rename(relation.oid, new);
    planning.gone.names.push(old.clone());
    planning.vacates(old, matches!(relation.kind, 'r' | 'p'));
    Ok(())
}

async fn quoted_oid(planning: &mut Planning<'_>, name: &RelationName) -> Result<String, ChangeError> {
    let oid = planning.ask("SELECT to_regclass($1)::oid", &[Some(&name.to_string())]).await?;
    Ok(format!("{}::oid", oid.unwrap_or_else(|| "0".to_owned())))
}

/// A constraint, an index, a trigger, a type, …: as it is.
async fn other(form: &Form<'_>, planning: &mut Planning<'_>, kind: ObjectType) -> Result<(), ChangeError> {
    let mut step = Step::transaction(form.kind.name(), vec![form.sql.clone()])
        .reason("Only the catalog is written, and no statement of a client names it.")
        .phase(Phase::Swap)
        .estimate(Estimate::moment());
    let NodeEnum::RenameStmt(rename) = &form.node else {
        planning.step(step.undo(Undo::Impossible { reason: "it is moved back by a statement of your own".to_owned() }));
        return Ok(());
    };
    let by_clients = matches!(
        kind,
        ObjectType::ObjectFunction | ObjectType::ObjectProcedure | ObjectType::ObjectRoutine | ObjectType::ObjectType
            | ObjectType::ObjectDomain | ObjectType::ObjectSchema | ObjectType::ObjectSequence | ObjectType::ObjectColumn
            | ObjectType::ObjectAttribute | ObjectType::ObjectRole | ObjectType::ObjectDatabase
    );
    if by_clients {
        planning.note(format!("Whoever still uses the old name fails once {} is done: {}", form.kind.name(), form.sql));
        step = step.reason("Only the catalog is written. Statements that name it fail until they are changed.");
    }
    let old = match kind {
        ObjectType::ObjectIndex | ObjectType::ObjectSequence => rename.relation.as_ref().map(|range| range.relname.clone()),
        ObjectType::ObjectTabconstraint | ObjectType::ObjectTrigger | ObjectType::ObjectRule | ObjectType::ObjectPolicy
        | ObjectType::ObjectColumn => Some(rename.subname.clone()),
        _ => None,
    };
    let title_new = quote_ident(&rename.newname);
    if let Some(old) = &old {
        step.title = format!("Rename {} to {title_new}", quote_ident(old));
    }
    if let Some(range) = &rename.relation
        && kind == ObjectType::ObjectTabconstraint
    {
        let name = relation_name(range);
        let table = planning.qualified(&name);
        if planning.facts.relation(&name).is_some_and(|relation| matches!(relation.kind, 'r' | 'p')) {
            step = step.locks(&table, LockMode::AccessExclusive);
        }
    }
    let back = match old {
        Some(old) => Some(deparse(&NodeEnum::RenameStmt(Box::new(reversed(rename, &old, kind))))?),
        None => object_back(rename),
    };
    let undo = match back {
        Some(back) => Undo::Transaction { lock: Vec::new(), statements: vec![back] },
        None => Undo::Impossible { reason: "it gets its old name back by a statement of your own".to_owned() },
    };
    planning.step(step.undo(undo));
    renamed(rename, planning, kind);
    Ok(())
}

/// The statements that follow find what hangs on a table by its new name.
fn renamed(rename: &RenameStmt, planning: &mut Planning<'_>, kind: ObjectType) {
    let Some(written) = rename.relation.as_ref().map(relation_name) else { return };
    let (old, new) = (rename.subname.clone(), rename.newname.clone());
    if kind == ObjectType::ObjectIndex {
        let index = planning.facts.relations.iter_mut().find(|relation| {
            let in_schema = written.schema.as_ref().is_none_or(|schema| schema == relation.schema());
            in_schema && relation.index(&written.name).is_some()
        });
        if let Some(relation) = index {
            planning.gone.names.push(beside(&relation.name(), &written.name));
            rename_index(relation, &written.name, &new);
        }
        return;
    }
    let Some(relation) = planning.facts.relation(&written) else { return };
    let oid = relation.oid;
    if kind == ObjectType::ObjectTabconstraint
        && let Some(index) = relation.constraint(&old).and_then(|constraint| constraint.index.as_ref())
    {
        planning.gone.names.push(beside(&relation.name(), index));
    }
    planning.facts.record(oid, |member| match kind {
        ObjectType::ObjectTabconstraint => {
            let index = member.constraint(&old).and_then(|constraint| constraint.index.clone());
            match index {
                Some(index) => rename_index(member, &index, &new),
                None => {
                    let same = member.constraints.iter_mut().filter(|other| other.name == old);
                    same.for_each(|constraint| constraint.name.clone_from(&new));
                }
            }
        }
        ObjectType::ObjectTrigger => {
            let same = member.triggers.iter_mut().filter(|other| other.name == old);
            same.for_each(|trigger| trigger.name.clone_from(&new));
        }
        ObjectType::ObjectPolicy => {
            let same = member.policies.iter_mut().filter(|other| other.name == old);
            same.for_each(|policy| policy.name.clone_from(&new));
        }
        _ => {}
    });
}

/// An index and the constraint that it belongs to have one name.
fn rename_index(relation: &mut Relation, old: &str, new: &str) {
    for constraint in relation.constraints.iter_mut().filter(|other| other.index.as_deref() == Some(old)) {
        new.clone_into(&mut constraint.name);
        constraint.index = Some(new.to_owned());
    }
    for index in relation.indexes.iter_mut().filter(|other| other.name == old) {
        new.clone_into(&mut index.name);
        index.definition = index.definition.replacen(&quote_ident(old), &quote_ident(new), 1);
    }
    for key in relation.referenced_by.iter_mut().filter(|key| key.index.as_deref() == Some(old)) {
        key.index = Some(new.to_owned());
    }
}

fn reversed(rename: &RenameStmt, old: &str, kind: ObjectType) -> RenameStmt {
    let mut back = rename.clone();
    back.newname = old.to_owned();
    if matches!(kind, ObjectType::ObjectIndex | ObjectType::ObjectSequence) {
        if let Some(range) = &mut back.relation {
            range.relname = rename.newname.clone();
        }
    } else {
        back.subname = rename.newname.clone();
    }
    back
}

/// `ALTER TYPE a RENAME TO b` and the like, back again.
fn object_back(rename: &RenameStmt) -> Option<String> {
    let word = match rename.rename_type() {
        ObjectType::ObjectType => "TYPE",
        ObjectType::ObjectDomain => "DOMAIN",
        ObjectType::ObjectStatisticExt => "STATISTICS",
        ObjectType::ObjectSchema => {
            return Some(format!("ALTER SCHEMA {} RENAME TO {}", quote_ident(&rename.newname), quote_ident(&rename.subname)));
        }
        _ => return None,
    };
    let NodeEnum::List(list) = rename.object.as_ref()?.node.as_ref()? else { return None };
    let parts = strings(&list.items);
    let (old, schema) = parts.split_last()?;
    let now: Vec<String> = schema.iter().chain([&rename.newname]).map(|part| quote_ident(part)).collect();
    Some(format!("ALTER {word} {} RENAME TO {}", now.join("."), quote_ident(old)))
}
