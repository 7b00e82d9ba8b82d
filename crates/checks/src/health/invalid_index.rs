use crate::verdict::Verdict;
use crate::words::bytes;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "invalid-index",
        title: "Invalid indexes",
        guide: "Index Management",
        sql: include_str!("invalid_index.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, table) = (line.text("name"), line.text("table"));
        if line.is_true("is_partitioned") {
            verdict
                .warn(format!(
                    "The index {name} on {table} is invalid: not every partition has its part of it."
                ))
                .object(name)
                .next("Build the missing parts with CREATE INDEX CONCURRENTLY, then ALTER INDEX … ATTACH PARTITION: howdah change plan does it.");
            continue;
        }
        let cost = if line.is_true("is_written") {
            "no query uses it, and every write keeps it up to date"
        } else {
            "no query uses it"
        };
        let problem = verdict.warn(format!("The index {name} on {table} is invalid: {cost}."));
        problem.object(name).figure("bytes", line.bytes("bytes"));
        problem.figure("size", bytes(line.number("bytes")));
        problem.figure("is_unique", line.is_true("is_unique"));
        // What a REINDEX left behind is a copy of an index that still stands.
        if line.is_true("is_left_over") {
            problem.unsafe_fix(format!("DROP INDEX CONCURRENTLY {name};"));
        } else {
            problem.unsafe_fix(format!("REINDEX INDEX CONCURRENTLY {name};"));
            if line.is_true("is_unique") {
                problem.next("If that fails too, there are duplicates: find them (GROUP BY … HAVING count(*) > 1) before.");
            }
        }
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every index is valid.");
}
