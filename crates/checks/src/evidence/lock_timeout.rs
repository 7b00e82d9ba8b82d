use crate::check::Family;
use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "lock-timeout",
        title: "A limit to waiting for locks",
        guide: "Safe Schema Changes",
        family: Family::Evidence,
        sql: include_str!("lock_timeout.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let milliseconds = seen.first().map_or(0.0, |line| line.number("ms"));
    verdict.figure("lock_timeout_ms", milliseconds);
    if milliseconds > 0.0 {
        verdict.say(format!("lock_timeout is {milliseconds:.0} ms."));
        return;
    }
    let role = howdah_sql::quote_ident(&seen.place.role);
    verdict
        .warn(format!("lock_timeout is not set for {role}: a schema change waits for its lock as long as it takes, and everyone waits behind it."))
        .unsafe_fix(format!("ALTER ROLE {role} SET lock_timeout = '5s';"))
        .next("Set it in the migration itself: SET lock_timeout = '5s'; `howdah change run` does.");
}
