use howdah_checks::{CheckResult, Problem, Status};
use howdah_core::{Applicability, Report};

use super::{Counts, Health, TargetHealth};

/// Problems of a check that are shown; all that there are stand in the JSON.
const PROBLEMS_SHOWN: usize = 5;

/// The summary first, then what is wrong, the worst first, then what could not be looked at.
pub(super) fn of(health: &Health) -> Report {
    let mut report = Report::new().text(summary(health));
    let several = !health.targets.is_empty();
    for target in health.each() {
        if several {
            report = report.heading(&target.target);
        }
        if let Some(error) = &target.error {
            report = report.text(error);
        }
        for check in target.checks.iter().filter(|check| check.status >= Status::Warn) {
            report = self::check(report, check);
        }
        let rows = target
            .checks
            .iter()
            .filter_map(|check| Some((check, check.skipped.as_ref()?)))
            .map(|(check, skip)| vec![check.code.clone(), skip.reason.clone(), skip.who.clone()])
            .collect();
        report = report.table(&["Skipped", "Why", "Who can change that"], rows);
        let well: Vec<&str> = target
            .checks
            .iter()
            .filter(|check| check.status == Status::Ok)
            .map(|check| check.code.as_str())
            .collect();
        if !well.is_empty() && !several {
            report = report.text(format!("Nothing is wrong with: {}.", well.join(", ")));
        }
    }
    report
}

/// In some lines: how it is, and the worst.
pub(super) fn summary(health: &Health) -> String {
    let mut lines = Vec::new();
    for target in health.each() {
        lines.push(line(target));
    }
    let worst = health.each().flat_map(|target| &target.checks);
    let wrong = worst.filter(|check| check.status == Status::Critical).take(5);
    lines.extend(wrong.map(|check| format!("{}: {}", check.code, check.message)));
    lines.join("\n")
}

fn line(target: &TargetHealth) -> String {
    let name = match &target.database {
        Some(database) => format!("{} (database {database})", target.target),
        None => target.target.clone(),
    };
    if let Some(error) = &target.error {
        return format!("{name}: could not be looked at: {}", error.lines().next().unwrap_or_default());
    }
    let mut line = format!("{name}: {}", counted(target.counts()));
    if let Some(age) = target.statistics_age_s {
        line.push_str(&format!("; counters of use count since {}", days(age)));
    }
    line.push('.');
    line
}

fn counted(counts: Counts) -> String {
    let parts = [
        (counts.critical, "critical"),
        (counts.warn, "to look at"),
        (counts.ok, "ok"),
        (counts.skipped, "skipped"),
    ];
    let told: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    match told.is_empty() {
        true => "nothing was looked at".to_owned(),
        false => told.join(", "),
    }
}

fn days(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s ago", seconds.max(0)),
        120..7200 => format!("{} minutes ago", seconds / 60),
        7200..172_800 => format!("{} hours ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

fn check(report: Report, check: &CheckResult) -> Report {
    let word = match check.status {
        Status::Critical => "CRITICAL",
        _ => "warn",
    };
    let mut report = report.heading(format!("{word}  {}  [{}]", check.title, check.code));
    for problem in check.problems.iter().take(PROBLEMS_SHOWN) {
        report = report.text(text(problem));
    }
    let more = check.left_out + check.problems.len().saturating_sub(PROBLEMS_SHOWN) as u64;
    if more > 0 {
        report = report.text(format!("There are {more} more of these; --json names up to 20."));
    }
    report
}

/// A problem, what it rests on, and what mends it.
pub(crate) fn text(problem: &Problem) -> String {
    let mut text = problem.message.clone();
    for name in ["query", "last_query", "first_waiting_query"] {
        if let Some(query) = problem.figures.get(name).and_then(serde_json::Value::as_str)
            && !query.is_empty()
        {
            text.push_str(&format!("\n  {}: {query}", name.replace('_', " ")));
        }
    }
    if let Some(fix) = &problem.fix {
        let how = match fix.applicability {
            Applicability::Safe => "fix",
            Applicability::Unsafe => "fix, if you agree",
            Applicability::Display => "for example",
        };
        text.push_str(&format!("\n  {how}:"));
        for line in fix.sql.lines() {
            text.push_str(&format!("\n      {line}"));
        }
    }
    if let Some(next) = &problem.next {
        text.push_str(&format!("\n  next: {next}"));
    }
    text
}
