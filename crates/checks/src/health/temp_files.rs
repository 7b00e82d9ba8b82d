use crate::verdict::Verdict;
use crate::words::bytes;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "temp-files",
        title: "Temporary files",
        guide: "Query Optimization",
        sql: include_str!("temp_files.sql"),
        thresholds: &[Threshold::new("warn_mib_per_hour", 1024.0)],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    // Over less than an hour a rate is chance.
    let hours = (seen.place.counted_s as f64 / 3600.0).max(1.0);
    let (files, written) = (line.number("files"), line.number("bytes"));
    let per_hour = written / hours;
    verdict
        .figure("files", files)
        .figure("bytes", written)
        .figure("bytes_per_hour", per_hour.round())
        .figure("work_mem", line.text("work_mem"));
    let message = format!("{} were written to {files:.0} temporary files, {} an hour.", bytes(written), bytes(per_hour));
    if written == 0.0 || per_hour < seen.limit("warn_mib_per_hour") * 1_048_576.0 {
        verdict.say(message);
        return;
    }
    verdict
        .warn(message)
        .figure("bytes_per_hour", per_hour.round())
        .next("Find the statements that sort or hash so much (temp_blks_written in pg_stat_statements, log_temp_files), index or rewrite them; raise work_mem for their role rather than for all.");
}
