use howdah_sql::pg_query::NodeEnum;

use crate::migration::Letter;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/takes-away-privileges", "Security");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    if !matches!(at.node, NodeEnum::GrantStmt(_) | NodeEnum::GrantRoleStmt(_)) || !at.is(Letter::Clients) {
        return None;
    }
    Some(Advice::new(
        "Roles that work with this now lose the privilege, and their statements fail. Give them another way first, and look who uses it: pg_stat_statements has the role of each statement.",
    ))
}
