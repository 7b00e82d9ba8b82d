use crate::migration::{Advice, Letter, Situation};

crate::migration_rule!("migration/enum-value", "Safe Schema Changes");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let is_unsafe = situation
        .effects
        .failure
        .as_ref()
        .is_some_and(|failure| failure.sqlstate == "55P04");
    (situation.is(Letter::Fails) && is_unsafe).then(|| {
        Advice::new("It fails: a value that was added to an enum cannot be used in the same transaction, not even as a default.")
            .instead("COMMIT;  -- behind ALTER TYPE … ADD VALUE, or put it into a migration of its own")
    })
}
