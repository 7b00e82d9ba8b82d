use crate::verdict::Verdict;
use crate::words::duration;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "archiver",
        title: "WAL archiving",
        guide: "Backup and Recovery",
        sql: include_str!("archiver.sql"),
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    let (archived, failed) = (line.number("archived"), line.number("failed"));
    verdict
        .figure("archive_mode", line.text("mode"))
        .figure("archived", archived)
        .figure("failed", failed);
    if line.text("mode") == "off" {
        verdict.say("WAL is not archived, and nothing asks for it.");
        return;
    }
    if line.is_true("fails_now") {
        let since = line.maybe::<f64>("archived_s").map_or_else(
            || "nothing was ever archived".to_owned(),
            |seconds| format!("the last file that went through was {} ago", duration(seconds)),
        );
        verdict
            .critical(format!(
                "Archiving fails: {} {} ago; {since}. WAL piles up, and there is no way back to any moment since.",
                line.text("last_failed_wal"),
                duration(line.number("failed_s"))
            ))
            .object(line.text("last_failed_wal"))
            .figure("failed", failed)
            .next("The server's log has the command's own error; run archive_command by hand as the server's user.");
    }
    if line.is_true("has_no_command") {
        verdict
            .critical("archive_mode is on and no archive_command is set: the server keeps every WAL file until the disk is full.")
            .object("archive_command")
            .next("Set archive_command (or archive_library); where nothing is to be archived, archive_mode = off and a restart.");
        return;
    }
    verdict.say(format!("{archived:.0} files were archived, and the last one went through."));
}
