use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "row-security",
        title: "Row security that is not in force, or lets nothing through",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("row_security.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, policies) = (line.text("name"), line.integer("policies"));
        if line.is_true("is_on") {
            verdict
                .warn(format!("Row security of {name} is on and has no policy: nobody but its owner sees or writes a row."))
                .object(name)
                .next("CREATE POLICY says who may see which rows; if all may: ALTER TABLE … DISABLE ROW LEVEL SECURITY.");
        } else {
            verdict
                .warn(format!("{name} has {policies} policies and its row security is off: everybody with a grant sees every row."))
                .object(name)
                .figure("policies", policies)
                .unsafe_fix(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;"));
        }
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Where there are policies they are in force, and the other way round.");
}
