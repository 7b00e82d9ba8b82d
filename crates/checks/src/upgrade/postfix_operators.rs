use crate::verdict::Verdict;
use crate::{Check, Family, Seen};

inventory::submit! {
    Check {
        code: "postfix-operators",
        title: "Postfix operators, which 14 has no more",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        sql: include_str!("postfix_operators.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let object = line.text("object");
        verdict
            .critical(format!(
                "The operator {object} stands behind its argument: from 14 on there are none of that kind."
            ))
            .object(object)
            .unsafe_fix(format!(
                "-- call its function in its place, or make a prefix operator:\nDROP OPERATOR {object};"
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("There is no postfix operator.");
}
