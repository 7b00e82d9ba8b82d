use crate::verdict::Verdict;
use crate::{Check, Family, Seen, TO_MAJOR};

inventory::submit! {
    Check {
        code: "not-null-inheritance",
        title: "Children without the NOT NULL of their parents, which 18 refuses",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        thresholds: &[TO_MAJOR],
        sql: include_str!("not_null_inheritance.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (relation, name) = (line.text("relation"), line.text("name"));
        verdict
            .critical(format!(
                "{relation}.{name} may be null, and that of its parent {} may not: from 18 on a child has the NOT NULL of its parent.",
                line.text("parent")
            ))
            .object(format!("{relation}.{name}"))
            .unsafe_fix(format!(
                "-- reads the whole table under a lock that stops reads; rows with NULL have to be filled before:\nALTER TABLE {relation} ALTER COLUMN {name} SET NOT NULL;"
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every child has the NOT NULL of its parent, or the new version does not ask for it.");
}
