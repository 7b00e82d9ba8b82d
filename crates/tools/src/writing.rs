//! Who may write: the target's mode for agents and the dashboard, the person's word at
//! the command line. What is confirmed is bound to the exact statement and its effect.

use std::time::Duration;

use howdah_core::{Answer, Caller, Confirmation, Context, Error, Result};
use howdah_pg::guard::write::{WritePreview, execute_write, identity, plan_write};
use howdah_pg::guard::{Caps, GuardError, Guarded, Refusal};
use howdah_pg::{Mode, Session, Sink, Target};
use howdah_store::{NewApproval, Store};
use schemars::JsonSchema;
use serde::Serialize;

use crate::audited::{Audited, who};

/// How long a write waits for a person.
const WAITS: Duration = Duration::from_secs(3600);
/// Characters of a statement that a question shows.
const SHOWN_CHARS: usize = 4_000;

/// A write that waits for a person. It names nothing by which it could be approved but
/// by the person's own command.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Pending {
    /// What the person names in `howdah approve ID`.
    pub approval: String,
    /// Rows that it would touch, where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// What the person should know before, in words.
    pub effect: String,
    /// Until then, in seconds from now.
    pub expires_in_s: u64,
}

impl Pending {
    /// What to do about it.
    pub(crate) fn text(&self) -> String {
        format!(
            "Nothing was changed. {} The write waits for a person, who runs it within {} minutes with: howdah approve {}",
            self.effect,
            self.expires_in_s / 60,
            self.approval
        )
    }
}

/// What the caller may do with a write.
pub(crate) enum Consent {
    /// Carry it out.
    Given,
    /// Carry it out, if its effect is still this.
    After(Box<WritePreview>),
    /// Not now.
    Pending(Pending),
}

/// Finds out whether the write may be carried out, and asks a person where one must be
/// asked. `refusal` is why the guard would not let it pass as a query.
pub(crate) async fn consent(
    cx: &Context,
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    refusal: Option<Refusal>,
    audited: &mut Audited,
) -> Result<Consent> {
    let mode = session.target().mode;
    let asks = match cx.caller {
        Caller::Person { consents: true } => false,
        Caller::Person { consents: false } => true,
        Caller::Agent | Caller::Dashboard => match mode {
            // In the browser a person is there to be asked, and a click is made sooner than a command.
            Mode::ReadWrite => cx.caller == Caller::Dashboard,
            Mode::Confirm => true,
            Mode::ReadOnly => return Err(read_only(session, sql, refusal)),
        },
    };
    audited.writes();
    if !asks {
        return Ok(Consent::Given);
    }
    let preview = plan_write(session, sql, params).await?;
    let question = Confirmation {
        binding: preview.binding.clone(),
        message: question(session.target(), sql, params, &preview, refusal.as_ref()),
    };
    match cx.human.confirm(question).await? {
        Answer::Approved => Ok(Consent::After(Box::new(preview))),
        Answer::Declined => Err(Error::refused(
            "A person was asked and declined. Nothing was changed.",
        )),
        Answer::AskAndReturn => Err(Error::refused(
            "A person is being asked. Nothing was changed so far.",
        )),
        Answer::Unavailable => match cx.caller {
            Caller::Person { .. } => Err(unasked(&preview, refusal)),
            _ => pending(cx, session.target(), sql, params, &preview)
                .await
                .map(Consent::Pending),
        },
    }
}

/// There is no terminal on which the person could be asked.
fn unasked(preview: &WritePreview, refusal: Option<Refusal>) -> Error {
    let (what, hint) = match refusal {
        Some(refusal) => (Error::from(refusal).message, "If you mean it, add --yes."),
        None => (
            format!(
                "This changes the database, and there is no terminal to ask you. {}",
                effect(preview)
            ),
            "Add --yes to consent.",
        ),
    };
    Error::refused(what).hint(hint)
}

/// Why nothing is written to the target, in the guard's words.
fn read_only(session: &Session, sql: &str, refusal: Option<Refusal>) -> Error {
    let target = &session.target().name;
    let refusal = match refusal.map_or_else(|| howdah_pg::guard::refusal_of(sql), Ok) {
        Ok(refusal) => refusal,
        Err(error) => return error.into(),
    };
    let hint = format!(
        "Target \"{target}\" only reads. A person can run it with `howdah query`, or set mode = \"confirm\" under [targets.{target}] in howdah.toml."
    );
    let error = Error::from(refusal);
    match &error.hint {
        Some(first) => {
            let both = format!("{first}\n{hint}");
            error.hint(both)
        }
        None => error.hint(hint),
    }
}

