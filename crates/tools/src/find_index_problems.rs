use howdah_advise::problems::{self, IndexProblems};
use howdah_core::{Applicability, Context, Effect, Output, Report, Result, Severity, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::target_session;

/// Finds what is wrong with the indexes that are there: invalid, duplicate, the beginning of another, never read,
/// bloated, larger than their table; and foreign keys that have none.
///
/// Each problem names the index, its size, what it rests on and the SQL that mends it; what drops an index comes with
/// the DDL that brings it back. Indexes that a constraint or replication needs are never called superfluous. Nothing
/// is changed.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct FindIndexProblems {
    /// Only these schemas.
    #[arg(long = "schema", value_name = "NAME", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<String>,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

howdah_core::tool!(FindIndexProblems);

impl Tool for FindIndexProblems {
    const NAME: &'static str = "find_index_problems";
    const TITLE: &'static str = "Find index problems";
    const TOOLSET: Toolset = Toolset::Build;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["index", "problems"];
    const EXAMPLES: &'static str = "
        howdah index problems                   what is wrong, and how to mend it
        howdah index problems --schema sales    in one schema
        howdah index problems --json            with the DDL that undoes each fix";
    type Out = Problems;

    async fn run(self, cx: &Context) -> Result<Problems> {
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        Ok(Problems(problems::find(&mut session, &self.schemas).await?))
    }
}

/// What is wrong with the indexes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Problems(pub IndexProblems);

impl Problems {
    fn counted(&self) -> String {
        let IndexProblems { problems, indexes, statistics, database, .. } = &self.0;
        let grave = problems.iter().filter(|one| one.finding.severity >= Severity::Warning).count();
        format!(
            "{} with {} of {database}, {grave} of them to be looked at. Counters of use count since {}.",
            howdah_core::counted(problems.len(), "problem"),
            howdah_core::counted(indexes, "index"),
            howdah_core::counted(statistics.counted_days, "day")
        )
    }
}

impl Output for Problems {
    fn report(&self) -> Report {
        let mut report = Report::new();
        for problem in &self.0.problems {
            let finding = &problem.finding;
            let severity = match finding.severity {
                Severity::Danger => "DANGER",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let mut text = format!("{severity}  {}\n  {}", finding.code, finding.message);
            for fact in &finding.evidence {
                text.push_str(&format!("\n  · {fact}"));
            }
            if let Some(fix) = &finding.fix {
                let how = match fix.applicability {
                    Applicability::Safe => "fix",
                    Applicability::Unsafe => "fix, if you agree",
                    Applicability::Display => "for example",
                };
                text.push_str(&format!("\n  {how}: {}", fix.sql));
            }
            if let Some(undo) = &problem.undo {
                text.push_str(&format!("\n  undo: {undo}"));
            }
            report = report.text(text);
        }
        for note in &self.0.notes {
            report = report.text(note.clone());
        }
        report.text(self.counted())
    }

    fn summary(&self) -> String {
        let mut summary = self.counted();
        for problem in self.0.problems.iter().take(5) {
            summary.push_str(&format!("\n{}", problem.finding.message));
        }
        for note in &self.0.notes {
            summary.push_str(&format!("\n{note}"));
        }
        summary
    }
}
