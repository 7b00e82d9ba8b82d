use crate::migration::{Advice, Letter, Situation};

crate::migration_rule!("migration/lock-held", "Query Development: Write Operations");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    if situation.is(Letter::Fails) || !situation.blocks() || situation.blocks_by_itself() {
        return None;
    }
    let relation = situation.dangers.iter().find_map(|danger| danger.blocked.as_ref())?;
    let message = format!(
        "It works for long while its transaction still holds the lock that an earlier statement took on {relation}: {} all the while.",
        situation.blocked()
    );
    Some(Advice::new(message).instead("COMMIT;  -- before this statement, so that the lock is let go first"))
}
