use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{DropBehavior, DropStmt, IndexStmt, ObjectType};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::form::deparse;
use crate::fragment::named;
use crate::planner::parse;
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Index, Planning, Relation, Step, Undo};

/// DROP INDEX beside readers and writers.
struct DropIndex;

rewrite!(DropIndex);

#[async_trait]
impl Rewrite for DropIndex {
    fn code(&self) -> &'static str {
        "drop_index"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        dropped(form).is_some()
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let Some(drop) = dropped(form) else { return Ok(()) };
        for object in &drop.objects {
            let Some(NodeEnum::List(list)) = &object.node else { continue };
            let Some(written) = named(&list.items) else { continue };
            if planning.facts.is_created(&written) {
                planning.step(super::as_it_is::on_new_table(form, &written));
                continue;
            }
            let Some((table, index)) = find(planning, &written) else {
                if drop.missing_ok {
                    planning.note(format!("There is no index {written}: nothing is done, as the script says."));
                } else {
                    planning.refuse(format!("There is no index {written}"), None);
                }
                continue;
            };
            one(planning, &table, &index, drop.behavior == i32::from(DropBehavior::DropCascade))?;
        }
        Ok(())
    }
}

fn dropped<'f>(form: &'f Form<'_>) -> Option<&'f DropStmt> {
    match &form.node {
        NodeEnum::DropStmt(drop) if ObjectType::try_from(drop.remove_type) == Ok(ObjectType::ObjectIndex) => Some(drop),
        _ => None,
    }
}

/// The index that the script means by a name, and its table.
pub(crate) fn find(planning: &Planning<'_>, written: &RelationName) -> Option<(Relation, Index)> {
    let full = planning.qualified(written);
    planning.facts.relations.iter().find_map(|relation| {
        let same_schema = full.schema.is_none() || full.schema.as_deref() == Some(relation.schema());
        let index = same_schema.then(|| relation.index(&full.name)).flatten()?;
        Some((relation.clone(), index.clone()))
    })
}

fn one(planning: &mut Planning<'_>, relation: &Relation, index: &Index, cascade: bool) -> Result<(), ChangeError> {
    let table = relation.name();
    let name = crate::ask::beside(&table, &index.name);
    if let Some(constraint) = relation.constraints.iter().find(|constraint| constraint.index.as_deref() == Some(&index.name)) {
        let alter = proof::alter(&table, &format!("DROP CONSTRAINT {}", quote_ident(&constraint.name)));
        planning.refuse(format!("The index {name} belongs to the constraint {}", quote_ident(&constraint.name)), Some(&format!("Drop the constraint, and the index goes with it: {alter}")));
        return Ok(());
    }
    let needs: Vec<String> = relation
        .referenced_by
        .iter()
        .filter(|key| key.index.as_deref() == Some(&index.name) && !key.inherited)
        .filter_map(|key| Some(format!("{} of {}", quote_ident(&key.name), planning.facts.by_oid(key.table)?.name())))
        .collect();
    if !needs.is_empty() {
        let cascade = if cascade { ", which CASCADE would drop unseen" } else { "" };
        planning.refuse(format!("Foreign keys rely on the index {name}{cascade}: {}", needs.join(", ")), Some("Drop the foreign keys first, each by a statement of its own."));
        return Ok(());
    }
    let mut say = Vec::new();
    if index.replica_identity {
        say.push(format!("{name} is the replica identity of {table}: without it updates and deletes of a published table fail."));
    }
    if relation.kind == 'p' {
        for leaf in planning.facts.below(relation) {
            say.push(format!("The index of {} that is attached to {name} goes with it.", leaf.name()));
        }
    }
    for text in say {
        planning.note(text);
    }
    if relation.kind == 'p' {
        planning.step(
            Step::transaction(format!("Drop the index {name} and those of the partitions"), vec![format!("DROP INDEX {name}")])
                .reason("The index of a partitioned table cannot be dropped concurrently; dropping is done in a moment, once all partitions are locked.")
                .proof(format!("{} IS NULL", proof::regclass(&name)))
                .locks(&table, LockMode::AccessExclusive)
                .undo(Undo::Impossible { reason: format!("build it again by a change of its own: {}", index.definition) })
                .estimate(Estimate::moment()),
        );
    } else {
        let rebuild = concurrently(&index.definition, true, index.tablespace.as_deref())?;
        let kept = beside_the_definition(&table, &name, index);
        if !kept.is_empty() {
            // Undone last, once the index is built again.
            planning.step(
                Step::verify(
                    format!("Keep what is said of {name} beside its definition"),
                    format!("SELECT 1 - count(*) FROM pg_catalog.pg_class WHERE oid = {}", proof::regclass(&name)),
                    "The index is gone meanwhile",
                )
                .reason("Its comment, its statistics targets and whether CLUSTER goes by it are no part of a definition.")
                .undo(Undo::Transaction { lock: Vec::new(), statements: kept }),
            );
        }
        // Its undo comes after that of the drop, which finishes the drop: a half dropped index is never taken for a whole one.
        planning.step(
            Step::verify(
                format!("Look whether a constraint relies on {name}"),
                format!("SELECT count(*) FROM pg_catalog.pg_constraint WHERE conindid = {}", proof::regclass(&name)),
                "A constraint relies on the index meanwhile",
            )
            .reason("Its definition is kept here: a rollback builds it again.")
            .undo(Undo::Autocommit { sql: rebuild }),
        );
        planning.step(
            Step::autocommit(format!("Drop the index {name}"), proof::drop_index(&name))
                .reason("DROP INDEX waits for everybody on the table, and everybody else for it; CONCURRENTLY lets clients go on.")
                .proof(format!("{} IS NULL", proof::regclass(&name)))
                .undo(Undo::Autocommit { sql: proof::drop_index(&name) })
                .holds(&table, LockMode::ShareUpdateExclusive)
                .estimate(Estimate::moment()),
        );
    }
    planning.gone.names.push(name);
    if let Some(relation) = planning.facts.relation_mut(&table) {
        relation.indexes.retain(|other| other.name != index.name);
    }
    Ok(())
}

/// What is to be said of an index after it was built.
fn beside_the_definition(table: &RelationName, name: &RelationName, index: &Index) -> Vec<String> {
    let comment = index.comment.as_ref().map(|text| format!("COMMENT ON INDEX {name} IS {}", quote_literal(text)));
    let cluster = index.clustered.then(|| proof::alter(table, &format!("CLUSTER ON {}", quote_ident(&index.name))));
    let targets = index.statistics.iter().map(|one| format!("ALTER INDEX {name} ALTER COLUMN {} SET STATISTICS {}", one.position, one.target));
    comment.into_iter().chain(cluster).chain(targets).collect()
}

/// `CREATE INDEX CONCURRENTLY …` from what the server says of an index.
pub(super) fn concurrently(definition: &str, if_not_exists: bool, tablespace: Option<&str>) -> Result<String, ChangeError> {
    let script = parse(definition)?;
    match script.statements.first().map(|statement| statement.node()) {
        Some(NodeEnum::IndexStmt(statement)) => deparse(&NodeEnum::IndexStmt(Box::new(IndexStmt {
            concurrent: true,
            if_not_exists,
            table_space: tablespace.unwrap_or_default().to_owned(),
            ..(**statement).clone()
        }))),
        _ => Ok(definition.to_owned()),
    }
}
