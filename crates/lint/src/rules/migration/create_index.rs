use howdah_sql::pg_query::NodeEnum;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/create-index", "Safe Schema Changes: Concurrent Index Creation");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let NodeEnum::IndexStmt(index) = situation.node else {
        return None;
    };
    if index.concurrent || !situation.blocks_by_itself() {
        return None;
    }
    let table = relation_name(index.relation.as_ref()?);
    let message = format!("While the index is built, nobody can write to {table}.");
    let text = situation.sentence.text;
    // CREATE INDEX and CREATE UNIQUE INDEX: a comment between the words is left to the reader.
    let at = text.to_ascii_lowercase().find("index")? + "index".len();
    let (head, rest) = text.split_at(at);
    Some(Advice::new(message).instead(format!(
        "-- outside of a transaction; a partitioned table needs it for each partition, and ON ONLY for itself\n{head} CONCURRENTLY{rest};"
    )))
}
