use crate::verdict::Verdict;
use crate::{Check, Further, Seen};

inventory::submit! {
    Check {
        code: "password-encryption",
        title: "How passwords are stored",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("password_encryption.sql"),
        further: |seen| {
            // Only a superuser may read what is stored, and on RDS nobody may.
            let is_told = seen.place.is_superuser && !seen.place.is_rds;
            let sql = include_str!("password_encryption.stored.sql");
            is_told.then(|| Further { sql: sql.into(), params: Vec::new() }).into_iter().collect()
        },
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let value = seen.first().map_or("", |line| line.text("value"));
    verdict.figure("password_encryption", value);
    for line in seen.further_lines() {
        let role = line.text("role");
        verdict
            .warn(format!("The password of {role} is stored as MD5: whoever reads the hash can log in with it."))
            .object(role)
            .next(format!("Set it anew (in psql: \\password {role}), with password_encryption = 'scram-sha-256'."));
    }
    verdict.more(seen.further_lines().next().map_or(0, |line| line.bytes("total")));
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
