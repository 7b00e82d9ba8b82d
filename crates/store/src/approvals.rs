use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::jobs::stored_names;
use crate::{Store, StoreError, id, now_ms};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// Settled approvals are forgotten after 30 days.
const APPROVALS_KEPT_MS: i64 = 30 * 24 * 3_600_000;

/// What became of a write that waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody has decided.
    Pending,
    /// A person said yes; it was not executed yet.
    Approved,
    /// A person said no.
    Declined,
    /// Executed, once.
    Executed,
    /// Nobody decided in time, or it was not executed in time.
    Expired,
}

stored_names!(ApprovalState {
    Pending => "pending",
    Approved => "approved",
    Declined => "declined",
    Executed => "executed",
    Expired => "expired",
});

/// A person's word on a pending write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes, to exactly what was shown.
    Approve,
    /// No.
    Decline,
}

/// A write to be put before a person.
#[derive(Debug, Clone, PartialEq)]
pub struct NewApproval {
    /// The target's name, for people.
    pub target: String,
    /// What the target is, so that a name that later means another server approves nothing.
    pub identity: String,
    /// The exact text that will run. Replaced by `masked` once settled.
    pub statement: String,
    /// The same with its literals masked.
    pub masked: String,
    /// Its bound parameters. Forgotten once settled.
    pub params: Vec<Option<String>>,
    /// What it was measured to do.
    pub effect: Value,
    /// A digest of target, statement, parameters and effect: what the approval is worth.
    pub binding: String,
    /// On whose behalf, for people.
    pub requested_by: String,
    /// How long it may wait.
    pub ttl: Duration,
}

/// A write that waits, or waited, for a person. Knowing its id gives nobody
/// anything: it is approved by the person's command alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// Eight letters and digits.
    pub id: String,
    /// See [`NewApproval::target`].
    pub target: String,
    /// See [`NewApproval::identity`].
    pub identity: String,
    /// See [`NewApproval::statement`].
    pub statement: String,
    /// See [`NewApproval::masked`].
    pub masked: String,
    /// See [`NewApproval::params`].
    pub params: Vec<Option<String>>,
    /// See [`NewApproval::effect`].
    pub effect: Value,
    /// See [`NewApproval::binding`].
    pub binding: String,
    /// See [`NewApproval::requested_by`].
    pub requested_by: String,
    /// What became of it.
    pub state: ApprovalState,
    /// Who decided.
    pub decided_by: Option<String>,
    /// What its execution gave, in a few words.
    pub outcome: Option<String>,
    /// When it was asked for, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it can no longer be decided or executed.
    pub expires_ms: i64,
    /// When it was decided.
    pub decided_ms: Option<i64>,
    /// When its execution began.
    pub executed_ms: Option<i64>,
}

impl Store {
    /// Puts a write before a person. While the same (by its binding) waits
    /// already, that one is returned, so that asking again adds nothing.
    pub async fn add_approval(&self, new: NewApproval) -> Result<Approval, StoreError> {
        self.expire_approvals().await?;
        self.write(move |transaction| {
            let waiting: Option<String> = transaction
                .query_row(
                    "SELECT id FROM approvals WHERE binding = ?1 AND state = 'pending'",
                    [&new.binding],
                    |row| row.get(0),
                )
                .optional()?;
            if let Some(id) = waiting {
                return existing(transaction, &id);
            }
            let id = id::random()?;
            let now = now_ms();
            transaction.execute(
                "INSERT INTO approvals (id, target, identity, statement, masked, params_json, effect_json, binding, \
                 requested_by, state, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'pending', ?10, ?11)",
                params![
                    id,
                    new.target,
                    new.identity,
                    new.statement,
                    new.masked,
                    serde_json::to_string(&new.params)?,
                    new.effect.to_string(),
                    new.binding,
                    new.requested_by,
                    now,
                    now.saturating_add(i64::try_from(new.ttl.as_millis()).unwrap_or(i64::MAX))
                ],
            )?;
            existing(transaction, &id)
        })
        .await
    }

    /// The approval of that id.
    pub async fn approval(&self, id: &str) -> Result<Approval, StoreError> {
        self.expire_approvals().await?;
        let id = id.to_owned();
        self.write(move |transaction| existing(transaction, &id)).await
    }

