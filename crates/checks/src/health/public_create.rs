use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "public-create",
        title: "Schemas in which everyone may create objects",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("public_create.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let name = line.text("name");
        verdict
            .warn(format!("Every role may create objects in the schema {name}, and so put a function or table of its own in the way of others."))
            .object(name)
            .unsafe_fix(format!("REVOKE CREATE ON SCHEMA {name} FROM PUBLIC;"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Only named roles may create objects.");
}
