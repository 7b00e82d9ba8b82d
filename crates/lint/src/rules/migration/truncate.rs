use howdah_sql::pg_query::NodeEnum;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/truncate", "Safe Schema Changes: Dropping");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let NodeEnum::TruncateStmt(truncate) = at.node else { return None };
    let tables: Vec<String> = truncate
        .relations
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::RangeVar(table)) => Some(crate::migration::relation_name(table).to_string()),
            _ => None,
        })
        .collect();
    Some(Advice::new(format!(
        "Every row of {} is gone for good. To be able to go back, rename the table and put a new one in its place.",
        tables.join(", ")
    )))
}
