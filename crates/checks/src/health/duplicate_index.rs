use crate::verdict::Verdict;
use crate::words::bytes;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "duplicate-index",
        title: "Indexes that are there twice",
        guide: "Index Management",
        sql: include_str!("duplicate_index.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, other) = (line.text("name"), line.text("other"));
        verdict
            .warn(format!(
                "The index {name} on {} is the same as {other}: every write keeps both ({}).",
                line.text("table"),
                bytes(line.number("bytes"))
            ))
            .object(name)
            .figure("bytes", line.bytes("bytes"))
            .figure("same_as", other)
            .unsafe_fix(match line.is_true("is_partitioned") {
                true => format!("DROP INDEX {name};"),
                false => format!("DROP INDEX CONCURRENTLY {name};"),
            });
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No index is there twice.");
}
