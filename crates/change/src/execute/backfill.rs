//! Filling a new column of every row while clients work.
//!
//! Rows are visited by their place, in [`PASSES`] passes over the table, each of which takes
//! the rows whose place hashes to its number. The new version of a row of the first pass finds
//! no room on its page and goes elsewhere; what it leaves is pruned when the page is next
//! read, so that the rows of all later passes find room beside their old versions: those
//! updates touch no index (HOT), and the table grows by about a twelfth where one pass
//! would double it and fill every index with second entries.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use howdah_pg::Step as Query;
use howdah_sql::quote_ident;
use serde::{Deserialize, Serialize};

use super::pace::Pace;
use super::worker::Worker;
use crate::journal::Wanted;
use crate::{Backfill, ChangeError, Plan};

/// A leaf page of a B-tree is built 90 % full: what a first pass adds to it must be well below a tenth.
const PASSES: u64 = 16;
/// A table of fewer pages is filled in whatever order.
const SMALL_BLOCKS: u64 = 64;
/// Rows that one look for stragglers brings.
const SWEEP_ROWS: usize = 20_000;
/// Growth at which the table is vacuumed in between: old transactions kept pages from being pruned.
const GROWTH: f64 = 1.15;
/// How long a row's lock is waited for before the row is left for later: below what a client notices.
const ROW_LOCK_MS: u32 = 8;

/// Where a backfill stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// The table's file: a rewrite by somebody else moves every row.
    filenode: u64,
    /// Pages that there were when new rows began to bring their own value.
    blocks: u64,
    pass: u64,
    block: u64,
    /// The passes are done; what is left is looked for.
    sweeping: bool,
    /// The indexes and their sizes in bytes when it began.
    #[serde(default)]
    pub(super) indexes: BTreeMap<String, u64>,
    /// The index that is being built anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rebuilding: Option<String>,
}

/// The role under which ordinary triggers rest is set only while batches run. Their commits do not wait
/// for the disk: rows and position are lost together, if at all, and the position says where to go on.
const BATCH_SETTINGS: &str = "SET synchronous_commit = off; SET lock_timeout = ";
pub(super) const AFTER: &str =
    "RESET session_replication_role; SET synchronous_commit = on; SET lock_timeout = 0";

impl Worker {
    /// One backfill step, from where it stopped. `Some` where a person wants it to stop.
    pub(super) async fn backfill(
        &mut self,
        plan: &Plan,
        step: usize,
        backfill: &Backfill,
    ) -> Result<Option<Wanted>, ChangeError> {
        let begun = Instant::now();
        let mut state = self.position(plan, step, backfill).await?;
        self.batch_session().await?;
        let mut rows = 0;
        let mut pace = Pace::new(backfill.table.clone());
        let ended = self
            .fill(plan, step, backfill, &mut state, &mut pace, &mut rows)
            .await;
        let code = match &ended {
            Ok(_) => None,
            Err(ChangeError::Pg(error)) => Some(error.sqlstate().unwrap_or("08006")),
            Err(_) => Some("57014"),
        };
        self.observer
            .executed(&plan.steps[step].action_sql(), Some(rows), begun.elapsed(), code);
        let stopped = ended?;
        // The last commit waits for the disk, and with it all before it are there.
        self.connection().await?.batch(AFTER).await?;
        match stopped {
            None => self.tighten(plan, step, backfill, &mut state).await,
            stopped => Ok(stopped),
        }
    }

