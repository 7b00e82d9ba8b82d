use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "pending-restart",
        title: "Settings that wait for a restart",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("pending_restart.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, value) = (line.text("name"), line.text("value"));
        verdict
            .warn(format!("{name} was changed in the configuration, and is {value} until the server is started again."))
            .object(name)
            .figure("in_force", value)
            .next(match seen.place.is_rds {
                true => "Reboot the instance in a quiet hour, or take the change back in the parameter group.".to_owned(),
                false => format!("Restart the server in a quiet hour, so that no crash does it unasked; or take it back: ALTER SYSTEM RESET {name};"),
            });
    }
    verdict.say("No setting waits for a restart.");
}
