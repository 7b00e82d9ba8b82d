use howdah_checks::{
    Cause, Diagnosis, Settings, Status, StepResult, StepVerdict, diagnose, outside, sequence_named, sequences,
};
use howdah_core::{Caller, Config, Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{check_health, target_session};

/// Walks from a symptom to its causes: slow-queries, connection-failures, storage-growth, schema-migrations,
/// query-regression, replication-lag, high-cpu, lock-pile-ups or vacuum-not-keeping-up.
///
/// The steps are always the same, and skip what the evidence rules out. The causes are ranked, each with its evidence
/// and what to do next. Connection failures start from outside: name, port, encryption, login. Nothing is changed.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct Diagnose {
    /// What is wrong: slow-queries, connection-failures, storage-growth, schema-migrations, query-regression,
    /// replication-lag, high-cpu, lock-pile-ups, vacuum-not-keeping-up.
    #[arg(value_name = "SYMPTOM")]
    pub symptom: String,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// What the sequence came to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Diagnosed(pub Diagnosis);

howdah_core::tool!(Diagnose);

/// The one symptom that is looked at from outside first.
const FROM_OUTSIDE: &str = "connection-failures";

impl Tool for Diagnose {
    const NAME: &'static str = "diagnose";
    const TITLE: &'static str = "Diagnose a symptom";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["diagnose"];
    const EXAMPLES: &'static str = "
        howdah diagnose slow-queries                   why queries are slow, on the default target
        howdah diagnose connection-failures --json     works with a server that cannot be reached, too
        howdah --target prod diagnose lock-pile-ups    who blocks whom on another target";
    type Out = Diagnosed;

    async fn run(self, cx: &Context) -> Result<Diagnosed> {
        match self.walk(cx).await {
            Err(error)
                if matches!(cx.caller, Caller::Person { .. })
                    && !matches!(error.kind, ErrorKind::Cancelled | ErrorKind::Invalid) =>
            {
                Err(Error {
                    kind: ErrorKind::Local,
                    ..error
                })
            }
            result => result,
        }
    }
}

impl Diagnose {
    async fn walk(self, cx: &Context) -> Result<Diagnosed> {
        let settings: Settings = cx.get::<Config>()?.section("health")?;
        settings.known()?;
        let sequence = sequence_named(&self.symptom).ok_or_else(|| unknown(&self.symptom))?;
        let (target, database) = (self.target.as_deref(), self.database.as_deref());
        if sequence.symptom != FROM_OUTSIDE {
            let (_, mut connection) = check_health::connect(cx, target, database).await?;
            return Ok(Diagnosed(diagnose(Some(&mut connection), sequence, &[], &settings).await?));
        }
        let target = target_session::resolve(cx, target, database).await?;
        let (parts, mut connection) = outside::look(&target.conninfo, target.connect()).await;
        Ok(Diagnosed(
            diagnose(connection.as_mut(), sequence, &parts, &settings).await?,
        ))
    }
}

/// The symptoms that can be asked for, each with what is diagnosed.
pub fn symptoms() -> impl Iterator<Item = (&'static str, &'static str)> {
    sequences().into_iter().map(|sequence| (sequence.symptom, sequence.title))
}

fn unknown(symptom: &str) -> Error {
    let known: Vec<&str> = sequences().iter().map(|sequence| sequence.symptom).collect();
    let alike = known
        .iter()
        // Nobody mistypes a word into a page.
        .filter(|_| symptom.len() <= 100)
        .map(|name| (strsim::normalized_damerau_levenshtein(symptom, name), *name))
        .filter(|(alike, _)| *alike >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match alike {
        Some((_, name)) => format!("Did you mean {name}? Known are: {}.", known.join(", ")),
        None => format!("Known are: {}.", known.join(", ")),
    };
    Error::invalid(format!("There is no sequence for the symptom {symptom:?}.")).hint(hint)
}

/// Pieces of evidence that are shown for each cause.
const EVIDENCE_SHOWN: usize = 3;

impl Output for Diagnosed {
    fn report(&self) -> Report {
        let diagnosis = &self.0;
        let mut report = Report::new().text(&diagnosis.summary);
        for (number, cause) in (1..).zip(&diagnosis.causes) {
            let word = match cause.status {
                Status::Critical => "CRITICAL",
                _ => "warn",
            };
            report = report.heading(format!("{number}. {word}  {}  [{}]", cause.cause, cause.code));
            report = report.text(text(cause));
        }
        let rows = diagnosis.steps.iter().map(row).collect();
        report.table(&["Step", "Verdict", "What was seen"], rows)
    }

    fn summary(&self) -> String {
        let mut text = self.0.summary.clone();
        for cause in self.0.causes.iter().take(EVIDENCE_SHOWN) {
            let evidence = cause.evidence.first().map_or("", String::as_str);
            text.push_str(&format!("\n{}: {evidence}", cause.cause));
        }
        text
    }

    fn exit_code(&self) -> u8 {
        let is_critical = |cause: &Cause| cause.status == Status::Critical;
        u8::from(self.0.causes.iter().any(is_critical))
    }
}

fn row(step: &StepResult) -> Vec<String> {
    let verdict = match step.verdict {
        StepVerdict::Clear => "clear",
        StepVerdict::Found => "found",
        StepVerdict::Skipped => "skipped",
        StepVerdict::RuledOut => "ruled out",
    };
    // What a colon leads to is told above, with the cause.
    let seen = step.message.trim_end_matches(':').to_owned();
    vec![step.step.clone(), verdict.to_owned(), seen]
}

fn text(cause: &Cause) -> String {
    let mut text: Vec<String> = cause.evidence.iter().take(EVIDENCE_SHOWN).map(|line| format!("· {line}")).collect();
    let more = cause.evidence.len().saturating_sub(EVIDENCE_SHOWN);
    if more > 0 {
        text.push(format!("· and {more} more"));
    }
    if let Some(fix) = &cause.fix {
        text.push("fix, if you agree:".to_owned());
        text.extend(fix.sql.lines().map(|line| format!("    {line}")));
    }
    if let Some(next) = &cause.next {
        text.push(format!("next: {next}"));
    }
    text.join("\n")
}
