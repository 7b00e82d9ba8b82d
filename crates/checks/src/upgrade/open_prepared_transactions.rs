use crate::verdict::Verdict;
use crate::words::remark;
use crate::{Check, Family, Seen};

inventory::submit! {
    Check {
        code: "open-prepared-transactions",
        title: "Prepared transactions, which an upgrade refuses",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        server_wide: true,
        sql: include_str!("open_prepared_transactions.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (gid, database) = (line.text("gid"), line.text("database"));
        verdict
            .critical(format!(
                "The transaction {gid} in {database} is prepared and not ended: an upgrade would lose it, and so refuses."
            ))
            .object(gid)
            .figure("owner", line.text("owner"))
            .figure("seconds", line.integer("age_s"))
            .unsafe_fix(format!(
                "{}ROLLBACK PREPARED {gid};",
                remark(&format!("in the database {database}, after asking whoever coordinates it; or COMMIT PREPARED:"))
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No transaction is prepared.");
}
