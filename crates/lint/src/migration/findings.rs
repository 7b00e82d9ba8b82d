use howdah_core::{Finding, Severity, Span};
use howdah_rehearse::{LockMode, Work, WorkKind};

use super::pace::Pace;
use super::{Danger, Letter, MigrationRule, Relations, Script, Situation, Step, judge, migration_rules};

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
    let lines = Lines::of(script.text);
    let rules = migration_rules();
    let has_transactions = script.sentences.iter().any(|sentence| {
        let kind = sentence.parsed.as_ref().map(|statement| statement.kind());
        matches!(kind, Ok(howdah_sql::Kind::Transaction(_)))
    });
    for (number, step) in steps.iter().enumerate() {
        let Some(sentence) = script.sentence_at(&step.span) else {
            continue;
        };
        // They are in the order of the steps.
        let first = dangers.partition_point(|danger| danger.step < number);
        let own = dangers[first..].iter().take_while(|danger| danger.step == number);
        let (cached, own): (Vec<Danger>, Vec<Danger>) = own
            .cloned()
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
                &Surrounding {
                    rules: &rules,
                    lines: &lines,
                    steps,
                    relations,
                },
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

/// What the findings of a script have in common.
struct Surrounding<'a> {
    rules: &'a [&'static MigrationRule],
    lines: &'a Lines,
    steps: &'a [Step],
    relations: &'a dyn Relations,
}

fn finding(
    situation: Option<&Situation<'_>>,
    own: &[Danger],
    around: &Surrounding<'_>,
    span: Span,
    basis: Basis,
) -> Finding {
    let severity = match own.iter().all(|danger| danger.harmless) {
        true => Severity::Note,
        false => Severity::Danger,
    };
    let advice = situation.and_then(|situation| {
        let mut rules = around.rules.iter();
        rules.find_map(|rule| (rule.advise)(situation).map(|advice| (rule, advice)))
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
    finding.evidence = evidence(own, around);
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

fn evidence(own: &[Danger], around: &Surrounding<'_>) -> Vec<String> {
    let pace = Pace::of(around.relations.reads());
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
            if let Some(size) = around.relations.size(&work.relation) {
                line.push_str(&format!(" ({})", pace.size_and_time(size, work.kind)));
            }
        }
        if let Some(at) = danger.locked_at.and_then(|at| around.steps.get(at)) {
            let number = around.lines.of_byte(at.span.start);
            line.push_str(&format!(
                "; the lock is held since the statement in line {number}"
            ));
        }
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let is_sized = |danger: &Danger| {
        let work = danger.work.as_ref();
        work.is_some_and(|work| around.relations.size(&work.relation).is_some())
    };
    let basis = own.iter().any(is_sized).then(|| pace.basis());
    let unlisted: usize = own.iter().map(|danger| danger.more).sum();
    let more = lines.len().saturating_sub(LISTED) + unlisted;
    if more > 0 {
        lines.truncate(LISTED);
        lines.push(format!("and {more} more"));
    }
    lines.extend(basis);
    lines
}

/// Where the lines of a text start.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// The line of a byte, counted from 1.
    fn of_byte(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at) + 1
    }
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
