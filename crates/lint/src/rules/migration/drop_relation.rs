use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::ObjectType;

use crate::migration::Letter;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/drop-relation", "Safe Schema Changes: Dropping");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let NodeEnum::DropStmt(drop) = at.node else { return None };
    let what = match drop.remove_type() {
        ObjectType::ObjectTable => "The table and its rows are gone for good",
        ObjectType::ObjectView => "The view is gone, and with it what was granted on it",
        ObjectType::ObjectMatview => "The materialized view is gone, and with it what was granted on it",
        _ => return None,
    };
    if at.is(Letter::Fails) {
        return None;
    }
    Some(Advice::new(format!(
        "{what}; statements that name it fail from then on. Rename it first, or take the privileges away, and drop it when nobody has missed it."
    )))
}
