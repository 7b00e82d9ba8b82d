//! CREATE INDEX on a partitioned table: the leaves' indexes first, beside readers and writers.

use howdah_rehearse::LockMode;
use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::IndexStmt;

use crate::ask::beside;
use crate::form::deparse;
use crate::fragment::range;
use crate::proof;
use crate::rewrites::create_index::{duplicates, free_name, record};
use crate::{ChangeError, Estimate, Planning, Relation, Step, Undo};

/// Plans it. An index of a leaf that is the same but for its name is used.
pub(crate) async fn plan(
    planning: &mut Planning<'_>,
    root: &Relation,
    statement: &IndexStmt,
) -> Result<(), ChangeError> {
    let table = root.name();
    let name = match statement.idxname.as_str() {
        "" => free_name(planning, &table, statement).await?,
        given => given.to_owned(),
    };
    let index = beside(&table, &name);
    if root.index(&name).is_some_and(|index| index.valid) {
        if statement.if_not_exists {
            planning.note(format!("The index {index} is there already."));
        } else {
            planning.refuse(format!("An index {index} is there already"), None);
        }
        return Ok(());
    }
    if statement.relation.as_ref().is_some_and(|range| !range.inh) {
        planning.step(
            Step::transaction(
                format!("Create the index {index}, of no partition"),
                vec![made(statement, &table, &name, true, false)?],
            )
            .reason("ONLY: nothing is built; the index is valid once those of all partitions are attached.")
            .holds(&table, LockMode::Share)
            .undo_transaction(vec![format!("DROP INDEX IF EXISTS {index}")])
            .estimate(Estimate::moment()),
        );
        return Ok(());
    }
    let members: Vec<Relation> = planning.facts.below(root).into_iter().cloned().collect();
    if let Some(foreign) = members.iter().find(|member| member.kind == 'f')
        && statement.unique
    {
        planning.refuse(
            format!(
                "The partition {} is a foreign table, which cannot have a unique index",
                foreign.name()
            ),
            None,
        );
        return Ok(());
    }
    let mut statements = vec![made(statement, &table, &name, true, false)?];
    let mut indexes = vec![(root.oid, index.clone())];
    let mut attach = Vec::new();
    for member in members.iter().filter(|member| member.kind != 'f') {
        let child = member.name();
        let same = member
            .indexes
            .iter()
            .find(|index| index.valid && !index.attached && is_same(index, &child, statement));
        let own = match same {
            Some(same) => beside(&child, &same.name),
            None => {
                let own = beside(&child, &free_name(planning, &child, statement).await?);
                record(planning, &child, &own.name, statement)?;
                if member.kind == 'p' {
                    statements.push(made(statement, &child, &own.name, true, false)?);
                } else {
                    build(planning, member, statement, &own)?;
                }
                own
            }
        };
        if let Some((_, above)) = member
            .parents
            .first()
            .and_then(|parent| indexes.iter().find(|(oid, _)| oid == parent))
        {
            attach.push(format!("ALTER INDEX {above} ATTACH PARTITION {own}"));
        }
        indexes.push((member.oid, own));
    }
    // From the leaves up: an index is valid when all below it are.
    attach.reverse();
    statements.extend(attach);
    planning.step(
        Step::transaction(
            format!("Create the index {index} of those of the partitions"),
            statements,
        )
        .reason("The indexes of all partitions are there: only the catalog is written.")
        .proof(proof::index_valid(&table, &index, statement.unique))
        .holds(&table, LockMode::Share)
        .undo_transaction(vec![format!("DROP INDEX IF EXISTS {index}")])
        .estimate(Estimate::moment()),
    );
    record(planning, &table, &name, statement)?;
    Ok(())
}

/// Builds the index of a leaf.
fn build(
    planning: &mut Planning<'_>,
    leaf: &Relation,
    statement: &IndexStmt,
    index: &RelationName,
) -> Result<(), ChangeError> {
    let table = leaf.name();
    if statement.unique
        && let Some(step) = duplicates(&table, statement)?
    {
        planning.step(step.estimate(Estimate::scan(leaf.heap_bytes)));
    }
    planning.step(
        Step::autocommit(format!("Build the index {index}"), made(statement, &table, &index.name, false, true)?)
            .reason("CREATE INDEX keeps writers out for as long as it builds; CONCURRENTLY lets them go on, for a second scan of the partition.")
            .cleanup(proof::index_left_over(&table, index, statement.unique), proof::drop_index(index))
            .proof(proof::index_valid(&table, index, statement.unique))
            .undo(Undo::Autocommit { sql: proof::drop_index(index) })
            .holds(&table, LockMode::ShareUpdateExclusive)
            .estimate(Estimate::index_build(leaf.heap_bytes)),
    );
    Ok(())
}

/// The statement for that table and name.
fn made(
    statement: &IndexStmt,
    table: &RelationName,
    name: &str,
    only: bool,
    concurrent: bool,
) -> Result<String, ChangeError> {
    let mut on = range(table);
    on.inh = !only;
    deparse(&NodeEnum::IndexStmt(Box::new(IndexStmt {
        idxname: name.to_owned(),
        relation: Some(on),
        concurrent,
        if_not_exists: false,
        ..statement.clone()
    })))
}

/// Whether an index of the table is what the statement would build there.
fn is_same(index: &crate::Index, table: &RelationName, statement: &IndexStmt) -> bool {
    let Ok(script) = crate::planner::parse(&index.definition) else {
        return false;
    };
    let Some(NodeEnum::IndexStmt(found)) = script.statements.first().map(|statement| statement.node()) else {
        return false;
    };
    // The server says `USING btree` where the script may not.
    let method = |statement: &IndexStmt| match statement.access_method.as_str() {
        "" => "btree".to_owned(),
        given => given.to_owned(),
    };
    let plain = |statement: &IndexStmt| {
        let statement = IndexStmt {
            access_method: method(statement),
            ..statement.clone()
        };
        made(&statement, table, "i", false, false).ok()
    };
    plain(found).is_some_and(|found| Some(found) == plain(statement))
}
