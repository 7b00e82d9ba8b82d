use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{DropBehavior, Node, ObjectType};

use crate::fragment::{named, strings, type_text};
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Phase, Planning, Step, Undo};

/// DROP TABLE and all other DROPs but that of an index.
struct DropObject;

rewrite!(DropObject);

#[async_trait]
impl Rewrite for DropObject {
    fn code(&self) -> &'static str {
        "drop_object"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(&form.node, NodeEnum::DropStmt(drop) if ObjectType::try_from(drop.remove_type) != Ok(ObjectType::ObjectIndex))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::DropStmt(drop) = &form.node else { return Ok(()) };
        let kind = ObjectType::try_from(drop.remove_type).unwrap_or(ObjectType::Undefined);
        let cascade = drop.behavior == i32::from(DropBehavior::DropCascade);
        let mut step = Step::transaction(form.kind.name(), vec![form.sql.clone()])
            .reason("Dropping only writes the catalog: its lock is asked for briefly, again and again.")
            .phase(Phase::Swap)
            .estimate(Estimate::moment());
        let mut proofs = Vec::new();
        let mut names = Vec::new();
        let mut dropped = Vec::new();
        let mut others = Vec::new();
        for object in &drop.objects {
            let Some(name) = object_name(object, kind) else { continue };
            names.push(name.to_string());
            if planning.facts.is_created(&name) {
                planning.facts.created.retain(|created| *created != name);
                continue;
            }
            let (class, full) = match kind {
                ObjectType::ObjectTable
                | ObjectType::ObjectView
                | ObjectType::ObjectMatview
                | ObjectType::ObjectSequence
                | ObjectType::ObjectForeignTable => {
                    let Some(relation) = planning.facts.relation(&name).cloned() else {
                        if !drop.missing_ok {
                            planning.refuse(format!("{name} does not exist"), None);
                            return Ok(());
                        }
                        planning.note(format!("{name} does not exist: nothing is dropped, as the script says."));
                        continue;
                    };
                    let table = relation.name();
                    if matches!(relation.kind, 'r' | 'p') {
                        step = step.locks(&table, LockMode::AccessExclusive);
                        // A foreign key takes its triggers off the table that it refers to.
                        let referenced: Vec<RelationName> = relation
                            .constraints
                            .iter()
                            .filter_map(|constraint| planning.facts.by_oid(constraint.references?))
                            .map(|other| other.name())
                            .filter(|other| *other != table)
                            .collect();
                        for other in referenced {
                            step = step.locks(&other, LockMode::AccessExclusive);
                        }
                        usage(planning, &table).await?;
                    } else {
                        step = step.holds(&table, LockMode::AccessExclusive);
                    }
                    proofs.push(format!("{} IS NULL", proof::regclass(&table)));
                    dropped.push(relation.oid);
                    ("pg_class", table.to_string())
                }
                ObjectType::ObjectType | ObjectType::ObjectDomain => {
                    let oid = planning.ask("SELECT to_regtype($1)::oid", &[Some(&name.to_string())]).await?;
                    others.extend(oid.and_then(|oid| oid.parse::<u32>().ok()));
                    ("pg_type", name.to_string())
                }
                ObjectType::ObjectFunction | ObjectType::ObjectProcedure | ObjectType::ObjectRoutine => {
                    others.extend(function(object, &name, planning).await?);
                    continue;
                }
                ObjectType::ObjectSchema => ("pg_namespace", howdah_sql::quote_ident(&name.name)),
                ObjectType::ObjectTrigger | ObjectType::ObjectPolicy => {
                    of_a_table(object, kind, planning);
                    continue;
                }
                _ => continue,
            };
            let listed: Vec<String> = drop.objects.iter().filter_map(|object| object_name(object, kind)).map(|name| name.name).collect();
            let dependents: Vec<String> = planning
                .dependents(class, &full, None)
                .await?
                .into_iter()
                .filter(|line| !listed.iter().any(|name| line.ends_with(&format!(" {name}"))))
                .collect();
            if !dependents.is_empty() && cascade {
                planning.note(format!("CASCADE drops with {full}: {}.", dependents.join(", ")));
            } else if !dependents.is_empty() {
                planning.refuse(
                    format!("{full} is needed by: {}", dependents.join(", ")),
                    Some("Drop or change these first, each by a statement of its own."),
                );
            }
        }
        for oid in dropped {
            planning.drops(oid, cascade).await?;
        }
        planning.gone.objects.extend(others);
        // A column that had the type before may stay until what a rollback needs is removed.
        if matches!(kind, ObjectType::ObjectType | ObjectType::ObjectDomain) && planning.retires() {
            step = step.phase(Phase::Contract);
        }
        step.title = format!("{} {}", form.kind.name(), names.join(", "));
        if !proofs.is_empty() {
            step = step.proof(proofs.join(" AND "));
        }
        planning.step(step.undo(Undo::Impossible {
            reason: "what is dropped comes back from a backup only".to_owned(),
        }));
        Ok(())
    }
}

