use howdah_rehearse::WorkKind;
use howdah_sql::pg_query::NodeEnum;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/mass-write", "Query Development: Batch large operations");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (verb, table, sql) = match situation.node {
        NodeEnum::UpdateStmt(update) => ("updated", update.relation.as_ref()?, "UPDATE {} SET … WHERE id BETWEEN $1 AND $2"),
        NodeEnum::DeleteStmt(delete) => ("deleted", delete.relation.as_ref()?, "DELETE FROM {} WHERE id BETWEEN $1 AND $2"),
        NodeEnum::MergeStmt(merge) => ("merged", merge.relation.as_ref()?, "MERGE INTO {} … ON … AND id BETWEEN $1 AND $2"),
        NodeEnum::InsertStmt(insert) => ("written", insert.relation.as_ref()?, "INSERT INTO {} SELECT … WHERE id BETWEEN $1 AND $2"),
        NodeEnum::SelectStmt(_) => return locking(situation),
        _ => return None,
    };
    let writes = |kind: WorkKind| situation.effects.work.iter().any(|work| work.kind == kind);
    if !situation.blocks_by_itself() || !writes(WorkKind::RowsWritten) {
        return None;
    }
    let table = relation_name(table);
    let message = format!(
        "As many rows of {table} are {verb} as there are, in one transaction: whoever wants to write one of them waits until the end."
    );
    Some(Advice::new(message).instead(format!(
        "-- a range of keys at a time, each in a transaction of its own, with a pause as long as the batch took\n{};",
        sql.replace("{}", &table.to_string())
    )))
}

fn locking(situation: &Situation<'_>) -> Option<Advice> {
    let locks = |work: &&howdah_rehearse::Work| work.kind == WorkKind::RowsLocked;
    let work = situation.effects.work.iter().find(locks)?;
    Some(Advice::new(format!(
        "As many rows of {} are locked as there are: whoever wants to write one of them waits until the end of the transaction.",
        work.relation
    )))
}
