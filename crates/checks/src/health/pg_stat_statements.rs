use crate::place::Change;
use crate::verdict::Verdict;
use crate::words::{duration, tenth};
use crate::{Check, Further, Line, Seen, Threshold};

inventory::submit! {
    Check {
        code: "pg-stat-statements",
        title: "Statements are counted",
        guide: "Finding Missing Indexes",
        sql: include_str!("pg_stat_statements.sql"),
        thresholds: &[
            // How often a day as many statements are thrown out as there is room for.
            Threshold::new("warn_turnovers_per_day", 1.0),
        ],
        further: |seen| {
            let counts = |line: Line<'_>| line.is_true("is_loaded") && line.is_true("is_created");
            let is_told = seen.place.major() >= 14 && seen.first().is_some_and(counts);
            let sql = include_str!("pg_stat_statements.evicted.sql");
            is_told.then(|| Further { sql: sql.into(), params: Vec::new() }).into_iter().collect()
        },
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    let (is_loaded, is_created) = (line.is_true("is_loaded"), line.is_true("is_created"));
    verdict.figure("is_loaded", is_loaded).figure("is_created", is_created);
    if is_loaded && line.text("track") == "none" {
        verdict
            .warn("pg_stat_statements.track is none: no statement is counted.")
            .setting(seen.place, "pg_stat_statements.track", "top");
    }
    if let Some(evicted) = seen.further_lines().next() {
        turnovers(seen, &evicted, verdict);
    }
    if is_loaded && is_created {
        verdict.say("pg_stat_statements counts every statement.");
        return;
    }
    if !line.is_true("is_available") {
        verdict
            .warn("pg_stat_statements is not installed on the server's machine: nobody knows which statements take the time.")
            .next("Install the contrib modules of PostgreSQL (postgresql-contrib).");
        return;
    }
    let create = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;";
    let problem = verdict.warn(if is_loaded {
        "pg_stat_statements counts, and its view is not in this database."
    } else {
        "pg_stat_statements is not loaded: nobody knows which statements take the time."
    });
    if is_loaded {
        problem.safe_fix(create);
        return;
    }
    match seen.place.set("shared_preload_libraries", "pg_stat_statements") {
        Change::Sql(sql) => problem.unsafe_fix(format!(
            "-- keeps what is there: add the names that SHOW shared_preload_libraries gives\n{sql}\n{create}"
        )),
        Change::Words(words) => problem.next(format!("{words} After the restart: {create}")),
    };
}

/// Where more kinds of statements run than there is room for, the rare ones are thrown out before anybody sees them.
fn turnovers(seen: &Seen<'_>, evicted: &Line<'_>, verdict: &mut Verdict) {
    let (room, counted_s) = (evicted.number("room"), evicted.number("counted_s"));
    // Each time a twentieth of them, and ten at least.
    let turnovers = evicted.number("times") * (room / 20.0).max(10.0) / room.max(1.0);
    let per_day = turnovers / (counted_s / 86_400.0).max(1.0);
    verdict.figure("max", room).figure("turnovers_per_day", tenth(per_day));
    if per_day >= seen.limit("warn_turnovers_per_day") {
        let wanted = format!("{:.0}", (room * 2.0).max(5000.0));
        verdict
            .warn(format!(
                "pg_stat_statements has room for {room:.0} statements and threw out {turnovers:.0} times as many in {}: what is seldom is not counted.",
                duration(counted_s)
            ))
            .object("pg_stat_statements.max")
            .figure("times_full", evicted.number("times"))
            .setting(seen.place, "pg_stat_statements.max", &wanted)
            .next("What was thrown out before counts until pg_stat_statements_reset().");
    }
}
