use howdah_sql::pg_query::NodeEnum;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/table-rewrite", "Zero-Downtime Tools: pg_repack");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    if !situation.blocks_by_itself() {
        return None;
    }
    let what = match situation.node {
        NodeEnum::VacuumStmt(_) => "VACUUM FULL writes the table anew".to_owned(),
        NodeEnum::ClusterStmt(_) => "CLUSTER writes the table anew, in the order of an index".to_owned(),
        NodeEnum::RefreshMatViewStmt(refresh) => {
            let view = relation_name(refresh.relation.as_ref()?);
            let message = format!("{view} is computed anew, and nobody can read it meanwhile.");
            return Some(Advice::new(message).instead(format!(
                "REFRESH MATERIALIZED VIEW CONCURRENTLY {view};  -- needs a unique index on all of its rows"
            )));
        }
        NodeEnum::ReindexStmt(_) => {
            let text = situation.sentence.text;
            let words: Vec<&str> = text.split_whitespace().collect();
            let message = "While the index is built anew, nobody can write to its table, or read by this index.";
            let sql = match words.as_slice() {
                [reindex, kind, rest @ ..] if !kind.starts_with('(') => {
                    format!("{reindex} {kind} CONCURRENTLY {};  -- outside of a transaction", rest.join(" "))
                }
                _ => "REINDEX INDEX CONCURRENTLY …;  -- outside of a transaction".to_owned(),
            };
            return Some(Advice::new(message).instead(sql));
        }
        _ => return None,
    };
    Some(
        Advice::new(format!("{what}, and nobody can read or write it meanwhile."))
            .instead("-- VACUUM makes the space reusable without blocking anybody; to give it back, pg_repack swaps in a copy"),
    )
}
