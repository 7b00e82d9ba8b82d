use crate::verdict::Verdict;
use crate::words::{bytes, duration, remark};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "unused-indexes",
        title: "Indexes that no query used",
        guide: "Unused Indexes",
        sql: include_str!("unused_indexes.sql"),
        thresholds: &[
            Threshold::new("min_mib", 1.0),
            // Shorter, and what runs once a month has not run.
            Threshold::new("min_days", 7.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let counted = seen.place.counted_s as f64;
    if counted < seen.limit("min_days") * 86_400.0 {
        verdict.skip(
            format!("The counters of use count for {} only.", duration(counted)),
            format!("nobody: wait until they have counted for {} days", seen.limit("min_days")),
        );
        return;
    }
    for line in seen.lines() {
        let name = line.text("name");
        verdict
            .warn(format!(
                "The index {name} on {} takes {} and no query of this server used it in {}.",
                line.text("table"),
                bytes(line.number("bytes")),
                duration(counted)
            ))
            .object(name)
            .figure("bytes", line.bytes("bytes"))
            .figure("definition", line.text("definition"))
            .unsafe_fix(format!(
                "{}DROP INDEX CONCURRENTLY {name};",
                remark(&format!("if no replica uses it either; undo: {};", line.text("definition")))
            ));
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every index of some size is used.");
}
