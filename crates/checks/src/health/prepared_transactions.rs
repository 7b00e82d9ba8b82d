use crate::verdict::Verdict;
use crate::words::{duration, remark};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "prepared-transactions",
        title: "Prepared transactions that nobody ended",
        guide: "Query Development: Write Operations",
        sql: include_str!("prepared_transactions.sql"),
        thresholds: &[
            Threshold::new("warn_s", 300.0),
            Threshold::new("critical_s", 3600.0),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (gid, age) = (line.text("gid"), line.number("age_s"));
        verdict
            .weigh(
                age,
                seen.limit("critical_s"),
                format!(
                    "The transaction {gid} in {} was prepared {} ago and not ended: its locks stay even over a restart.",
                    line.text("database"),
                    duration(age)
                ),
            )
            .object(gid)
            .figure("seconds", age.round())
            .figure("owner", line.text("owner"))
            .figure("xid_age", line.integer("xid_age"))
            .unsafe_fix(format!(
                "{}ROLLBACK PREPARED {gid};",
                remark(&format!("in the database {}, after asking whoever coordinates it:", line.text("database")))
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No prepared transaction is left over.");
}
