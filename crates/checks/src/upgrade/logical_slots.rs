use crate::verdict::Verdict;
use crate::{Check, Family, Seen};

inventory::submit! {
    Check {
        code: "logical-slots",
        title: "Logical replication slots, which an upgrade refuses or loses",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        server_wide: true,
        sql: include_str!("logical_slots.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, active) = (line.text("name"), line.is_true("active"));
        let reader = match active {
            true => "is read from now: end its reader first",
            false => "has no reader now",
        };
        verdict
            .critical(format!(
                "The logical replication slot {name} in {} ({}) {reader}. Aurora upgrades nothing while it is there, and pg_upgrade before 17 leaves it behind.",
                line.text("database"),
                line.text("plugin")
            ))
            .object(name)
            .figure("active", active)
            .unsafe_fix(format!(
                "-- its reader begins anew after the upgrade:\nSELECT pg_drop_replication_slot({});",
                line.text("literal")
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("There is no logical replication slot.");
}
