use std::collections::BTreeSet;

use howdah_core::Fix;
use howdah_pg::{Connection, PgError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::check::{Check, check_named};
use crate::outside::{self, Outside};
use crate::pass::examine;
use crate::settings::Settings;
use crate::verdict::{CheckResult, Status};

/// A symptom, and the steps that lead from there to its causes. One file in `src/sequences` registers one.
pub struct Sequence {
    /// The name of its file, with dashes: what `howdah diagnose` takes.
    pub symptom: &'static str,
    /// What is diagnosed, as a heading says it.
    pub title: &'static str,
    /// The section of the guide that it comes from or corrects.
    pub guide: &'static str,
    /// The checks, by code, that see the symptom itself and not what may lead to it. Empty where only
    /// clients can tell: that they find queries slow, or cannot connect.
    pub shown_by: &'static [&'static str],
    /// The steps, in the order in which they are walked.
    pub steps: &'static [Step],
}

/// A question on the way.
#[derive(Clone, Copy)]
pub struct Step {
    /// The question.
    pub title: &'static str,
    /// The checks that answer it, by code.
    pub checks: &'static [&'static str],
    /// What it means for the symptom if one of them finds something.
    pub cause: &'static str,
    /// How directly that explains the symptom, from 0 to 100: ranks causes that are equally bad.
    pub weight: u8,
    /// The command to run next; empty where the check's own fix says it.
    pub next: &'static str,
    /// Why the question need not be asked, given what is known.
    pub ruled_out: fn(&Results<'_>) -> Option<String>,
}

impl Step {
    /// What most steps have in common.
    pub const NEW: Self = Self {
        title: "",
        checks: &[],
        cause: "",
        weight: 50,
        next: "",
        ruled_out: |_| None,
    };
}

inventory::collect!(Sequence);

/// Every sequence, sorted by symptom.
pub fn sequences() -> Vec<&'static Sequence> {
    let mut all: Vec<&Sequence> = inventory::iter::<Sequence>().collect();
    all.sort_by_key(|sequence| sequence.symptom);
    all
}

/// The sequence for a symptom, as a person may write it: `slow queries`, `Slow_Queries`.
pub fn sequence_named(symptom: &str) -> Option<&'static Sequence> {
    let words = symptom.trim().to_lowercase().replace(['_', ' '], "-");
    sequences().into_iter().find(|sequence| sequence.symptom == words)
}

/// What the checks found.
pub struct Results<'a>(&'a [CheckResult]);

impl Results<'_> {
    /// The result of a check.
    pub fn of(&self, code: &str) -> Option<&CheckResult> {
        self.0.iter().find(|result| result.code == code)
    }

    /// A figure of a check as a whole.
    pub fn figure(&self, code: &str, name: &str) -> Option<f64> {
        self.of(code)?.figures.get(name)?.as_f64()
    }

    /// Whether a check was made, whatever it found.
    pub fn was_made(&self, code: &str) -> bool {
        self.of(code).is_some_and(|result| result.status >= Status::Ok)
    }
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepVerdict {
    /// Nothing is wrong there.
    Clear,
    /// A cause was found.
    Found,
    /// It could not be looked at.
    Skipped,
    /// The evidence makes the question superfluous.
    RuledOut,
}

/// A step that was walked.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StepResult {
    /// The question.
    pub step: String,
    /// The answer.
    pub verdict: StepVerdict,
    /// In a sentence.
    pub message: String,
}

/// What may have caused the symptom.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Cause {
    /// What it means.
    pub cause: String,
    /// How bad it is.
    pub status: Status,
    /// What it rests on.
    pub evidence: Vec<String>,
    /// The check that found it, or the part of connecting that failed.
    pub code: String,
    /// The object or session that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// SQL that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// The next command, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    #[serde(skip)]
    #[schemars(skip)]
    weight: u8,
}

impl Cause {
    pub(crate) fn new(
        code: &str,
        cause: &str,
        status: Status,
        evidence: Vec<String>,
        next: Option<String>,
        weight: u8,
    ) -> Self {
        Self {
            cause: cause.to_owned(),
            status,
            evidence,
            code: code.to_owned(),
            object: None,
            fix: None,
            next,
            weight,
        }
    }
}

/// What a sequence came to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// The symptom.
    pub symptom: String,
    /// In one sentence.
    pub summary: String,
    /// Whether the symptom shows at this moment; absent where the server cannot tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shows: Option<bool>,
    /// The causes, the likeliest first.
    pub causes: Vec<Cause>,
    /// What was asked, in order.
    pub steps: Vec<StepResult>,
    /// Seconds that the counters behind the figures have been counting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistics_age_s: Option<i64>,
}

/// Pieces of evidence that a cause shows.
const EVIDENCE_MAX: usize = 5;

/// From this weight on a cause explains its symptom by itself. What weighs less and is but a warning (a timeout
/// that is not set, a setting for memory) is worth a look, and is not called the likeliest cause.
const EXPLAINS: u8 = 60;

