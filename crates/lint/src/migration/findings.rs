use howdah_core::{Finding, Severity, Span, human_bytes};
use howdah_rehearse::{LockMode, Work, WorkKind};

use super::{Danger, Letter, Relations, Script, Situation, Step, judge, migration_rules};

/// What the findings of a script rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The text alone.
    Text,
    /// A rehearsal on a server.
    Rehearsal,
}

/// The findings of a script whose steps are known, in the order of its text.
pub fn findings(
    script: &Script<'_>,
    steps: &[Step],
    relations: &dyn Relations,
    basis: Basis,
    major: u16,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = script.problems.iter().map(problem).collect();
    let dangers = judge(steps, relations);
    let has_transactions = script.sentences.iter().any(|sentence| {
        let kind = sentence.parsed.as_ref().map(|statement| statement.kind());
        matches!(kind, Ok(howdah_sql::Kind::Transaction(_)))
    });
    for (number, step) in steps.iter().enumerate() {
        let Some(sentence) = script
            .sentences
            .iter()
            .find(|sentence| sentence.span == step.span)
        else {
            continue;
        };
        let own: Vec<Danger> = dangers
            .iter()
            .filter(|danger| danger.step == number)
            .cloned()
            .collect();
        let (cached, own): (Vec<Danger>, Vec<Danger>) = own
            .into_iter()
            .partition(|danger| danger.letter == Letter::Clients && danger.harmless);
        let span = Span {
            start: step.span.start,
            end: step.span.end,
        };
        if !own.is_empty() {
            let situation = sentence.parsed.as_ref().ok().map(|statement| Situation {
                sentence,
                node: statement.node(),
                effects: &step.effects,
                dangers: &own,
                major,
                is_alone: sentence.wrapped.is_none() && !has_transactions,
            });
            findings.push(finding(
                situation.as_ref(),
                &own,
                script,
                steps,
                relations,
                span,
                basis,
            ));
        }
        if !cached.is_empty() {
            findings.push(cached_plan(&cached, span));
        }
        if own.iter().all(|danger| danger.harmless) {
            findings.extend(step.unsure.iter().map(|message| unsure(message, span)));
        }
        findings.extend(lock_hazard(step, relations, span));
    }
    findings.sort_by_key(|finding| finding.span.map_or(0, |span| span.start));
    findings
}

fn base(code: &str, severity: Severity, span: Span, message: String) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        object: None,
        span: Some(span),
        message,
        evidence: Vec::new(),
        fix: None,
        guide: None,
    }
}

/// psql's own commands, and text without an end.
fn problem(problem: &super::Problem) -> Finding {
    let span = Span {
        start: problem.at,
        end: problem.at + 1,
    };
    let mut finding = base(
        "migration/not-sql",
        Severity::Warning,
        span,
        problem.message.clone(),
    );
    finding.evidence.push(problem.hint.clone());
    finding
}

fn finding(
    situation: Option<&Situation<'_>>,
    own: &[Danger],
    script: &Script<'_>,
    steps: &[Step],
    relations: &dyn Relations,
    span: Span,
    basis: Basis,
) -> Finding {
    let severity = match own.iter().all(|danger| danger.harmless) {
        true => Severity::Note,
        false => Severity::Danger,
    };
    let advice = situation.and_then(|situation| {
        migration_rules()
            .into_iter()
            .find_map(|rule| (rule.advise)(situation).map(|advice| (rule, advice)))
    });
    let mut finding = match advice {
        Some((rule, advice)) => {
            let mut finding = base(rule.code, severity, span, advice.message);
            finding.fix = advice.fix;
            finding.guide = Some(rule.guide.to_owned());
            finding
        }
        None => generic(own, severity, span),
    };
    finding.object = own
        .iter()
        .find_map(|danger| danger.blocked.as_ref())
        .map(ToString::to_string);
    finding.evidence = evidence(own, script, steps, relations);
    if basis == Basis::Rehearsal {
        finding
            .evidence
            .push("Seen on a server, where the script was rehearsed on the target's schema.".to_owned());
    }
    finding
}

/// For what no rule knows: the verdict itself.
fn generic(own: &[Danger], severity: Severity, span: Span) -> Finding {
    let worst = own.iter().find(|danger| !danger.harmless).unwrap_or(&own[0]);
    let (code, message) = match worst.letter {
        Letter::Reads => (
            "migration/blocks-reads",
            format!("While it works, {}.", worst.what),
        ),
        Letter::Writes => (
            "migration/blocks-writes",
            format!("While it works, {}.", worst.what),
        ),
        Letter::Clients => (
            "migration/breaks-clients",
            format!("Statements that worked before fail afterwards: {}.", worst.what),
        ),
        Letter::Loss => ("migration/loses-data", format!("Data are lost: {}.", worst.what)),
        Letter::Fails => ("migration/fails", format!("It fails: {}.", worst.what)),
        Letter::Debris => ("migration/leaves-debris", format!("It leaves {}.", worst.what)),
    };
    base(code, severity, span, message)
}

