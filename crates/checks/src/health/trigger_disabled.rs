use std::collections::BTreeSet;

use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "trigger-disabled",
        title: "Triggers that are disabled",
        guide: "Pre-Production Checklist: Schema",
        sql: include_str!("trigger_disabled.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    // A foreign key has two triggers on each side.
    let mut told = BTreeSet::new();
    for line in seen.lines() {
        let (name, table) = (line.text("name"), line.text("table"));
        let constraint = line.text("constraint");
        if table.is_empty() {
            verdict
                .warn(format!("The event trigger {name} is disabled."))
                .object(name)
                .unsafe_fix(format!("ALTER EVENT TRIGGER {name} ENABLE;"));
            continue;
        }
        if line.is_true("is_internal") {
            if told.insert((constraint, table)) {
                verdict
                    .warn(format!("The foreign key {constraint} is not enforced for {table}: its triggers are disabled."))
                    .object(format!("{table}.{constraint}"))
                    .unsafe_fix(format!("ALTER TABLE {table} ENABLE TRIGGER ALL;"));
            }
            continue;
        }
        verdict
            .warn(format!("The trigger {name} of {table} is disabled."))
            .object(format!("{table}.{name}"))
            .unsafe_fix(format!("ALTER TABLE {table} ENABLE TRIGGER {name};"));
    }
    verdict.say("Every trigger is enabled.");
}
