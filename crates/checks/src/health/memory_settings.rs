use crate::verdict::Verdict;
use crate::words::bytes;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "memory-settings",
        title: "Settings of memory",
        guide: "Pre-Production Checklist: Infrastructure",
        sql: include_str!("memory_settings.sql"),
        thresholds: &[
            // work_mem × connections against effective_cache_size, which stands for the machine's memory.
            Threshold::new("warn_times_cache", 2.0),
            // A database of this size is more than the default of 128 MB is for.
            Threshold::new("large_database_mib", 10_240.0),
            Threshold::new("min_shared_buffers_mib", 129.0),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    let (worst, cache, buffers) = (line.number("worst"), line.number("cache"), line.number("buffers"));
    let database = seen.place.database_bytes as f64;
    if worst > seen.limit("warn_times_cache") * cache {
        verdict
            .warn(format!(
                "work_mem ({}) times max_connections ({:.0}) times hash_mem_multiplier is {}, against {} of effective_cache_size: sorts in all sessions at once would exhaust the machine.",
                bytes(line.number("work_mem")),
                line.number("connections"),
                bytes(worst),
                bytes(cache)
            ))
            .object("work_mem")
            .next("Lower work_mem and set it for the roles that need it (ALTER ROLE … SET work_mem), or allow fewer connections behind a pooler.");
    }
    let is_large = database >= seen.limit("large_database_mib") * 1_048_576.0;
    if is_large && buffers < seen.limit("min_shared_buffers_mib") * 1_048_576.0 && !seen.place.is_rds {
        verdict
            .warn(format!(
                "shared_buffers is {}, and the database {}: a quarter of the machine's memory is usual.",
                bytes(buffers),
                bytes(database)
            ))
            .object("shared_buffers")
            .next("Set shared_buffers to about a quarter of the machine's memory, and restart.");
    }
    verdict
        .figure("work_mem_bytes", line.number("work_mem"))
        .figure("max_connections", line.number("connections"))
        .figure("worst_case_bytes", worst)
        .figure("effective_cache_size_bytes", cache)
        .figure("shared_buffers_bytes", buffers)
        .figure("database_bytes", database);
    verdict.say("The settings of memory fit each other.");
}
