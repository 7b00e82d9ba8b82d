use howdah_core::{
    Answer, Caller, Confirmation, Context, Effect, Error, Output, Report, Result, Tool, Toolset,
};
use howdah_pg::guard::write::{WritePreview, identity, plan_write};
use howdah_pg::guard::{Caps, Guarded};
use howdah_pg::{Column, Flow, RowView, Session, Sink};
use howdah_store::{Approval, ApprovalState, Decision, Store, now_ms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::audited::{Audited, who};
use crate::{target_session, writing};

/// Shows a write that an agent asked for, with its effect measured now, and carries it
/// out if you agree. Without an ID, lists what waits.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct Approve {
    /// The write, as the agent named it.
    #[arg(value_name = "ID")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// List what waits.
    #[arg(long, conflicts_with = "id")]
    #[serde(default)]
    pub list: bool,
    /// Turn it down.
    #[arg(long, requires = "id")]
    #[serde(default)]
    pub decline: bool,
}

/// What became of it, or what waits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Approved {
    /// Writes that wait for a person, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// What became of the one that was named: `ok: UPDATE 7`, `declined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// A write that waits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Waiting {
    /// What `howdah approve` takes.
    pub id: String,
    /// The target.
    pub target: String,
    /// The exact statement.
    pub statement: String,
    /// Who asked for it.
    pub requested_by: String,
    /// Seconds until it can no longer be approved.
    pub expires_in_s: i64,
}

howdah_core::tool!(Approve);

impl Tool for Approve {
    const NAME: &'static str = "approve";
    const TITLE: &'static str = "Approve a write";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::Destructive;
    const PERSON_ONLY: bool = true;
    const COMMAND: &'static [&'static str] = &["approve"];
    const EXAMPLES: &'static str = "
        howdah approve                      what waits
        howdah approve k3v9x2ab             see it, and carry it out
        howdah approve k3v9x2ab --decline   turn it down";
    type Out = Approved;

    async fn run(self, cx: &Context) -> Result<Approved> {
        // The registry offers it to people only; this holds should that ever change.
        if !matches!(cx.caller, Caller::Person { .. }) {
            return Err(Error::refused(
                "Only a person approves a write, at the command line.",
            ));
        }
        let store = cx.get::<Store>()?;
        let Some(id) = self.id.filter(|_| !self.list) else {
            let waiting = store.approvals(Some(ApprovalState::Pending)).await?;
            return Ok(Approved {
                waiting: waiting.into_iter().map(Waiting::from).collect(),
                outcome: None,
            });
        };
        let approval = store.approval(&id).await?;
        let by = who(&cx.caller);
        if self.decline {
            store
                .decide_approval(&id, &approval.binding, Decision::Decline, &by)
                .await?;
            return Ok(Approved::outcome("declined"));
        }
        if approval.state != ApprovalState::Pending {
            return Err(Error::refused(format!(
                "Approval {id} is {}, not pending.",
                approval.state
            )));
        }
        let mut session = target_session::open(cx, Some(&approval.target), None).await?;
        if identity(session.target()) != approval.identity {
            return Err(Error::refused(format!(
                "Target \"{}\" is another server or database than when the write was asked for.",
                approval.target
            )));
        }
        let preview = as_it_was(&mut session, &approval).await?;
        ask(cx, &session, &approval, &preview).await?;
        store
            .decide_approval(&id, &approval.binding, Decision::Approve, &by)
            .await?;
        let claimed = store.claim_approval(&id, &approval.binding).await?;
        let mut audited = Audited::begin(cx, Self::NAME, &session, &claimed.statement)?;
        audited.writes();
        let done = carry_out(&mut session, &claimed, &preview).await;
        audited.end(done.as_ref().map(|done| done.rows)).await?;
        let note = match &done {
            Ok(done) => format!("ok: {}", done.command_tag),
            Err(error) => format!("failed: {}", error.message),
        };
        store.note_approval_outcome(&id, &note).await?;
        done.map(|_| Approved::outcome(note))
    }
}

/// The write's effect now, if it is what was measured when it was asked for.
async fn as_it_was(session: &mut Session, approval: &Approval) -> Result<WritePreview> {
    let preview = plan_write(session, &approval.statement, &borrowed(&approval.params)).await?;
    if preview.binding != approval.binding {
        return Err(Error::from(writing::changed(&preview)).hint("Let it be asked for again."));
    }
    Ok(preview)
}

async fn ask(cx: &Context, session: &Session, approval: &Approval, preview: &WritePreview) -> Result<()> {
    if matches!(cx.caller, Caller::Person { consents: true }) {
        return Ok(());
    }
    let params = borrowed(&approval.params);
    let question = Confirmation {
        binding: approval.binding.clone(),
        message: writing::question(session.target(), &approval.statement, &params, preview, None),
    };
    match cx.human.confirm(question).await? {
        Answer::Approved => Ok(()),
        Answer::Unavailable => {
            Err(Error::refused("There is no terminal to ask you.").hint("Add --yes to consent."))
        }
        Answer::Declined | Answer::AskAndReturn => Err(Error::refused(
            "Nothing was changed. The write still waits; --decline turns it down.",
        )),
    }
}

async fn carry_out(session: &mut Session, approval: &Approval, preview: &WritePreview) -> Result<Guarded> {
    let caps = Caps {
        rows: Some(0),
        bytes: 0,
        cell_bytes: 0,
    };
    let params = borrowed(&approval.params);
    let done = writing::execute(
        session,
        &approval.statement,
        &params,
        caps,
        None,
        Some(preview),
        &mut Nothing,
    )
    .await?;
    Ok(done)
}

fn borrowed(params: &[Option<String>]) -> Vec<Option<&str>> {
    params.iter().map(Option::as_deref).collect()
}

struct Nothing;

impl Sink for Nothing {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, _: &RowView<'_>) -> Flow {
        Flow::Discard
    }
}

impl Approved {
    fn outcome(outcome: impl Into<String>) -> Self {
        Self {
            waiting: Vec::new(),
            outcome: Some(outcome.into()),
        }
    }
}

impl From<Approval> for Waiting {
    fn from(approval: Approval) -> Self {
        Self {
            expires_in_s: approval.expires_ms.saturating_sub(now_ms()) / 1000,
            id: approval.id,
            target: approval.target,
            statement: approval.statement,
            requested_by: approval.requested_by,
        }
    }
}

impl Output for Approved {
    fn report(&self) -> Report {
        if let Some(outcome) = &self.outcome {
            return Report::new().text(outcome);
        }
        if self.waiting.is_empty() {
            return Report::new().text("No write waits for approval.");
        }
        let rows = self.waiting.iter().map(|waiting| {
            vec![
                waiting.id.clone(),
                waiting.target.clone(),
                waiting.requested_by.clone(),
                format!("{} min", waiting.expires_in_s / 60),
                waiting.statement.clone(),
            ]
        });
        Report::new().table(&["ID", "Target", "Asked by", "Left", "Statement"], rows.collect())
    }
}
