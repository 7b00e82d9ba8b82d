use crate::verdict::Verdict;
use crate::words::{count, duration, tenth};
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "dead-tuples",
        title: "Dead tuples",
        guide: "Autovacuum Monitoring",
        sql: include_str!("dead_tuples.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 20.0),
            Threshold::new("warn_rows", 100_000.0),
            Threshold::new("critical_percent", 50.0),
            Threshold::new("critical_rows", 10_000_000.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, dead, percent) = (line.text("name"), line.number("dead"), line.number("percent"));
        let vacuumed = match line.maybe("vacuumed_s") {
            Some(age) => format!("it was vacuumed {} ago", duration(age)),
            None => "it was never vacuumed since the counters began".to_owned(),
        };
        let is_critical = percent >= seen.limit("critical_percent") && dead >= seen.limit("critical_rows");
        let message = format!("{name} holds {} dead tuples, {percent:.0} % of all; {vacuumed}.", count(dead));
        let problem = if is_critical { verdict.critical(message) } else { verdict.warn(message) };
        problem
            .object(name)
            .figure("dead", dead)
            .figure("live", line.number("live"))
            .figure("dead_percent", tenth(percent));
        if let Some(age) = line.maybe::<i64>("vacuumed_s") {
            problem.figure("vacuumed_s_ago", age);
            problem.next("If VACUUM leaves them there, vacuum-horizon says what holds it back.");
        }
        match line.text("phase") {
            "" => problem.safe_fix(format!("VACUUM (ANALYZE) {name};")),
            phase => problem.next(format!("VACUUM is at work on it: {phase}.")),
        };
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No table holds many dead tuples.");
}
