use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/work-under-a-lock", "Safe Schema Changes");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let earlier = at.dangers.iter().find(|danger| danger.locked_at.is_some())?;
    let relation = earlier.blocked.as_ref()?;
    Some(Advice::new(format!(
        "It works for long in a transaction that has locked {relation} before: {} there until the transaction ends. Commit first, or do the long work before anything is locked.",
        at.blocked()
    )))
}
