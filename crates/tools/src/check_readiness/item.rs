//! What an item of the checklist is, and what it answers.

use schemars::JsonSchema;
use serde::Serialize;

use super::gathered::Gathered;

/// A part of the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Tables, keys, types.
    Schema,
    /// Those that are there, and those that are missing.
    Indexes,
    /// What the database runs on.
    Infrastructure,
    /// Whether anybody sees what goes wrong.
    Monitoring,
    /// How clients come to it.
    Connections,
    /// The way back.
    Backup,
    /// The way on.
    Failover,
}

impl Section {
    /// As a heading says it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Schema => "Schema",
            Self::Indexes => "Indexes",
            Self::Infrastructure => "Infrastructure",
            Self::Monitoring => "Monitoring",
            Self::Connections => "Connections",
            Self::Backup => "Backup",
            Self::Failover => "Failover",
        }
    }
}

/// How an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is as it has to be.
    Pass,
    /// It could not be looked at, or does not apply.
    Skipped,
    /// To be looked at before production, and no reason to stop it.
    Warn,
    /// Not ready.
    Fail,
}

impl Verdict {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skipped => "skipped",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What an item answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// How it is.
    pub verdict: Verdict,
    /// One sentence; of what was skipped, why.
    pub message: String,
    /// What it rests on, a line each.
    pub evidence: Vec<String>,
    /// What mends it: a command or SQL, to be copied.
    pub fix: Option<String>,
}

/// Lines of evidence, and statements of a fix, that are told; how many more there are is told too.
pub(crate) const TOLD: usize = 5;

impl Answer {
    /// It is as it has to be.
    pub(crate) fn pass(message: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, message)
    }

    /// To be looked at.
    pub(crate) fn warn(message: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, message)
    }

    /// Not ready.
    pub(crate) fn fail(message: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, message)
    }

    /// It could not be looked at, for this reason.
    pub(crate) fn skipped(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, reason)
    }

    /// With what it rests on.
    #[must_use]
    pub(crate) fn evidence(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    /// With what mends it.
    #[must_use]
    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    pub(crate) fn new(verdict: Verdict, message: impl Into<String>) -> Self {
        Self { verdict, message: message.into(), evidence: Vec::new(), fix: None }
    }
}

/// One line of the checklist. One file in `items/` is one, its page in the `.md` beside it: documentation, and test.
pub(crate) struct Item {
    /// The name of its file, with hyphens.
    pub code: &'static str,
    /// What has to be so.
    pub title: &'static str,
    /// Where it stands.
    pub section: Section,
    /// The section of the guide that it comes from or corrects.
    pub guide: &'static str,
    /// Judges what was gathered; asks nothing.
    pub judge: fn(&Gathered) -> Answer,
}
