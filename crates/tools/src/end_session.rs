use howdah_core::{Caller, Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset};
use howdah_pg::catalog::{Query, Reading};
use howdah_pg::guard::Caps;
use howdah_pg::{Column, Flow, RowView, Session, Sink};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::audited::Audited;
use crate::target_session;
use crate::writing::{self, Consent, Pending};

/// Cancels the statement of a session, or with terminate ends the session.
///
/// The session is named by its process and its beginning, as show_activity tells them: another one that got the same
/// process since is left alone. What the session did in an open transaction is rolled back.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct EndSession {
    /// The process of the session.
    #[arg(value_name = "PID")]
    pub pid: i32,
    /// When the session began; whichever has the process now if not given.
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
    /// End the session, and not only its statement.
    #[arg(long)]
    #[serde(default)]
    pub terminate: bool,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Ended {
    /// The process.
    pub pid: i32,
    /// Whether the server passed the request on.
    pub done: bool,
    /// In a sentence.
    pub message: String,
    /// Set where nothing was done: it waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
}

howdah_core::tool!(EndSession);

/// Who the session is. $1: its process; $2: its beginning, or null.
const SESSION: &str = include_str!("end_session.sql");

/// The answer of the one session that is meant.
const ONE: Caps = Caps {
    rows: Some(1),
    bytes: 64,
    cell_bytes: 64,
};

impl Tool for EndSession {
    const NAME: &'static str = "end_session";
    const TITLE: &'static str = "Cancel a statement or a session";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::Destructive;
    const COMMAND: &'static [&'static str] = &["cancel"];
    const EXAMPLES: &'static str = "
        howdah cancel 4711               its statement, after you agreed
        howdah cancel 4711 --terminate   its connection, and with it its transaction";
    type Out = Ended;

    async fn run(self, cx: &Context) -> Result<Ended> {
        let mut session = target_session::open(cx, self.target.as_deref(), None).await?;
        // Nobody is asked about a session that is not there; in the browser it was seen a moment ago.
        let what = match cx.caller {
            Caller::Dashboard => String::new(),
            Caller::Agent | Caller::Person { .. } => self.what(&mut session).await?,
        };
        let (sql, began) = (self.sql(), self.began.as_deref());
        let pid = self.pid.to_string();
        let params: Vec<Option<&str>> = [Some(pid.as_str()), began].into_iter().take(1 + usize::from(began.is_some())).collect();
        let mut audited = Audited::begin(cx, Self::NAME, &session, &sql)?;
        let outcome = self.end(cx, &mut session, &sql, &params, &what, &mut audited).await;
        audited.end(outcome.as_ref().map(|ended| u64::from(ended.done))).await?;
        outcome
    }
}

impl EndSession {
    /// Whose session it is and what it does, in a sentence.
    async fn what(&self, session: &mut Session) -> Result<String> {
        let pid = self.pid.to_string();
        let params = [Some(pid.as_str()), self.began.as_deref()];
        let rows = Reading::of(session).one(&Query::new(SESSION, &params)).await?;
        let row = rows.first().ok_or_else(|| self.gone())?;
        let cell = |column: usize| row.get(column).unwrap_or_default();
        Ok(match cell(2) {
            "" => format!("Process {pid} is {}{}.", cell(0), cell(1)),
            // It may hold a password, and this is told to a model.
            statement => format!("Process {pid} is {}{}: {}", cell(0), cell(1), howdah_sql::normalize(statement)),
        })
    }

    fn gone(&self) -> Error {
        Error::not_found(format!("There is no session of process {}, or it is not there any more.", self.pid))
            .hint("It may have ended: `howdah activity --idle` (show_activity) shows who is there.")
    }

    fn sql(&self) -> String {
        let function = if self.terminate { "pg_terminate_backend" } else { "pg_cancel_backend" };
        // Which is more than the process alone: numbers of processes are used again.
        let same = match self.began {
            Some(_) => " AND backend_start = $2::timestamptz",
            None => "",
        };
        format!("SELECT pg_catalog.{function}(pid) FROM pg_catalog.pg_stat_activity WHERE pid = $1::int{same}")
    }

    async fn end(
        &self,
        cx: &Context,
        session: &mut Session,
        sql: &str,
        params: &[Option<&str>],
        what: &str,
        audited: &mut Audited,
    ) -> Result<Ended> {
        let told = |error: Error| match error.kind {
            ErrorKind::Refused if error.detail.is_none() && !what.is_empty() => error.detail(what),
            _ => error,
        };
        let agreed = match writing::consent(cx, session, sql, params, None, audited).await.map_err(told)? {
            Consent::Given => None,
            Consent::After(preview) => Some(preview),
            Consent::Pending(pending) => {
                return Ok(Ended {
                    pid: self.pid,
                    done: false,
                    message: format!("{what}\n{}", pending.text()),
                    pending: Some(pending),
                });
            }
        };
        let mut answers = Answers::default();
        writing::execute(session, sql, params, ONE, None, agreed.as_deref(), &mut answers)
            .await
            .map_err(Error::from)?;
        let ended = if self.terminate { "the session" } else { "the statement" };
        Ok(match answers.0.as_slice() {
            [] => return Err(self.gone()),
            [true, ..] => Ended {
                pid: self.pid,
                done: true,
                message: format!("The server was told to end {ended} of process {}.", self.pid),
                pending: None,
            },
            _ => {
                return Err(Error::refused(format!("The server could not signal process {}.", self.pid))
                    .hint("It may have ended in this moment: `howdah activity` shows who is there."));
            }
        })
    }
}

/// What the function returned, for each session that it was called with.
#[derive(Default)]
struct Answers(Vec<bool>);

impl Sink for Answers {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        self.0.push(row.cell(0).is_some_and(|cell| cell.text() == "t"));
        Flow::Continue
    }
}

impl Output for Ended {
    fn report(&self) -> Report {
        Report::new().text(self.message.clone())
    }

    fn exit_code(&self) -> u8 {
        u8::from(!self.done)
    }
}
