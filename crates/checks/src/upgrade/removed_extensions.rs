use crate::verdict::Verdict;
use crate::{Check, Family, Seen, TO_MAJOR};

inventory::submit! {
    Check {
        code: "removed-extensions",
        title: "Extensions that the new version has no more",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        thresholds: &[TO_MAJOR],
        sql: include_str!("removed_extensions.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let name = line.text("name");
        verdict
            .critical(format!(
                "PostgreSQL {} and later have no extension {name}.",
                line.integer("major")
            ))
            .object(name)
            .unsafe_fix(format!("DROP EXTENSION {name};"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("PostgreSQL itself still has every extension of its own; of others their authors say it.");
}
