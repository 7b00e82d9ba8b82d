use crate::freeze;
use crate::verdict::Verdict;
use crate::words::count;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "multixact-wraparound",
        title: "Multixact ids left",
        guide: "Autovacuum Monitoring",
        sql: include_str!("multixact_wraparound.sql"),
        thresholds: &[
            Threshold::new("warn_of_freeze_max_age", 1.0),
            Threshold::new("critical_age", 1e9),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let fix = freeze::oldest(seen);
    for line in seen.lines().filter(|line| line.text("kind") == "database") {
        let (age, name) = (line.number("age"), line.text("name"));
        if age < seen.limit("warn_of_freeze_max_age") * line.number("freeze_max_age") {
            continue;
        }
        let problem = verdict.weigh(
            age,
            seen.limit("critical_age"),
            format!(
                "The database {name} is {} multixacts old: rows that several sessions lock at once use them up.",
                count(age)
            ),
        );
        problem.object(name).figure("age", age);
        if name == howdah_sql::quote_ident(&seen.place.database) && !seen.place.is_standby {
            problem.unsafe_fix(fix.as_str()).next("If it stays as old, vacuum-horizon says what holds VACUUM back.");
        } else if !line.is_true("is_open") {
            problem.next("No session may enter it: autovacuum looks after it by itself, if it is on.");
        } else {
            problem.next(format!("Run it in that database: howdah health --database {name}"));
        }
    }
    let age = seen.lines().map(|line| line.number("age")).fold(0.0, f64::max);
    verdict.figure("oldest_age", age);
    verdict.say(format!("The oldest database is {} multixacts old.", count(age)));
}
