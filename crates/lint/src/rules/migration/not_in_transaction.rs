use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/not-in-transaction", "Safe Schema Changes");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let failure = at.effects.failure.as_ref()?;
    if failure.sqlstate != "25001" {
        return None;
    }
    Some(Advice::new(format!(
        "It fails: {}. Take it out of the transaction: a file of its own, with the migration tool's own word for no transaction.",
        failure.message
    )))
}
