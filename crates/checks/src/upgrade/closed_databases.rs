use crate::verdict::Verdict;
use crate::{Check, Family, Seen};

inventory::submit! {
    Check {
        code: "closed-databases",
        title: "Databases that an upgrade cannot connect to",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        server_wide: true,
        sql: include_str!("closed_databases.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let name = line.text("name");
        let (message, fix) = if line.is_true("is_template0") {
            (
                format!("The database {name} takes connections, which an upgrade refuses: it is the pristine template."),
                format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false;"),
            )
        } else if line.is_true("is_invalid") {
            (
                format!("The database {name} is what a DROP DATABASE that was broken off has left: nobody can connect to it, nor can an upgrade."),
                format!("DROP DATABASE {name};"),
            )
        } else {
            (
                format!("The database {name} takes no connections, so that an upgrade cannot read what is in it."),
                format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true;"),
            )
        };
        verdict.critical(message).object(name).unsafe_fix(fix);
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("An upgrade can connect to every database.");
}
