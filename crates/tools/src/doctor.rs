//! The command `howdah doctor`.

#[path = "doctor/configuration.rs"]
mod configuration;
#[path = "doctor/machine.rs"]
mod machine;
#[path = "doctor/targets.rs"]
mod targets;

use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says what is missing, who can fix it and how: the configuration, PostgreSQL on
/// this machine, Howdah's own directory, and every database that is configured.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct Doctor {}

/// What was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// Whether nothing that is needed is missing.
    pub healthy: bool,
    /// In the order in which they were looked at.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// What was looked at: `postgresql`, `target shop`.
    pub subject: String,
    /// How it is.
    pub status: Status,
    /// What was found, in one sentence.
    pub message: String,
    /// Who can change it, where something should be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// What they would run or write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Something is not available without it.
    Warn,
    /// What was configured does not work.
    Missing,
}

/// Who can change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Whoever runs Howdah.
    You,
    /// Who administers this machine.
    MachineAdministrator,
    /// Who administers the database server.
    DatabaseAdministrator,
}

howdah_core::tool!(Doctor);

impl Tool for Doctor {
    const NAME: &'static str = "doctor";
    const TITLE: &'static str = "Find what is missing";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["doctor"];
    const EXAMPLES: &'static str = "
        howdah doctor          what is missing, who can fix it and how
        howdah doctor --json   the same for a program; exit code 1 if something needed is missing";
    // It tells about the machine: paths, accounts, free room.
    const PERSON_ONLY: bool = true;
    type Out = Diagnosis;

    async fn run(self, cx: &Context) -> Result<Diagnosis> {
        let mut checks = configuration::checks(cx)?;
        checks.extend(
            tokio::task::spawn_blocking(machine::checks)
                .await
                .unwrap_or_default(),
        );
        checks.extend(targets::checks(cx).await?);
        Ok(Diagnosis {
            healthy: checks.iter().all(|check| check.status != Status::Missing),
            checks,
        })
    }
}

impl Check {
    fn new(subject: impl Into<String>, status: Status, message: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            status,
            message: message.into(),
            who: None,
            fix: None,
        }
    }

    fn ok(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(subject, Status::Ok, message)
    }

    fn warn(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(subject, Status::Warn, message)
    }

    fn missing(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(subject, Status::Missing, message)
    }

    fn fix(mut self, who: Who, fix: impl Into<String>) -> Self {
        self.who = Some(who);
        self.fix = Some(fix.into());
        self
    }
}

impl Output for Diagnosis {
    fn report(&self) -> Report {
        let lines: Vec<String> = self.checks.iter().map(Check::lines).collect();
        let count = |status| self.checks.iter().filter(|check| check.status == status).count();
        let end = match (count(Status::Missing), count(Status::Warn)) {
            (0, 0) => "Nothing is missing.".to_owned(),
            (0, warnings) => format!("Nothing needed is missing; {warnings} could be better."),
            (missing, _) => format!("{missing} needed, and missing."),
        };
        Report::new().code(lines.join("\n")).text(end)
    }

    fn summary(&self) -> String {
        let bad: Vec<&str> = self
            .checks
            .iter()
            .filter(|check| check.status != Status::Ok)
            .map(|check| check.message.as_str())
            .collect();
        match bad.as_slice() {
            [] => "Nothing is missing.".to_owned(),
            bad => bad.join("\n"),
        }
    }

    fn exit_code(&self) -> u8 {
        u8::from(!self.healthy)
    }
}

impl Check {
    fn lines(&self) -> String {
        let mark = match self.status {
            Status::Ok => "ok      ",
            Status::Warn => "warn    ",
            Status::Missing => "MISSING ",
        };
        let mut text = format!("{mark} {}: {}", self.subject, self.message);
        if let Some(fix) = &self.fix {
            let who = match self.who {
                Some(Who::MachineAdministrator) => "the administrator of this machine",
                Some(Who::DatabaseAdministrator) => "the administrator of the database",
                Some(Who::You) | None => "you",
            };
            text.push_str(&format!("\n         {who}: {}", fix.replace('\n', "\n         ")));
        }
        text
    }
}
