use std::collections::BTreeMap;

use howdah_core::{Applicability, Fix};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::check::Check;
use crate::place::{Change, Place};
use crate::settings::Settings;

/// Problems that a result names; there may be more.
const PROBLEMS_MAX: usize = 20;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It could not be looked at.
    Skipped,
    /// Nothing is wrong.
    Ok,
    /// To be looked at.
    Warn,
    /// Something fails, or soon will.
    Critical,
}

impl Status {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Critical => "critical",
        }
    }
}

/// Why something was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skip {
    /// Why.
    pub reason: String,
    /// Who can change that, and how.
    pub who: String,
}

impl Skip {
    /// A reason, and who can change it.
    pub fn new(reason: impl Into<String>, who: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            who: who.into(),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Problem {
    /// `warn` or `critical`.
    pub status: Status,
    /// One sentence.
    pub message: String,
    /// The object or session that it is about, quoted as SQL would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What it rests on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, Value>,
    /// SQL that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// What to do where no SQL does it, or the command to run next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Problem {
    /// It is about this.
    pub fn object(&mut self, object: impl Into<String>) -> &mut Self {
        self.object = Some(object.into());
        self
    }

    /// A figure that it rests on.
    pub fn figure(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.figures.insert(name.to_owned(), value.into());
        self
    }

    /// SQL that does strictly what is missing.
    pub fn safe_fix(&mut self, sql: impl Into<String>) -> &mut Self {
        self.fix(sql, Applicability::Safe)
    }

    /// SQL to run if a person agrees.
    pub fn unsafe_fix(&mut self, sql: impl Into<String>) -> &mut Self {
        self.fix(sql, Applicability::Unsafe)
    }

    /// How a setting has to be, as the server's provider lets it be changed.
    pub fn setting(&mut self, place: &Place, name: &str, value: &str) -> &mut Self {
        match place.set(name, value) {
            Change::Sql(sql) => self.unsafe_fix(sql),
            Change::Words(words) => self.next(words),
        }
    }

    /// What to do next.
    pub fn next(&mut self, next: impl Into<String>) -> &mut Self {
        self.next = Some(next.into());
        self
    }

    fn fix(&mut self, sql: impl Into<String>, applicability: Applicability) -> &mut Self {
        self.fix = Some(Fix {
            sql: sql.into(),
            applicability,
        });
        self
    }
}

/// A verdict that is being drawn.
#[derive(Debug, Default)]
pub struct Verdict {
    message: String,
    figures: BTreeMap<String, Value>,
    problems: Vec<Problem>,
    more: u64,
    skipped: Option<Skip>,
}

impl Verdict {
    /// What is said where nothing is wrong.
    pub fn say(&mut self, message: impl Into<String>) -> &mut Self {
        self.message = message.into();
        self
    }

    /// A figure of the whole.
    pub fn figure(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.figures.insert(name.to_owned(), value.into());
        self
    }

    /// Something to be looked at.
    pub fn warn(&mut self, message: impl Into<String>) -> &mut Problem {
        self.problem(Status::Warn, message)
    }

    /// Something that fails, or soon will.
    pub fn critical(&mut self, message: impl Into<String>) -> &mut Problem {
        self.problem(Status::Critical, message)
    }

    /// Critical from `critical` on, else a warning.
    pub fn weigh(&mut self, value: f64, critical: f64, message: impl Into<String>) -> &mut Problem {
        let status = if value >= critical {
            Status::Critical
        } else {
            Status::Warn
        };
        self.problem(status, message)
    }

    /// Problems that the server knows of beyond those that it was asked to name.
    pub fn more(&mut self, count: u64) {
        self.more = count;
    }

    /// It could not be looked at after all.
    pub fn skip(&mut self, reason: impl Into<String>, who: impl Into<String>) {
        self.skipped = Some(Skip::new(reason, who));
    }

    fn problem(&mut self, status: Status, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem {
            status,
            message: message.into(),
            object: None,
            figures: BTreeMap::new(),
            fix: None,
            next: None,
        });
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    pub(crate) fn finish(mut self, check: &Check, settings: &Settings, place: &Place) -> CheckResult {
        // The sort is stable: the server gave the worst first.
        self.problems
            .sort_by_key(|problem| std::cmp::Reverse(problem.status));
        let status = match (&self.skipped, self.problems.first()) {
            (_, Some(worst)) => worst.status,
            (Some(_), None) => Status::Skipped,
            (None, None) => Status::Ok,
        };
        if place.is_standby {
            for fix in self
                .problems
                .iter_mut()
                .filter_map(|problem| problem.fix.as_mut())
            {
                on_the_primary(fix);
            }
        }
        let known = self.problems.len() as u64;
        self.problems.truncate(PROBLEMS_MAX);
        let left_out = known.max(self.more) - self.problems.len() as u64;
        let message = match self.problems.as_slice() {
            [] => match &self.skipped {
                Some(skipped) => skipped.reason.clone(),
                None => self.message,
            },
            [only] if left_out == 0 => only.message.clone(),
            [first, rest @ ..] => format!(
                "{} There are {} more.",
                first.message,
                rest.len() as u64 + left_out
            ),
        };
        let thresholds = check.thresholds.iter().map(|threshold| {
            let value = settings.threshold(check.code, threshold);
            (threshold.name.to_owned(), value)
        });
        CheckResult {
            code: check.code.to_owned(),
            title: check.title.to_owned(),
            status,
            message,
            figures: self.figures,
            problems: self.problems,
            left_out,
            thresholds: thresholds.collect(),
            statistics_age_s: check.counts.then_some(place.counted_s),
            skipped: self.skipped,
            guide: check.guide.to_owned(),
        }
    }
}

/// A standby's own are its sessions, its slots and its configuration.
fn on_the_primary(fix: &mut Fix) {
    let is_own = ["SELECT ", "ALTER SYSTEM "]
        .iter()
        .any(|own| fix.sql.starts_with(own));
    if !is_own {
        fix.sql.insert_str(0, "-- on the primary:\n");
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CheckResult {
    /// Which check.
    pub code: String,
    /// What was looked at.
    pub title: String,
    /// How it is.
    pub status: Status,
    /// One sentence.
    pub message: String,
    /// What it rests on as a whole.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, Value>,
    /// What is wrong, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// How many problems are not among them.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// From which figures on something is wrong.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, f64>,
    /// Seconds that the counters behind the figures have been counting, where they rest on counters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistics_age_s: Option<i64>,
    /// Why it, or a part of it, could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skip>,
    /// The section of the guide.
    pub guide: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
