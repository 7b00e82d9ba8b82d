use howdah_checks::Status;
use howdah_core::{Error, Result};
use howdah_notify::{Silence, Steady};
use serde::Deserialize;

use crate::watched::length;

/// A rule: a section `[triggers.NAME]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it looks at.
    pub on: On,
    /// Which checks; all of them if none is named.
    #[serde(default)]
    pub checks: Vec<String>,
    /// From which status of a check on: `warn` or `critical`, which it is if not given.
    #[serde(default)]
    pub status: Option<Level>,
    /// Of `load`: more sessions at work than this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Of `load`: on average over this length of time.
    #[serde(default = "five_minutes")]
    pub over: String,
    /// Of `growth`: a limit is nearer than so many days.
    #[serde(default = "thirty")]
    pub days: i64,
    /// Which targets; all that are watched if none is named.
    #[serde(default)]
    pub targets: Vec<String>,
    /// How long it must last before it is told; at once if not given.
    #[serde(default)]
    pub after: Option<String>,
    /// How long it must have been away before it is over.
    #[serde(default = "five_minutes")]
    pub over_after: String,
    /// After how long it is told again while it lasts; never if not given.
    #[serde(default)]
    pub again: Option<String>,
    /// When nobody wants to be told: `22:00-06:00`, `sat`, `sun 08:00-20:00`, in UTC.
    #[serde(default)]
    pub silence: Vec<String>,
    /// The channels.
    pub notify: Vec<String>,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// The checks of `howdah health`.
    Check,
    /// Whether the server can be reached.
    Lost,
    /// Sessions at work, from the history.
    Load,
    /// Statements that became slower, from the history.
    Regression,
    /// The day on which a limit is reached, from the history.
    Growth,
}

/// From which status on a check counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Something is to be looked at.
    Warn,
    /// Something fails, or soon will.
    Critical,
}

impl On {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Lost => "lost",
            Self::Load => "load",
            Self::Regression => "regression",
            Self::Growth => "growth",
        }
    }
}

impl Rule {
    /// What of it cannot be understood.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let named = |error: Error| Error {
            message: format!("[triggers.{name}]: {}", error.message),
            ..error
        };
        for text in [Some(&self.over), self.after.as_ref(), Some(&self.over_after), self.again.as_ref()].into_iter().flatten() {
            length(text).map_err(named)?;
        }
        for text in &self.silence {
            Silence::parse(text).map_err(named)?;
        }
        if self.on == On::Load && self.above.is_none() {
            return Err(named(Error::invalid("Load is compared with something: above = 8.")));
        }
        if self.notify.is_empty() {
            return Err(named(Error::invalid("Nobody is told: notify = [\"NAME\"].")));
        }
        if let Some(unknown) = self.checks.iter().find(|code| howdah_checks::check_named(code).is_none()) {
            return Err(named(Error::invalid(format!("There is no check {unknown}."))
                .hint("`howdah health --json` names all of them.")));
        }
        Ok(())
    }

    /// Whether it looks at that target.
    pub(crate) fn is_about(&self, target: &str) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|own| own == target)
    }

    pub(super) fn is_silent(&self, at_s: i64) -> bool {
        self.silence.iter().filter_map(|text| Silence::parse(text).ok()).any(|silence| silence.covers(at_s))
    }

    pub(super) fn steady(&self) -> Steady {
        let seconds = |text: &str| length(text).unwrap_or(0);
        Steady::new(
            self.after.as_deref().map_or(0, seconds),
            seconds(&self.over_after),
            self.again.as_deref().map_or(0, seconds),
        )
    }

    pub(super) fn least(&self) -> Status {
        match self.status {
            Some(Level::Warn) => Status::Warn,
            Some(Level::Critical) | None => Status::Critical,
        }
    }
}

fn five_minutes() -> String {
    "5m".to_owned()
}

fn thirty() -> i64 {
    30
}
