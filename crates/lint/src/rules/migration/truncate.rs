use howdah_sql::pg_query::NodeEnum;

use crate::migration::{Advice, Letter, Situation};

crate::migration_rule!("migration/truncate", "Query Development: Write Operations");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let NodeEnum::TruncateStmt(_) = situation.node else {
        return None;
    };
    let message = "All rows are gone, and those of every table that refers to them with CASCADE; nothing in the script brings them back.";
    situation.is(Letter::Loss).then(|| {
        Advice::new(message).instead(
            "-- where the rows may still be wanted: rename the table, create an empty one under its name with its grants, drop the old one later",
        )
    })
}