    /// The approvals in `state`, or all of them, the latest first.
    pub async fn approvals(&self, state: Option<ApprovalState>) -> Result<Vec<Approval>, StoreError> {
        self.expire_approvals().await?;
        self.write(move |transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT * FROM approvals WHERE ?1 IS NULL OR state = ?1 ORDER BY number DESC LIMIT 1000",
            )?;
            let rows = statement.query_map([state], |row| Ok(approval(row)))?;
            rows.collect::<Result<Result<_, StoreError>, _>>()?
        })
        .await
    }

    /// A person decides. `binding` is that of what the person was shown: an
    /// approval that is no longer pending, or is for something else, is refused.
    pub async fn decide_approval(
        &self,
        id: &str,
        binding: &str,
        decision: Decision,
        by: &str,
    ) -> Result<Approval, StoreError> {
        self.expire_approvals().await?;
        let (id, binding, by) = (id.to_owned(), binding.to_owned(), by.to_owned());
        let decided = self
            .write(move |transaction| {
                expect(transaction, &id, &binding, ApprovalState::Pending)?;
                let state = match decision {
                    Decision::Approve => ApprovalState::Approved,
                    Decision::Decline => ApprovalState::Declined,
                };
                transaction.execute(
                    "UPDATE approvals SET state = ?2, decided_by = ?3, decided_ms = ?4 WHERE id = ?1",
                    params![id, state, by, now_ms()],
                )?;
                if decision == Decision::Decline {
                    mask(transaction, &id)?;
                }
                existing(transaction, &id)
            })
            .await?;
        if decision == Decision::Decline {
            self.checkpoint().await?;
        }
        Ok(decided)
    }

    /// Uses up an approval, just before its statement is executed: of several
    /// callers exactly one succeeds, and gets the exact statement.
    pub async fn claim_approval(&self, id: &str, binding: &str) -> Result<Approval, StoreError> {
        self.expire_approvals().await?;
        let (id, binding) = (id.to_owned(), binding.to_owned());
        let claimed = self
            .write(move |transaction| {
                let claimed = expect(transaction, &id, &binding, ApprovalState::Approved)?;
                transaction.execute(
                    "UPDATE approvals SET state = 'executed', executed_ms = ?2 WHERE id = ?1",
                    params![id, now_ms()],
                )?;
                mask(transaction, &id)?;
                Ok(Approval {
                    state: ApprovalState::Executed,
                    ..claimed
                })
            })
            .await?;
        self.checkpoint().await?;
        Ok(claimed)
    }

    /// Ends what was left too long, and forgets what was settled long ago.
    async fn expire_approvals(&self) -> Result<(), StoreError> {
        let expired = self
            .write(|transaction| {
                let now = now_ms();
                transaction
                    .prepare_cached(
                        "DELETE FROM approvals WHERE state NOT IN ('pending', 'approved') AND created_ms < ?1",
                    )?
                    .execute([now - APPROVALS_KEPT_MS])?;
                Ok(transaction
                    .prepare_cached(
                        "UPDATE approvals SET state = 'expired', statement = masked, params_json = '[]' \
                         WHERE state IN ('pending', 'approved') AND expires_ms <= ?1",
                    )?
                    .execute([now])?)
            })
            .await?;
        if expired > 0 {
            self.checkpoint().await?;
        }
        Ok(())
    }

    /// Notes what the execution gave: `ok, 3 rows` or the error.
    pub async fn note_approval_outcome(&self, id: &str, outcome: &str) -> Result<(), StoreError> {
        let (id, outcome) = (id.to_owned(), outcome.to_owned());
        self.write(move |transaction| {
            transaction.execute(
                "UPDATE approvals SET outcome = ?2 WHERE id = ?1",
                params![id, outcome],
            )?;
            Ok(())
        })
        .await
    }
}

/// The approval, if it is in `state` and for exactly this.
fn expect(
    transaction: &Transaction<'_>,
    id: &str,
    binding: &str,
    state: ApprovalState,
) -> Result<Approval, StoreError> {
    let found = existing(transaction, id)?;
    let message = if found.expires_ms <= now_ms() {
        format!("Approval {id} has expired.")
    } else if found.state != state {
        format!("Approval {id} is {}, not {state}.", found.state)
    } else if found.binding != binding {
        format!("Approval {id} is for another statement, target or effect than this.")
    } else {
        return Ok(found);
    };
    Err(StoreError::NotPending { message })
}

/// What is settled keeps no values.
fn mask(transaction: &Transaction<'_>, id: &str) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE approvals SET statement = masked, params_json = '[]' WHERE id = ?1",
        [id],
    )?;
    Ok(())
}

fn existing(connection: &Connection, id: &str) -> Result<Approval, StoreError> {
    connection
        .prepare_cached("SELECT * FROM approvals WHERE id = ?1")?
        .query_row([id], |row| Ok(approval(row)))
        .optional()?
        .unwrap_or_else(|| {
            Err(StoreError::NotFound {
                what: "approval",
                id: id.to_owned(),
            })
        })
}

fn approval(row: &Row<'_>) -> Result<Approval, StoreError> {
    Ok(Approval {
        id: row.get("id")?,
        target: row.get("target")?,
        identity: row.get("identity")?,
        statement: row.get("statement")?,
        masked: row.get("masked")?,
        params: serde_json::from_str(&row.get::<_, String>("params_json")?)?,
        effect: serde_json::from_str(&row.get::<_, String>("effect_json")?)?,
        binding: row.get("binding")?,
        requested_by: row.get("requested_by")?,
        state: row.get("state")?,
        decided_by: row.get("decided_by")?,
        outcome: row.get("outcome")?,
        created_ms: row.get("created_ms")?,
        expires_ms: row.get("expires_ms")?,
        decided_ms: row.get("decided_ms")?,
        executed_ms: row.get("executed_ms")?,
    })
}
