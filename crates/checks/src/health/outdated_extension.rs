use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "outdated-extension",
        title: "Extensions that were not updated",
        guide: "Operational Triggers",
        sql: include_str!("outdated_extension.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, version, newest) = (line.text("name"), line.text("version"), line.text("newest"));
        verdict
            .warn(format!("The extension {name} is at {version}; the server has {newest}."))
            .object(name)
            .figure("version", version)
            .figure("newest", newest)
            .unsafe_fix(format!("ALTER EXTENSION {name} UPDATE;"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every extension is up to date.");
}
