use crate::verdict::Verdict;
use crate::words::bytes;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "redundant-index",
        title: "Indexes that are the beginning of another",
        guide: "Index Management",
        sql: include_str!("redundant_index.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, other) = (line.text("name"), line.text("other"));
        verdict
            .warn(format!(
                "The index {name} on {} ({}) is the beginning of {other}, which answers its queries too.",
                line.text("table"),
                bytes(line.number("bytes"))
            ))
            .object(name)
            .figure("bytes", line.bytes("bytes"))
            .figure("beginning_of", other)
            .unsafe_fix(match line.is_true("is_partitioned") {
                true => format!("DROP INDEX {name};"),
                false => format!("DROP INDEX CONCURRENTLY {name};"),
            })
            .next("A much wider index is slower to read: where queries on the narrow one are frequent, keep it.");
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No index is the beginning of another.");
}