    /// Ordinary triggers (audit, updated_at, foreign keys) have nothing to do with a backfill.
    pub(super) async fn batch_session(&mut self) -> Result<(), ChangeError> {
        let settings = format!("{BATCH_SETTINGS}'{ROW_LOCK_MS}ms'");
        self.connection().await?.batch(&settings).await?;
        if self.may_be_replica != Some(false) {
            match self
                .connection()
                .await?
                .batch("SET session_replication_role = replica")
                .await
            {
                Ok(()) => self.may_be_replica = Some(true),
                Err(error) if error.sqlstate() == Some("42501") => {
                    self.may_be_replica = Some(false);
                    self.observer.says("The role may not set session_replication_role: the table's own UPDATE triggers fire during the backfill.");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn position(
        &mut self,
        plan: &Plan,
        step: usize,
        backfill: &Backfill,
    ) -> Result<Position, ChangeError> {
        let table = backfill.table.to_string();
        let now = self
            .value(
                "SELECT json_build_object('filenode', pg_relation_filenode($1::regclass)::bigint, \
                 'blocks', pg_relation_size($1::regclass) / current_setting('block_size')::int, \
                 'pass', 0, 'block', 0, 'sweeping', false)::text",
                &[Some(&table)],
            )
            .await?;
        let mut now: Position = serde_json::from_str(now.as_deref().unwrap_or("null"))?;
        if let Some(noted) = self.entry(&plan.id).await?.positions.get(&step) {
            let noted: Position = serde_json::from_str(&noted.position)?;
            // After a rewrite by somebody else the places mean nothing: from the start.
            if noted.filenode == now.filenode {
                return Ok(noted);
            }
        }
        now.indexes = self.index_sizes(backfill).await?;
        self.note_position(plan, step, &now).await?;
        Ok(now)
    }

    /// Notes by itself where a step stands.
    pub(super) async fn note_position(
        &mut self,
        plan: &Plan,
        step: usize,
        position: &impl Serialize,
    ) -> Result<(), ChangeError> {
        let (ordinal, text) = (step.to_string(), serde_json::to_string(position)?);
        self.connection()
            .await?
            .query(
                "INSERT INTO howdah.positions (change, ordinal, position) VALUES ($1, $2::int, $3) \
                 ON CONFLICT (change, ordinal) DO UPDATE SET position = EXCLUDED.position",
                &[Some(&plan.id), Some(&ordinal), Some(&text)],
            )
            .await?;
        Ok(())
    }

    /// What is left of a backfill that is taken back, beside the rows' values.
    pub(super) async fn clear_backfill(
        &mut self,
        plan: &Plan,
        step: usize,
        backfill: &Backfill,
    ) -> Result<(), ChangeError> {
        if let Some(noted) = self.entry(&plan.id).await?.positions.get(&step) {
            let position: Position = serde_json::from_str(&noted.position)?;
            self.drop_left(backfill, &position).await?;
        }
        Ok(())
    }

    async fn fill(
        &mut self,
        plan: &Plan,
        step: usize,
        backfill: &Backfill,
        state: &mut Position,
        pace: &mut Pace,
        rows: &mut u64,
    ) -> Result<Option<Wanted>, ChangeError> {
        let by_range = self.connection().await?.version_num() >= 140_000 && state.blocks > SMALL_BLOCKS;
        let set = set_sql(backfill);
        let table = &backfill.table;
        let start = state.blocks;
        // Not one row outside of the hours that the caller wants.
        if let Some(wanted) = pace.rest(self, &plan.id).await? {
            return Ok(Some(wanted));
        }
        if by_range && !state.sweeping {
            let sql = format!(
                "UPDATE ONLY {table} SET {set} WHERE ctid >= $1::tid AND ctid < $2::tid \
                 AND (pg_catalog.hashtid(ctid) & 65535) % {PASSES} = $3::int AND ({})",
                backfill.todo
            );
            let free = format!(
                "UPDATE ONLY {table} SET {set} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY {table} \
                 WHERE ctid >= $1::tid AND ctid < $2::tid AND (pg_catalog.hashtid(ctid) & 65535) % {PASSES} = $3::int AND ({}) \
                 FOR NO KEY UPDATE SKIP LOCKED))",
                backfill.todo
            );
            let density = (backfill.rows.max(1) as f64 / start.max(1) as f64 / PASSES as f64).max(0.05);
            while state.pass < PASSES {
                while state.block < start {
                    let pages = ((pace.rows() as f64 / density) as u64).clamp(1, start);
                    let end = (state.block + pages).min(start);
                    let next = Position {
                        block: end,
                        ..state.clone()
                    };
                    let (from, to) = (format!("({},0)", state.block), format!("({end},0)"));
                    let pass = state.pass.to_string();
                    let params = [Some(from.as_str()), Some(to.as_str()), Some(pass.as_str())];
                    *rows += self
                        .batch(plan, step, (&sql, &free), &params, &next, pace)
                        .await?;
                    *state = next;
                    let done = (state.pass * start + state.block) as f64 / (PASSES * start) as f64;
                    self.fraction(done * 0.95);
                    if let Some(wanted) = pace.rest(self, &plan.id).await? {
                        return Ok(Some(wanted));
                    }
                }
                *state = Position {
                    pass: state.pass + 1,
                    block: 0,
                    ..state.clone()
                };
                self.vacuum_if_grown(backfill, start).await?;
            }
            *state = Position {
                sweeping: true,
                ..state.clone()
            };
        }
        self.sweep(plan, step, backfill, state, pace, rows).await
    }

    /// Rows that the passes left: locked at the time, or moved by a writer that did not set the value.
    async fn sweep(
        &mut self,
        plan: &Plan,
        step: usize,
        backfill: &Backfill,
        state: &mut Position,
        pace: &mut Pace,
        rows: &mut u64,
    ) -> Result<Option<Wanted>, ChangeError> {
        let table = &backfill.table;
        let look = format!(
            "SELECT ctid FROM ONLY {table} WHERE {} LIMIT {SWEEP_ROWS}",
            backfill.todo
        );
        let set = set_sql(backfill);
        let sql = format!(
            "UPDATE ONLY {table} SET {set} WHERE ctid = ANY ($1::tid[]) AND ({})",
            backfill.todo
        );
        let free = format!(
            "UPDATE ONLY {table} SET {set} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY {table} \
             WHERE ctid = ANY ($1::tid[]) AND ({}) FOR NO KEY UPDATE SKIP LOCKED))",
            backfill.todo
        );
        loop {
            let found = self.connection().await?.query(&look, &[]).await?;
            let places: Vec<String> = found
                .iter()
                .filter_map(|row| row.get(0).map(|tid| format!("\"{tid}\"")))
                .collect();
            if places.is_empty() {
                return Ok(None);
            }
            let mut rest = &places[..];
            let mut filled = 0;
            while !rest.is_empty() {
                let (batch, after) = rest.split_at(pace.rows().min(rest.len()));
                rest = after;
                let array = format!("{{{}}}", batch.join(","));
                filled += self
                    .batch(plan, step, (&sql, &free), &[Some(&array)], state, pace)
                    .await?;
                if let Some(wanted) = pace.rest(self, &plan.id).await? {
                    return Ok(Some(wanted));
                }
            }
            *rows += filled;
            self.fraction((*rows as f64 / backfill.rows.max(1) as f64).min(1.0));
            if filled == 0 {
                // All of them are locked by somebody: their transactions have to end.
                self.pause(Duration::from_millis(200)).await?;
            }
            if places.len() == SWEEP_ROWS {
                self.vacuum_if_grown(backfill, state.blocks).await?;
            }
        }
    }

    /// One batch and the note of where the next one begins, in one transaction and one round trip.
    async fn batch(
        &mut self,
        plan: &Plan,
        step: usize,
        (sql, free): (&str, &str),
        params: &[Option<&str>],
        next: &Position,
        pace: &mut Pace,
    ) -> Result<u64, ChangeError> {
        let note = "UPDATE howdah.positions SET position = $1, rows = rows + $2::bigint WHERE change = $3 AND ordinal = $4::int";
        let (text, ordinal) = (serde_json::to_string(next)?, step.to_string());
        let mut sql = sql;
        loop {
            let expected = pace.rows().to_string();
            let noted = [
                Some(text.as_str()),
                Some(expected.as_str()),
                Some(plan.id.as_str()),
                Some(ordinal.as_str()),
            ];
            let steps = [
                Query::silent(sql).params(params),
                Query::silent(note).params(&noted),
            ];
            match pace.batch(self.connection().await?, steps).await {
                Ok(done) => return Ok(done.rows),
                // A client has one of the rows: the others first.
                Err(error) if matches!(error.sqlstate(), Some("55P03" | "40P01")) && sql != free => {
                    sql = free
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn vacuum_if_grown(&mut self, backfill: &Backfill, blocks: u64) -> Result<(), ChangeError> {
        let table = backfill.table.to_string();
        let now = self
            .value(
                "SELECT pg_relation_size($1::regclass) / current_setting('block_size')::int",
                &[Some(&table)],
            )
            .await?
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0);
        if now as f64 > GROWTH * blocks as f64 + 64.0 {
            // Another vacuum at work is as good.
            self.execute(&format!("VACUUM (SKIP_LOCKED, TRUNCATE false) {table}"))
                .await?;
        }
        Ok(())
    }
}

fn set_sql(backfill: &Backfill) -> String {
    let set: Vec<String> = backfill
        .set
        .iter()
        .map(|(column, expression)| format!("{} = {expression}", quote_ident(column)))
        .collect();
    set.join(", ")
}
