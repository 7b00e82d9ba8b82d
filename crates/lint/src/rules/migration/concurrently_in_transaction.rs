use crate::migration::{Advice, Letter, Situation};

crate::migration_rule!("migration/concurrently-in-transaction", "Safe Schema Changes: Concurrent Index Creation");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let is_refused = situation
        .effects
        .failure
        .as_ref()
        .is_some_and(|failure| failure.sqlstate == "25001");
    (situation.is(Letter::Fails) && is_refused).then(|| {
        Advice::new("It fails: PostgreSQL runs this statement outside of a transaction only, and its runner opens one.").instead(
            "-- put it into a file of its own, and tell the runner to leave the transaction out:\n-- flyway: executeInTransaction=false   liquibase: runInTransaction:false   goose: -- +goose NO TRANSACTION\n-- sqlx: -- no-transaction   dbmate: transaction:false   django: atomic = False   rails: disable_ddl_transaction!",
        )
    })
}