/// Walks a sequence: first what was seen from outside, if anything, then the steps inside, for which
/// all checks are made in one pass. Without a connection the steps inside are skipped.
pub async fn diagnose(
    connection: Option<&mut Connection>,
    sequence: &Sequence,
    seen_outside: &[Outside],
    settings: &Settings,
) -> Result<Diagnosis, PgError> {
    let mut steps: Vec<StepResult> = seen_outside.iter().map(outside::step).collect();
    let mut causes: Vec<Cause> = seen_outside.iter().filter_map(outside::cause).collect();
    let mut statistics_age_s = None;
    let mut shown = Shown::Untold;
    match connection {
        None => steps.extend(sequence.steps.iter().map(|step| StepResult {
            step: step.title.to_owned(),
            verdict: StepVerdict::Skipped,
            message: "There is no connection over which to ask.".to_owned(),
        })),
        Some(connection) => {
            let pass = examine(connection, &checks_of(sequence), settings).await?;
            statistics_age_s = Some(pass.place.counted_s);
            let results = Results(&pass.results);
            shown = Shown::by(sequence, &results);
            for step in sequence.steps {
                steps.push(walk(step, &results, &mut causes));
            }
        }
    }
    // The sort is stable: among equals the order of the steps decides.
    causes.sort_by(|a, b| b.status.cmp(&a.status).then(b.weight.cmp(&a.weight)));
    Ok(Diagnosis {
        symptom: sequence.symptom.to_owned(),
        summary: summary(&shown, &causes, &steps),
        shows: match shown {
            Shown::Now => Some(true),
            Shown::Absent(_) => Some(false),
            Shown::Untold => None,
        },
        causes,
        steps,
        statistics_age_s,
    })
}

fn checks_of(sequence: &Sequence) -> Vec<&'static Check> {
    let codes: BTreeSet<&str> = sequence
        .steps
        .iter()
        .flat_map(|step| step.checks)
        .copied()
        .collect();
    codes.into_iter().filter_map(check_named).collect()
}

fn walk(step: &Step, results: &Results<'_>, causes: &mut Vec<Cause>) -> StepResult {
    let told = |verdict, message: String| StepResult {
        step: step.title.to_owned(),
        verdict,
        message,
    };
    if let Some(reason) = (step.ruled_out)(results) {
        return told(StepVerdict::RuledOut, reason);
    }
    let of_step: Vec<&CheckResult> = step.checks.iter().filter_map(|code| results.of(code)).collect();
    let found: Vec<&CheckResult> = of_step
        .iter()
        .copied()
        .filter(|result| result.status >= Status::Warn)
        .collect();
    for result in &found {
        let first = result.problems.first();
        causes.push(Cause {
            cause: step.cause.to_owned(),
            status: result.status,
            evidence: evidence(result),
            code: result.code.clone(),
            object: first.and_then(|problem| problem.object.clone()),
            fix: first.and_then(|problem| problem.fix.clone()),
            next: match step.next {
                "" => first.and_then(|problem| problem.next.clone()),
                next => Some(next.to_owned()),
            },
            weight: step.weight,
        });
    }
    let messages = |results: &[&CheckResult]| {
        let messages: Vec<&str> = results.iter().map(|result| result.message.as_str()).collect();
        messages.join(" ")
    };
    if !found.is_empty() {
        return told(StepVerdict::Found, messages(&found));
    }
    let looked: Vec<&CheckResult> = of_step
        .iter()
        .copied()
        .filter(|result| result.status == Status::Ok)
        .collect();
    match looked.is_empty() {
        true => told(StepVerdict::Skipped, messages(&of_step)),
        false => told(StepVerdict::Clear, messages(&looked)),
    }
}

fn evidence(result: &CheckResult) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for problem in result.problems.iter().take(EVIDENCE_MAX) {
        let query = ["query", "last_query"]
            .iter()
            .find_map(|name| problem.figures.get(*name)?.as_str());
        lines.push(match query {
            Some(query) if !query.is_empty() => format!("{} {query}", problem.message),
            _ => problem.message.clone(),
        });
    }
    lines
}

/// Whether the symptom itself is there.
enum Shown {
    /// A check sees it.
    Now,
    /// It is not there, in the words of the first check that looked.
    Absent(String),
    /// The server cannot tell, or could not be asked.
    Untold,
}

impl Shown {
    fn by(sequence: &Sequence, results: &Results<'_>) -> Self {
        let looked: Vec<&CheckResult> = sequence
            .shown_by
            .iter()
            .filter_map(|code| results.of(code))
            .filter(|result| result.status >= Status::Ok)
            .collect();
        if looked.is_empty() {
            return Self::Untold;
        }
        if looked.iter().any(|result| result.status >= Status::Warn) {
            return Self::Now;
        }
        Self::Absent(looked[0].message.clone())
    }
}

fn summary(shown: &Shown, causes: &[Cause], steps: &[StepResult]) -> String {
    let skipped = steps
        .iter()
        .filter(|step| step.verdict == StepVerdict::Skipped)
        .count();
    let unseen = match skipped {
        0 => String::new(),
        1 => " 1 step could not be looked at.".to_owned(),
        _ => format!(" {skipped} steps could not be looked at."),
    };
    match (shown, causes) {
        (Shown::Absent(seen), []) => format!("It does not show now: {seen} No cause was found.{unseen}"),
        (Shown::Absent(seen), [first, ..]) => {
            format!(
                "It does not show now: {seen} What could lead to it: {}{unseen}",
                first.cause
            )
        }
        (_, []) => format!("No cause was found.{unseen}"),
        (_, [first, ..]) if first.status < Status::Critical && first.weight < EXPLAINS => {
            format!(
                "Nothing explains it by itself. Worth a look: {}{unseen}",
                first.cause
            )
        }
        (_, [first, ..]) => format!("Most likely: {}{unseen}", first.cause),
    }
}
