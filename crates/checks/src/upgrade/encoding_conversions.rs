use crate::verdict::Verdict;
use crate::{Check, Family, Seen};

inventory::submit! {
    Check {
        code: "encoding-conversions",
        title: "Conversions between encodings whose functions changed in 14",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        sql: include_str!("encoding_conversions.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let object = line.text("object");
        verdict
            .critical(format!(
                "The conversion {object} is not the server's own: from 14 on its function has to take one argument more."
            ))
            .object(object)
            .unsafe_fix(format!(
                "-- make it again after the upgrade, with a function that takes noError as well:\nDROP CONVERSION {object};"
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No conversion between encodings has to be made anew.");
}
