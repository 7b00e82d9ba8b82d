use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "checksum-failures",
        title: "Damaged pages",
        guide: "Backup and Recovery",
        sql: include_str!("checksum_failures.sql"),
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines().filter(|line| line.number("failures") > 0.0) {
        verdict
            .critical(format!(
                "{} pages of {} had a wrong checksum, the last at {}: the storage returned other than what was written.",
                line.integer("failures"),
                line.text("name"),
                line.text("last")
            ))
            .object(line.text("name"))
            .figure("failures", line.integer("failures"))
            .next("Stop writing, look into the server's log for the file, and restore from a backup taken before; then look at the disk.");
    }
    let is_on = seen.first().is_some_and(|line| line.text("checksums") == "on");
    verdict.figure("data_checksums", is_on);
    verdict.say(if is_on {
        "No page had a wrong checksum."
    } else {
        "Checksums are off: damage would not be noticed."
    });
}
