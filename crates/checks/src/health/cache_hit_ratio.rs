use crate::verdict::Verdict;
use crate::words::{count, tenth};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "cache-hit-ratio",
        title: "Cache hit ratio",
        guide: "Monitoring",
        sql: include_str!("cache_hit_ratio.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 99.0),
            Threshold::new("critical_percent", 95.0),
            // Below, a single load decides.
            Threshold::new("min_blocks_read", 500_000.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    let (percent, read) = (line.number("percent"), line.number("read"));
    verdict
        .figure("hit_percent", tenth(percent))
        .figure("blocks_read", read)
        .figure("blocks_hit", line.number("hit"))
        .figure("shared_buffers", line.text("shared_buffers"));
    if read < seen.limit("min_blocks_read") {
        verdict.say(format!("Only {} blocks were read so far, too few to judge.", count(read)));
        return;
    }
    let message = format!("{percent:.1} % of the blocks were found in shared buffers, {} had to be read.", count(read));
    if percent >= seen.limit("warn_percent") {
        verdict.say(message);
        return;
    }
    let problem = if percent < seen.limit("critical_percent") {
        verdict.critical(message)
    } else {
        verdict.warn(message)
    };
    problem
        .figure("hit_percent", tenth(percent))
        .next("Look first for scans that read too much (howdah diagnose slow-queries); then give the server more memory.");
}
