use crate::check::Family;
use crate::verdict::Verdict;
use crate::words::bytes;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "wal-size",
        title: "WAL on the disk",
        guide: "Operational Triggers",
        family: Family::Evidence,
        sql: include_str!("wal_size.sql"),
        thresholds: &[Threshold::new("warn_times_max_wal_size", 2.0)],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    let (size, planned) = (line.number("bytes"), line.number("max_bytes") + line.number("keep_bytes"));
    verdict.figure("files", line.number("files")).figure("bytes", size);
    let message = format!("WAL takes {}, where max_wal_size is {}.", bytes(size), line.text("max_wal_size"));
    if size < seen.limit("warn_times_max_wal_size") * planned {
        verdict.say(message);
        return;
    }
    verdict
        .warn(message)
        .figure("bytes", size)
        .next("Something keeps it: a slot (replication-slots), an archiver that fails (archiver), or a long checkpoint.");
}
