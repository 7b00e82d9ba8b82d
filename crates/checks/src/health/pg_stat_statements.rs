use crate::place::Change;
use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "pg-stat-statements",
        title: "Statements are counted",
        guide: "Finding Missing Indexes",
        sql: include_str!("pg_stat_statements.sql"),
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