async fn pending(
    cx: &Context,
    target: &Target,
    sql: &str,
    params: &[Option<&str>],
    preview: &WritePreview,
) -> Result<Pending> {
    let store = cx.get::<Store>()?;
    let approval = store
        .add_approval(NewApproval {
            target: target.name.clone(),
            identity: identity(target),
            statement: sql.to_owned(),
            masked: preview.masked.clone(),
            params: params.iter().map(|param| param.map(str::to_owned)).collect(),
            effect: serde_json::to_value(preview)?,
            binding: preview.binding.clone(),
            requested_by: who(&cx.caller),
            ttl: WAITS,
        })
        .await?;
    let left = approval.expires_ms.saturating_sub(howdah_store::now_ms());
    Ok(Pending {
        approval: approval.id,
        rows: preview.measured.as_ref().and_then(|measured| measured.rows),
        effect: effect(preview),
        expires_in_s: u64::try_from(left / 1000).unwrap_or(0),
    })
}

/// Carries the write out; where a person agreed to a preview, only if its effect is still the same.
pub(crate) async fn execute(
    session: &mut Session,
    sql: &str,
    params: &[Option<&str>],
    caps: Caps,
    timeout_ms: Option<u64>,
    agreed: Option<&WritePreview>,
    out: &mut dyn Sink,
) -> Result<Guarded, GuardError> {
    if let Some(agreed) = agreed {
        let now = plan_write(session, sql, params).await?;
        if now.binding != agreed.binding {
            return Err(changed(&now).into());
        }
    }
    execute_write(session, sql, params, caps, timeout_ms, out).await
}

/// The effect is no longer what a person agreed to.
pub(crate) fn changed(now: &WritePreview) -> Refusal {
    Refusal::because(format!(
        "What the statement would do has changed since a person agreed to it. Nothing was changed. {}",
        effect(now)
    ))
}

/// The question with everything that a person needs to decide.
pub(crate) fn question(
    target: &Target,
    sql: &str,
    params: &[Option<&str>],
    preview: &WritePreview,
    refusal: Option<&Refusal>,
) -> String {
    let mut text = format!(
        "Write to \"{}\" ({})?\n\n{}",
        target.name,
        identity(target),
        shortened(sql)
    );
    if !params.is_empty() {
        let values = params.iter().enumerate().map(|(at, value)| match value {
            Some(value) => format!("${} = {}", at + 1, howdah_sql::quote_literal(&shortened(value))),
            None => format!("${} = NULL", at + 1),
        });
        text.push_str(&format!("\nwith {}", values.collect::<Vec<_>>().join(", ")));
    }
    text.push_str(&format!("\n\n{}", effect(preview)));
    if let Some(refusal) = refusal {
        text.push_str(&format!("\nIt is not known to be harmless: {}", refusal.reason));
    }
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}… ({} characters)", &text[..at], text.chars().count()),
        None => text.to_owned(),
    }
}

/// The effect in words: `UPDATE of 7 rows in orders. Locks: …`
pub(crate) fn effect(preview: &WritePreview) -> String {
    let mut text = preview.statement.to_owned();
    if let Some(rows) = preview.measured.as_ref().and_then(|measured| measured.rows) {
        text.push_str(&format!(" of {rows} {}", if rows == 1 { "row" } else { "rows" }));
    }
    if !preview.changes.is_empty() {
        text.push_str(&format!(" in {}", preview.changes.join(", ")));
    }
    text.push('.');
    if let Some(measured) = &preview.measured
        && !measured.locks.is_empty()
    {
        let locks: Vec<String> = measured
            .locks
            .iter()
            .map(|lock| format!("{} on {}", lock.mode, lock.relation))
            .collect();
        text.push_str(&format!(" Locks: {}.", locks.join(", ")));
    }
    if let Some(why) = &preview.not_measured {
        text.push_str(&format!(" Its effect was not measured: {why}"));
    }
    if !preview.in_transaction {
        text.push_str(" It runs outside of a transaction and cannot be taken back half-way.");
    }
    text
}
