use howdah_sql::pg_query::NodeEnum;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/mass-write", "Safe Schema Changes: Backfilling");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let table = match at.node {
        NodeEnum::UpdateStmt(update) => update.relation.as_ref()?,
        NodeEnum::DeleteStmt(delete) => delete.relation.as_ref()?,
        NodeEnum::MergeStmt(merge) => merge.relation.as_ref()?,
        _ => return None,
    };
    if !at.blocks() {
        return None;
    }
    let table = crate::migration::relation_name(table);
    let advice = Advice::new(format!(
        "It writes many rows of {table} in one transaction: whoever wants to write one of them waits until all are done."
    ));
    Some(advice.instead(format!(
        "-- Batches by key, each a transaction of its own (there is no UPDATE … LIMIT):\n\
         UPDATE {table} SET … WHERE id > … AND id <= …;\n\
         -- or let it be done: howdah change run --sql '…'"
    )))
}