/// At most so many of the dangers of one statement are listed.
const LISTED: usize = 6;

fn evidence(own: &[Danger], script: &Script<'_>, steps: &[Step], relations: &dyn Relations) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for danger in own {
        let mut line = match danger.letter {
            Letter::Reads | Letter::Writes => danger.what.clone(),
            Letter::Clients => format!("fails afterwards: {}", danger.what),
            Letter::Loss => format!("lost: {}", danger.what),
            Letter::Fails => format!("error: {}", danger.what),
            Letter::Debris => format!("left behind: {}", danger.what),
        };
        if let Some(work) = &danger.work {
            line.push_str(&format!(" while {}", describe(work)));
            if let Some(size) = relations.size(&work.relation) {
                line.push_str(&format!(" ({})", size_and_time(size, work.kind)));
            }
        }
        if let Some(at) = danger.locked_at.and_then(|at| steps.get(at)) {
            let number = line_of(script.text, at.span.start);
            line.push_str(&format!(
                "; the lock is held since the statement in line {number}"
            ));
        }
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let more = lines.len().saturating_sub(LISTED);
    if more > 0 {
        lines.truncate(LISTED);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The line of a byte, counted from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

fn describe(work: &Work) -> String {
    let relation = &work.relation;
    match (work.kind, &work.index) {
        (WorkKind::Scan, _) => format!("all of {relation} is read"),
        (WorkKind::IndexBuild, Some(index)) => {
            format!("index {} on {relation} is built", howdah_sql::quote_ident(index))
        }
        (WorkKind::IndexBuild, None) => format!("an index on {relation} is built"),
        (WorkKind::Rewrite, _) => format!("all of {relation} is written anew"),
        (WorkKind::RowsWritten, _) => format!("rows of {relation} are written"),
        (WorkKind::RowsLocked, _) => format!("rows of {relation} are locked"),
    }
}

/// Bytes per second, at least and at most, from a disk that is slow to one that is fast: heaps
/// that are read, indexes that are built (sorting), heaps that are written with their WAL.
/// Ours, measured on a laptop's and a network disk; the true figure depends on storage, cache and row width.
const SCAN: (f64, f64) = (100e6, 1500e6);
const BUILD: (f64, f64) = (20e6, 150e6);
const REWRITE: (f64, f64) = (15e6, 120e6);

fn size_and_time(size: super::Size, kind: WorkKind) -> String {
    let (bytes, (slow, fast)) = match kind {
        WorkKind::Scan => (size.heap_bytes, SCAN),
        WorkKind::IndexBuild => (size.heap_bytes, BUILD),
        WorkKind::Rewrite | WorkKind::RowsWritten | WorkKind::RowsLocked => (size.total_bytes, REWRITE),
    };
    let rows = size
        .rows
        .map_or_else(String::new, |rows| format!("about {rows:.0} rows, "));
    format!(
        "{rows}{}: {} to {}",
        human_bytes(bytes),
        duration(bytes as f64 / fast),
        duration(bytes as f64 / slow)
    )
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.95 => format!("{:.0} ms", (s * 1000.0).max(1.0)),
        s if s < 119.5 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

fn cached_plan(cached: &[Danger], span: Span) -> Finding {
    let message = "Sessions that are open get one error for each prepared statement on it (\"cached plan must not change result type\"), then go on.";
    let mut finding = base("migration/cached-plan", Severity::Note, span, message.to_owned());
    finding.evidence = cached
        .iter()
        .take(LISTED)
        .map(|danger| danger.what.clone())
        .collect();
    finding
}

fn unsure(message: &str, span: Span) -> Finding {
    base("migration/cannot-know", Severity::Note, span, message.to_owned())
}

/// A lock that blocks, waited for without end: whoever comes after it waits as well, behind the
/// longest transaction that is open just then.
fn lock_hazard(step: &Step, relations: &dyn Relations, span: Span) -> Option<Finding> {
    if step.has_lock_timeout {
        return None;
    }
    let strongest = step
        .effects
        .locks
        .iter()
        .filter(|lock| lock.mode.blocks_writes())
        .max_by_key(|lock| lock.mode)?;
    let mode = match strongest.mode {
        LockMode::Share => "SHARE",
        LockMode::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
        LockMode::Exclusive => "EXCLUSIVE",
        _ => "ACCESS EXCLUSIVE",
    };
    let severity = match relations.is_small(&strongest.relation) {
        true => Severity::Note,
        false => Severity::Warning,
    };
    let mut finding = base(
        "migration/lock-hazard",
        severity,
        span,
        format!(
            "It waits without end for {mode} on {}: behind a transaction that is open there, everybody else's statements queue up.",
            strongest.relation
        ),
    );
    finding.object = Some(strongest.relation.to_string());
    finding.guide = Some("Safe Schema Changes".to_owned());
    finding.fix = Some(howdah_core::Fix {
        sql: "SET lock_timeout = '2s';".to_owned(),
        applicability: howdah_core::Applicability::Unsafe,
    });
    Some(finding)
}
