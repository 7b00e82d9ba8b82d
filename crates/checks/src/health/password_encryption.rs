use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "password-encryption",
        title: "How passwords are stored",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("password_encryption.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let value = seen.first().map_or("", |line| line.text("value"));
    verdict.figure("password_encryption", value);
    if value == "scram-sha-256" {
        verdict.say("Passwords are stored for SCRAM.");
        return;
    }
    verdict
        .warn(format!("password_encryption is {value}: whoever reads such a hash can log in with it."))
        .object("password_encryption")
        .setting(seen.place, "password_encryption", "scram-sha-256")
        .next("Each password has to be set anew afterwards.");
}
