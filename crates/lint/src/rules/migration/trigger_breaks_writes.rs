use howdah_sql::pg_query::NodeEnum;

use crate::migration::{Advice, Letter, Situation};

crate::migration_rule!("migration/trigger-breaks-writes", "Safe Schema Changes");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let NodeEnum::CreateTrigStmt(trigger) = at.node else {
        return None;
    };
    if !at.is(Letter::Clients) {
        return None;
    }
    Some(Advice::new(format!(
        "From now on the trigger {} decides whether these writes succeed, and for some that worked before they do not. It runs with the rights of whoever writes: what it writes to needs a GRANT, or the function SECURITY DEFINER with a fixed search_path.",
        trigger.trigname
    )))
}
