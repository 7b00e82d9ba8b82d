use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "constraint-not-validated",
        title: "Constraints that were never validated",
        guide: "Safe ALTER Patterns",
        sql: include_str!("constraint_not_validated.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, table) = (line.text("name"), line.text("table"));
        let kind = if line.is_true("is_domain") { "DOMAIN" } else { "TABLE" };
        verdict
            .warn(format!("The constraint {name} of {table} was added NOT VALID and never validated: old rows may break it."))
            .object(format!("{table}.{name}"))
            .figure("definition", line.text("definition"))
            .safe_fix(format!("ALTER {kind} {table} VALIDATE CONSTRAINT {name};"));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every constraint is validated.");
}
