use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "default-privileges",
        title: "Privileges that everyone will get",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("default_privileges.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (role, kind, privileges) = (line.text("role"), line.text("kind"), line.text("privileges"));
        let within = match line.text("schema") {
            "" => String::new(),
            schema => format!(" IN SCHEMA {schema}"),
        };
        let place = match line.text("schema") {
            "" => String::new(),
            schema => format!(" in the schema {schema}"),
        };
        verdict
            .warn(format!("Every role gets {privileges} on all {} that {role} will create{place}.", kind.to_lowercase()))
            .object(role)
            .unsafe_fix(format!(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {role}{within} REVOKE {privileges} ON {kind} FROM PUBLIC;"
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Nothing that will be created is everyone's.");
}
