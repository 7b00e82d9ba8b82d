use crate::verdict::Verdict;
use crate::{Check, Family, Seen};

inventory::submit! {
    Check {
        code: "polymorphic-functions",
        title: "Aggregates and operators of array functions that changed in 14",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        sql: include_str!("polymorphic_functions.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (kind, object) = (line.text("kind"), line.text("object"));
        verdict
            .critical(format!(
                "The {kind} {object} is made of an array function that takes anycompatiblearray from 14 on, in place of anyarray."
            ))
            .object(object)
            .unsafe_fix(format!(
                "-- make it again after the upgrade, with anycompatiblearray and anycompatible:\nDROP {} {object};",
                kind.to_uppercase()
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No aggregate or operator depends on array functions that changed.");
}
