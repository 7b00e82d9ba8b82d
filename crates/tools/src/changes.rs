//! What the tools that deal with schema changes share: the script as it comes in, the
//! executor with the audit log and the progress behind it, a change as it is shown.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use howdah_change::journal::{self, Entry, StepState};
use howdah_change::{Executor, Observer, Options, Plan};
use howdah_core::{Caller, Context, Error, Progress, Result};
use howdah_pg::{Session, Target};
use howdah_store::{AuditEntry, Store, now_ms};
use schemars::JsonSchema;
use serde::Serialize;

use crate::audited::who;
use crate::sql_input;
use crate::top_plans;

/// The script: the option, else the file, else standard input; for agents only the option.
pub(crate) async fn script(cx: &Context, sql: Option<&str>, file: Option<PathBuf>) -> Result<String> {
    match (sql, cx.caller) {
        (Some(sql), _) if !sql.trim().is_empty() => Ok(sql.to_owned()),
        (_, Caller::Person { .. }) => sql_input::text("", file.as_deref()).await,
        _ => Err(Error::invalid("There is no script.").hint("Give the statements in the argument sql.")),
    }
}

/// The change of a script that the journal has under way.
pub(crate) async fn under_way(session: &mut Session, script: &str) -> Result<Option<Entry>> {
    let entries = journal::list(session, None).await?;
    Ok(entries.into_iter().find(|entry| entry.plan.script == script && !entry.state.is_settled()))
}

/// What a change that is done has led to: what is not as it should be, and whether statements got worse plans.
/// Where that cannot be found out, it says so: the change itself is done and verified.
pub(crate) async fn afterwards(cx: &Context, tool: &'static str, target: &Arc<Target>, plan: &Plan) -> Vec<String> {
    let looked = async {
        let mut session = target.session().await?;
        let mut told = howdah_change::postflight(&mut session, plan).await?;
        if let Some(kept) = journal::before(&mut session, &plan.id).await? {
            told.extend(top_plans::compared(cx, tool, &mut session, plan, &kept).await?);
        }
        Ok::<_, Error>(told)
    };
    looked.await.unwrap_or_else(|error| vec![format!("What it led to could not be looked at: {}", error.message)])
}

/// The plans of the top statements as they are now; none where they cannot be had,
/// or the change has begun already.
pub(crate) async fn before(cx: &Context, tool: &'static str, target: &Arc<Target>, script: &str) -> Option<String> {
    let looked = async {
        let mut session = target.session().await?;
        if under_way(&mut session, script).await?.is_some() {
            return Ok(None);
        }
        top_plans::taken(cx, tool, &mut session).await
    };
    looked.await.unwrap_or_else(|error: Error| {
        tracing::info!("The plans of the top statements were not kept: {}", error.message);
        None
    })
}

/// An executor whose statements are in the audit log and whose progress reaches the caller.
pub(crate) fn executor(cx: &Context, target: Arc<Target>, options: Options, tool: &'static str) -> Result<Executor> {
    let observer = Recorder {
        store: cx.get::<Store>()?,
        who: who(&cx.caller),
        caller: match cx.caller {
            Caller::Agent => "agent",
            Caller::Person { .. } => "person",
            Caller::Dashboard => "dashboard",
        },
        tool,
        target: target.name.clone(),
        cx: cx.clone(),
    };
    Ok(Executor::new(target, options, Arc::new(observer), cx.cancel.clone()))
}

struct Recorder {
    store: Arc<Store>,
    who: String,
    caller: &'static str,
    tool: &'static str,
    target: String,
    cx: Context,
}

impl Observer for Recorder {
    fn executed(&self, sql: &str, rows: Option<u64>, took: Duration, sqlstate: Option<&str>) {
        self.store.audit(AuditEntry {
            at_ms: now_ms(),
            who: self.who.clone(),
            caller: self.caller.to_owned(),
            tool: self.tool.to_owned(),
            target: self.target.clone(),
            statement: howdah_sql::normalize(sql),
            rows,
            duration_ms: Some(took.as_secs_f64() * 1e3),
            outcome: if sqlstate.is_none() { "ok" } else { "failed" }.to_owned(),
            sqlstate: sqlstate.map(str::to_owned),
        });
    }

    fn progress(&self, progress: Progress) {
        self.cx.progress.report(progress);
    }

    fn says(&self, message: &str) {
        tracing::info!("{message}");
        self.cx.progress.report(Progress { phase: message.to_owned(), fraction: None, eta_s: None });
    }
}

/// A change in the journal, as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeView {
    /// Its id.
    pub id: String,
    /// `running`, `paused`, `failed`, `expanded`, `done`, `rolling_back` or `rolled_back`.
    pub state: String,
    /// Whether a session carries it out at this moment.
    pub at_work: bool,
    /// The script.
    pub script: String,
    /// Steps that are done.
    pub steps_done: usize,
    /// Steps in all.
    pub steps: usize,
    /// What it does now, or stopped at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Rows that backfills wrote.
    pub rows: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The role that began it.
    pub who: String,
    /// When it was begun, as the server prints it.
    pub started_at: String,
    /// When its state changed last.
    pub changed_at: String,
}

impl From<&Entry> for ChangeView {
    fn from(entry: &Entry) -> Self {
        let done = |at: &usize| entry.is_done(*at);
        let at = (0..entry.plan.steps.len())
            .find(|at| entry.steps.get(at).is_none_or(|step| step.state == StepState::Running))
            .filter(|_| !entry.state.is_settled());
        Self {
            id: entry.plan.id.clone(),
            state: serde_json::to_value(entry.state)
                .ok()
                .and_then(|word| word.as_str().map(str::to_owned))
                .unwrap_or_default(),
            at_work: entry.at_work,
            script: entry.plan.script.clone(),
            steps_done: (0..entry.plan.steps.len()).filter(done).count(),
            steps: entry.plan.steps.len(),
            at: at.and_then(|at| entry.plan.steps.get(at)).map(|step| step.title.clone()),
            rows: entry.positions.values().map(|position| position.rows).sum(),
            error: entry.error.clone(),
            who: entry.who.clone(),
            started_at: entry.started_at.clone(),
            changed_at: entry.changed_at.clone(),
        }
    }
}

/// `01:00-05:00` as two times of the day.
pub(crate) fn window(text: &str) -> Result<(time::Time, time::Time)> {
    let wrong = || {
        Error::invalid(format!("{text:?} is no window of time"))
            .hint("Write it as 01:00-05:00, in the server's time zone.")
    };
    let format = time::macros::format_description!("[hour]:[minute]");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let read = |part: &str| time::Time::parse(part.trim(), format).map_err(|_| wrong());
    Ok((read(from)?, read(to)?))
}
