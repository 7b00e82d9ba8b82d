use crate::verdict::Verdict;
use crate::words::duration;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "vacuum-settings",
        title: "Settings of autovacuum",
        guide: "Autovacuum Monitoring",
        sql: include_str!("vacuum_settings.sql"),
        thresholds: &[
            Threshold::new("max_naptime_s", 600.0),
            Threshold::new("max_delay_ms", 20.0),
            Threshold::new("min_cost_limit", 100.0),
            Threshold::new("min_workers", 2.0),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    let place = seen.place;
    if line.text("autovacuum") == "off" {
        verdict
            .critical("autovacuum is off: tables bloat, statistics grow stale, and in the end the server stops against wraparound.")
            .object("autovacuum")
            .setting(place, "autovacuum", "on");
    }
    if line.text("track_counts") == "off" {
        verdict
            .critical("track_counts is off: autovacuum does not know where it is needed.")
            .object("track_counts")
            .setting(place, "track_counts", "on");
    }
    let nap = line.number("naptime_s");
    if nap > seen.limit("max_naptime_s") {
        verdict
            .warn(format!("autovacuum_naptime is {}: so long autovacuum does not look at a database.", duration(nap)))
            .object("autovacuum_naptime")
            .setting(place, "autovacuum_naptime", "1min");
    }
    let delay = line.number("delay_ms");
    if delay > seen.limit("max_delay_ms") {
        verdict
            .warn(format!("autovacuum_vacuum_cost_delay is {delay} ms: autovacuum sleeps more than it works."))
            .object("autovacuum_vacuum_cost_delay")
            .setting(place, "autovacuum_vacuum_cost_delay", "2ms");
    }
    // -1 stands for vacuum_cost_limit.
    let own = line.number("own_limit");
    let limit = if own < 0.0 { line.number("limit") } else { own };
    if limit < seen.limit("min_cost_limit") && delay > 0.0 {
        verdict
            .warn(format!("The cost limit of autovacuum is {limit}, for all its workers together."))
            .object("autovacuum_vacuum_cost_limit")
            .setting(place, "autovacuum_vacuum_cost_limit", "1000");
    }
    let workers = line.number("workers");
    if workers < seen.limit("min_workers") {
        verdict
            .warn(format!("autovacuum has {workers} worker: one large table keeps it from all others."))
            .object("autovacuum_max_workers")
            .setting(place, "autovacuum_max_workers", "3");
    }
    verdict
        .figure("naptime_s", nap)
        .figure("workers", workers)
        .figure("cost_delay_ms", delay)
        .figure("cost_limit", limit);
    verdict.say("autovacuum is on, and may work.");
}