/// The OID of a function that the script drops.
async fn function(object: &Node, name: &RelationName, planning: &mut Planning<'_>) -> Result<Option<u32>, ChangeError> {
    let Some(NodeEnum::ObjectWithArgs(object)) = &object.node else { return Ok(None) };
    let types = object.objargs.iter().filter_map(|argument| match &argument.node {
        Some(NodeEnum::TypeName(argument)) => Some(type_text(argument)),
        _ => None,
    });
    let types: Vec<String> = types.collect::<Result<_, _>>()?;
    let (asks, written) = match object.args_unspecified {
        true => ("to_regproc", name.to_string()),
        false => ("to_regprocedure", format!("{name}({})", types.join(", "))),
    };
    let oid = planning.ask(&format!("SELECT {asks}($1)::oid"), &[Some(&written)]).await?;
    Ok(oid.and_then(|oid| oid.parse().ok()))
}

/// A trigger or a policy that is dropped hangs on its table no more.
fn of_a_table(object: &Node, kind: ObjectType, planning: &mut Planning<'_>) {
    let Some(NodeEnum::List(list)) = &object.node else { return };
    let Some((name, table)) = list.items.split_last() else { return };
    let (Some(name), Some(table)) = (strings(std::slice::from_ref(name)).pop(), named(table)) else { return };
    let Some(relation) = planning.facts.relation_mut(&table) else { return };
    let what = if kind == ObjectType::ObjectTrigger { "trigger" } else { "policy" };
    let described = format!("{what} {name} on ");
    relation.dependents.retain(|other| other.what != what || !other.name.starts_with(&described));
    match kind {
        ObjectType::ObjectTrigger => relation.triggers.retain(|other| other.name != name),
        _ => relation.policies.retain(|other| other.name != name),
    }
}

fn object_name(object: &Node, kind: ObjectType) -> Option<RelationName> {
    match object.node.as_ref()? {
        NodeEnum::List(list) => named(&list.items),
        NodeEnum::TypeName(name) => named(&name.names),
        NodeEnum::ObjectWithArgs(object) => named(&object.objname),
        NodeEnum::String(_) => strings(std::slice::from_ref(object)).pop().map(RelationName::new),
        _ => None,
    }
    .filter(|_| kind != ObjectType::Undefined)
}

/// Who used a table lately, for a person to think about; and how to hide it first.
pub(super) async fn usage(planning: &mut Planning<'_>, table: &RelationName) -> Result<(), ChangeError> {
    let last = if planning.facts.server.major() >= 16 {
        "greatest(last_seq_scan, last_idx_scan)::timestamptz(0)::text"
    } else {
        "NULL::text"
    };
    let sql = format!(
        "SELECT format('since %s it was scanned %s times%s, and %s rows were written', \
         (SELECT coalesce(stats_reset::timestamptz(0)::text, 'the statistics began') FROM pg_catalog.pg_stat_database WHERE datname = current_database()), \
         seq_scan + coalesce(idx_scan, 0), coalesce(', last at ' || {last}, ''), n_tup_ins + n_tup_upd + n_tup_del) \
         FROM pg_catalog.pg_stat_all_tables WHERE relid = to_regclass($1) AND seq_scan + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del > 0"
    );
    if let Some(used) = planning.ask(&sql, &[Some(&table.to_string())]).await? {
        planning.note(format!(
            "{table} is in use: {used}. To see first whether anybody misses it, rename it and drop it later: renaming can be undone."
        ));
    }
    Ok(())
}
