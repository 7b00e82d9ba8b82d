use howdah_sql::pg_query::NodeEnum;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/rewrite-in-place", "Bloat");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (what, instead) = match at.node {
        NodeEnum::VacuumStmt(_) => ("VACUUM FULL", "howdah change run, which moves rows beside clients; plain VACUUM where the space will be used again"),
        NodeEnum::ClusterStmt(_) => ("CLUSTER", "pg_repack --order-by, where it is installed"),
        NodeEnum::RefreshMatViewStmt(_) => ("REFRESH MATERIALIZED VIEW", "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index"),
        NodeEnum::ReindexStmt(_) => ("REINDEX", "REINDEX … CONCURRENTLY, outside of a transaction"),
        _ => return None,
    };
    if !at.blocks() {
        return None;
    }
    let advice = Advice::new(format!("While {what} works, {} there.", at.blocked()));
    Some(advice.instead(format!("-- {instead}")))
}
