use crate::verdict::Verdict;
use crate::{Check, Family, Seen};

inventory::submit! {
    Check {
        code: "subscriptions",
        title: "Subscriptions, which an upgrade interrupts",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        sql: include_str!("subscriptions.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, unready) = (line.text("name"), line.integer("unready"));
        if unready > 0 {
            verdict
                .critical(format!(
                    "The subscription {name} is still copying {unready} tables: an upgrade refuses until each is copied."
                ))
                .object(name)
                .figure("tables", unready)
                .next("Wait until pg_subscription_rel has each as r, or drop the subscription.");
            continue;
        }
        verdict
            .warn(match seen.place.major() {
                17.. => format!("The subscription {name} rests during the upgrade, and its publisher keeps its log meanwhile."),
                _ => format!("The subscription {name} comes out of the upgrade disabled, and without knowing which tables it has copied."),
            })
            .object(name)
            .figure("enabled", line.is_true("is_enabled"))
            .next(format!(
                "Before: ALTER SUBSCRIPTION {name} DISABLE. Afterwards: ALTER SUBSCRIPTION {name} ENABLE, then, up to 16, ALTER SUBSCRIPTION {name} REFRESH PUBLICATION WITH (copy_data = false)."
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("The database follows no other server.");
}
