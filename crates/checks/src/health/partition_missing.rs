use crate::verdict::Verdict;
use crate::words::{count, duration};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "partition-missing",
        title: "Partitions that are missing, or will be",
        guide: "Schema Design",
        sql: include_str!("partition_missing.sql"),
        thresholds: &[
            // Rows in the default partition of a table that is partitioned by ranges.
            Threshold::new("warn_rows", 1000.0),
            Threshold::new("warn_hours", 24.0),
            // A table that ended longer ago is an archive: somebody would have noticed.
            Threshold::new("ended_days", 30.0),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, rows, spare) = (line.text("name"), line.number("default_rows"), line.text("default_partition"));
        if rows >= seen.limit("warn_rows") && !spare.is_empty() {
            verdict
                .warn(format!("About {} rows of {name} lie in {spare}, its default partition: no other takes them.", count(rows)))
                .object(name)
                .figure("default_partition", spare)
                .figure("rows", rows)
                .next("Move them out: detach the default partition, create those that are missing, insert the rows again. As long as they are there, no partition can be created for them.");
        }
        let Some(ends_in) = line.maybe::<f64>("ends_in_s") else {
            continue;
        };
        if ends_in >= seen.limit("warn_hours") * 3600.0 || ends_in < -seen.limit("ended_days") * 86_400.0 {
            continue;
        }
        let ends = line.text("last_end");
        let when = match ends_in > 0.0 {
            true => format!("ends in {}", duration(ends_in)),
            false => format!("ended {} ago", duration(-ends_in)),
        };
        let then = match spare {
            "" => "rows of later times are refused".to_owned(),
            spare => format!("later rows go into {spare}"),
        };
        let message = format!("The last partition of {name} {when} (at {ends}): {then}.");
        let problem = match ends_in <= 0.0 && spare.is_empty() {
            true => verdict.critical(message),
            false => verdict.warn(message),
        };
        problem
            .object(name)
            .figure("last_end", ends)
            .next(format!("CREATE TABLE … PARTITION OF {name} FOR VALUES FROM ('{ends}') TO (…); and see to it that a job (pg_partman, pg_cron) does so in time."));
    }
    verdict.figure("partitioned_by_ranges", seen.len());
    verdict.say(match seen.len() {
        0 => "No table is partitioned by ranges.",
        _ => "Every range that is written has its partition.",
    });
}
