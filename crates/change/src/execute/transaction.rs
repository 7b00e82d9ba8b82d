use std::time::{Duration, Instant};

use super::Stepped;
use super::worker::Worker;
use crate::journal::{StepState, step_sql};
use crate::proof::{mode_sql, regclass};
use crate::{ChangeError, LockTable, Plan};

/// How long a lock may be waited for, and with it everybody who comes after us: with 20 ms
/// and pauses from 500 ms an 8 s reader in front made clients wait 89 ms at most (measured).
const LOCK_TIMEOUT_MS: u32 = 20;
const PAUSE_FIRST: Duration = Duration::from_millis(500);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);
/// A transaction that is older than this is waited for rather than queued behind.
const OLD_MS: u32 = 100;
/// How long old transactions are waited for before the lock is tried nevertheless.
const WAIT_FOR_OLD: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// Sessions whose locks on `{tables}` are old, and autovacuum that prevents wraparound, which does not yield.
const HOLDERS: &str = include_str!("holders.sql");

impl Worker {
    /// One [T] step: locks, statements and the journal's row as one message.
    pub(super) async fn transaction(
        &mut self,
        plan: &Plan,
        step: usize,
        lock: &[LockTable],
        statements: &[String],
        becomes: StepState,
    ) -> Result<Stepped, ChangeError> {
        let mut message = format!(
            "BEGIN; SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'; SET LOCAL client_min_messages = warning;\n"
        );
        for table in lock {
            message.push_str(&format!(
                "LOCK TABLE {} IN {} MODE;\n",
                table.relation,
                mode_sql(table.mode)
            ));
        }
        for statement in statements {
            message.push_str(statement);
            // A comment at the end of a statement must not swallow the semicolon.
            message.push_str("\n;\n");
        }
        message.push_str(&step_sql(&plan.id, step, becomes));
        message.push_str(";\nCOMMIT");
        let until = Instant::now() + self.options.lock_patience;
        let mut pause = PAUSE_FIRST;
        let mut tries = 0;
        loop {
            self.wait_for_old(lock).await?;
            tries += 1;
            let begun = Instant::now();
            let result = self.connection().await?.batch(&message).await;
            for statement in statements {
                let state = result
                    .as_ref()
                    .err()
                    .map(|error| error.sqlstate().unwrap_or("08006"));
                self.observer.executed(statement, None, begun.elapsed(), state);
            }
            let Err(error) = result else {
                return Ok(Stepped::Done);
            };
            if !error.is_fatal() {
                self.connection().await?.batch("ROLLBACK").await?;
            }
            // lock_not_available, deadlock_detected, serialization_failure.
            if !matches!(error.sqlstate(), Some("55P03" | "40P01" | "40001")) {
                return Err(error.into());
            }
            let holders = self.holders(lock, 0).await?;
            let named = if holders.is_empty() {
                "nobody who still has it".to_owned()
            } else {
                holders.join("; ")
            };
            if Instant::now() > until {
                return Err(ChangeError::Blocked {
                    message: format!(
                        "The lock for \"{}\" did not come in {tries} tries and {} s. In the way: {named}",
                        plan.steps[step].title,
                        self.options.lock_patience.as_secs()
                    ),
                });
            }
            self.observer.says(&format!(
                "A lock was given up after {LOCK_TIMEOUT_MS} ms, so that nobody queues; in the way: {named}"
            ));
            self.pause(jittered(pause)).await?;
            pause = (pause * 3 / 2).min(PAUSE_LONGEST);
        }
    }

    /// Waits while old transactions hold locks on the tables: a try would only make clients queue.
    async fn wait_for_old(&mut self, lock: &[LockTable]) -> Result<(), ChangeError> {
        let until = Instant::now() + WAIT_FOR_OLD;
        let mut told = false;
        loop {
            let holders = self.holders(lock, OLD_MS).await?;
            if holders.is_empty() || Instant::now() > until {
                return Ok(());
            }
            if !told && Instant::now() + WAIT_FOR_OLD > until + Duration::from_secs(2) {
                self.observer
                    .says(&format!("Waiting for: {}", holders.join("; ")));
                told = true;
            }
            self.pause(LOOK_AGAIN).await?;
        }
    }

    /// Who has held locks on the tables for so long, in words.
    async fn holders(&mut self, lock: &[LockTable], older_than_ms: u32) -> Result<Vec<String>, ChangeError> {
        if lock.is_empty() {
            return Ok(Vec::new());
        }
        let tables: Vec<String> = lock
            .iter()
            .map(|table| format!("{}::oid", regclass(&table.relation)))
            .collect();
        let sql = HOLDERS.replace("{tables}", &tables.join(", "));
        let age = older_than_ms.to_string();
        let rows = self.connection().await?.query(&sql, &[Some(&age)]).await?;
        Ok(rows
            .iter()
            .filter_map(|row| row.get(0).map(str::to_owned))
            .collect())
    }
}

/// Between 75 and 125 per cent of it, so that several who wait do not come at the same moment.
fn jittered(pause: Duration) -> Duration {
    let noise = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos() % 512);
    pause.mul_f64(0.75 + f64::from(noise) / 1024.0)
}
