use crate::check::Family;
use crate::verdict::Verdict;
use crate::words::{bytes, count, duration, tenth};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "largest-relations",
        title: "What takes the room",
        guide: "Operational Triggers",
        family: Family::Evidence,
        sql: include_str!("largest_relations.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 25.0),
            Threshold::new("min_mib", 1024.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, size) = (line.text("name"), line.number("bytes"));
        let percent = 100.0 * size / line.number("total").max(1.0);
        if percent < seen.limit("warn_percent") || size < seen.limit("min_mib") * 1_048_576.0 {
            continue;
        }
        verdict
            .warn(format!(
                "{name} is {}, {percent:.0} % of the database ({} of it indexes); {} rows came and {} went in {}.",
                bytes(size),
                bytes(line.number("index_bytes")),
                count(line.number("inserted")),
                count(line.number("deleted")),
                duration(seen.place.counted_s as f64)
            ))
            .object(name)
            .figure("bytes", size)
            .figure("percent", tenth(percent))
            .figure("index_bytes", line.number("index_bytes"))
            .figure("toast_bytes", line.number("toast_bytes"))
            .next("Old rows that nobody reads can go to an archive; partitions by time make that a DETACH.");
    }
    let total = seen.first().map_or(0.0, |line| line.number("total"));
    verdict.figure("bytes", total);
    verdict.say(format!("The tables take {}, none of them most of it.", bytes(total)));
}
