use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "definer-search-path",
        title: "Functions with their owner's rights and the caller's names",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("definer_search_path.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let name = line.text("name");
        verdict
            .warn(format!(
                "{name} runs with the rights of {} (SECURITY DEFINER) and looks its names up where the caller says: a table or function that the caller makes can take the place of what is meant.",
                line.text("owner")
            ))
            .object(name)
            .figure("owner", line.text("owner"))
            .figure("is_superuser", line.is_true("is_superuser"))
            .unsafe_fix(format!("ALTER ROUTINE {name} SET search_path = {}, pg_temp;", line.text("schema")))
            .next("Name the schemas that its body needs, pg_temp last.");
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every function with its owner's rights looks its names up where its owner says.");
}
