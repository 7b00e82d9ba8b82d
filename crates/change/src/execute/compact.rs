//! Giving the room of dead rows back to the disk beside clients, where the table lies.
//!
//! From the last page towards the first, the rows of some pages at a time get new versions until those lie
//! elsewhere, which is where VACUUM found room: mostly nearer the beginning. When rows find room only behind
//! where they were, none is left before them; VACUUM then cuts off what is empty at the end. Nothing is copied
//! and nothing exchanged, so that whatever depends on the table stays, and no lock is taken that a client waits
//! for but that of the cut, which VACUUM gives up as soon as somebody wants it.
//!
//! Measured on 15: a million rows of which nine in ten were deleted at random, 18,182 pages, became 1,893 in 4.6 s;
//! VACUUM FULL makes 1,821.

use std::time::{Duration, Instant};

use howdah_core::human_bytes;
use howdah_pg::Step as Query;
use howdah_sql::{quote_ident, quote_literal};
use serde::{Deserialize, Serialize};

use super::backfill::AFTER;
use super::pace::Pace;
use super::worker::Worker;
use crate::journal::Wanted;
use crate::{ChangeError, Compact, Plan};

const MOVE: &str = include_str!("compact.sql");
const HOLDER: &str = include_str!("compact.holder.sql");

/// Passes over the table at most; each finds what the one before left because somebody had it.
const PASSES: u32 = 4;
/// What a pass has to free for another to be worth it.
const WORTH: f64 = 0.03;
/// Pages of one batch at most.
const PAGES_MOST: u64 = 64;
/// The share of rows that find no room before them at which a pass ends, as a mean in which the last
/// batch counts a fifth.
const FULL: f64 = 0.5;
const NEARLY_FULL: f64 = 0.1;
const PAGES_AT_THE_END: u64 = 4;
const LAST_COUNTS: f64 = 0.2;
/// How long it is waited for the end of a table to be cut off, which an old transaction can hold up.
const CUT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Younger transactions than this are not named as holders (`compact.holder.sql`), with a second's margin.
const YOUNG: Duration = Duration::from_secs(3);
/// VACUUM does not take the trouble to cut off fewer pages than a sixteenth, or than a thousand.
const NOT_CUT: u64 = 1_000;

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Position {
    /// The table's file: a rewrite by somebody else moves every row.
    filenode: u64,
    /// Pages that there were at the start of all.
    start: u64,
    /// The pass, from 1.
    pass: u32,
    /// Pages that there were at its start.
    before: u64,
    /// The rows of the pages from this one on have been moved.
    block: u64,
    /// Whether the pass is over.
    full: bool,
    /// The first page that any pass came to.
    lowest: u64,
}

/// A table after VACUUM.
struct Cut {
    /// The number of its file.
    filenode: u64,
    /// Its pages.
    pages: u64,
    /// Those up to the last row.
    used: u64,
    /// Whether what is empty at the end could not be cut off.
    is_held: bool,
}

/// Pages that VACUUM may leave at the end.
fn slack(pages: u64) -> u64 {
    (pages / 16).clamp(16, NOT_CUT)
}

impl Worker {
    /// One step, from where it stopped. `Some` where a person wants it to stop.
    pub(super) async fn compact(
        &mut self,
        plan: &Plan,
        step: usize,
        compact: &Compact,
    ) -> Result<Option<Wanted>, ChangeError> {
        let begun = Instant::now();
        let mut pace = Pace::new(compact.table.clone());
        // Not one row outside of the hours that the caller wants.
        if let Some(wanted) = pace.rest(self, &plan.id).await? {
            return Ok(Some(wanted));
        }
        let mut position = match self.compacted_so_far(plan, step, compact).await? {
            Some(position) => position,
            None => {
                // So that the server knows where there is room.
                let Cut { filenode, pages, .. } = self.cut(compact, None).await?;
                Position {
                    filenode,
                    start: pages,
                    pass: 1,
                    before: pages,
                    block: pages,
                    full: false,
                    lowest: pages,
                }
            }
        };
        self.note_position(plan, step, &position).await?;
        let mut rows = 0;
        loop {
            let ended = self
                .pass(plan, step, compact, &mut position, &mut pace, &mut rows)
                .await;
            if !matches!(&ended, Err(error) if self.is_lost(error)) {
                self.connection().await?.batch(AFTER).await?;
            }
            if let Some(wanted) = ended? {
                return Ok(Some(wanted));
            }
            let Cut {
                filenode,
                pages,
                used,
                is_held,
            } = self.cut(compact, Some(position.block)).await?;
            let freed = 1.0 - pages as f64 / position.before.max(1) as f64;
            let left_behind = used as f64 > position.block as f64 * (1.0 + WORTH) + 16.0;
            // What moved while old rows cannot go would only take more room.
            if position.pass >= PASSES || is_held || (freed < WORTH && !left_behind) {
                self.told(compact, &position, pages).await?;
                self.observer
                    .executed(&plan.steps[step].action_sql(), Some(rows), begun.elapsed(), None);
                return Ok(None);
            }
            position = Position {
                filenode,
                pass: position.pass + 1,
                before: pages,
                block: pages,
                full: false,
                ..position
            };
            self.note_position(plan, step, &position).await?;
        }
    }

    /// The noted position, unless somebody has written the table anew since.
    async fn compacted_so_far(
        &mut self,
        plan: &Plan,
        step: usize,
        compact: &Compact,
    ) -> Result<Option<Position>, ChangeError> {
        let mut entry = self.entry(&plan.id).await?;
        let Some(noted) = entry.positions.remove(&step) else {
            return Ok(None);
        };
        let noted: Position = serde_json::from_str(&noted.position)?;
        let (filenode, _) = self.file(compact).await?;
        Ok(Some(noted).filter(|noted| noted.filenode == filenode))
    }

    /// The number of the table's file, and its pages.
    async fn file(&mut self, compact: &Compact) -> Result<(u64, u64), ChangeError> {
        let table = compact.table.to_string();
        let sql = "SELECT pg_relation_filenode($1::regclass)::bigint, pg_relation_size($1::regclass) / current_setting('block_size')::int";
        let rows = self.connection().await?.query(sql, &[Some(&table)]).await?;
        let row = rows.first();
        let number = |at: usize| row.and_then(|row| row.parse::<u64>(at)).unwrap_or(0);
        Ok((number(0), number(1)))
    }

    /// Moves rows towards the beginning, from the page where it stopped, until no room is left before them.
    async fn pass(
        &mut self,
        plan: &Plan,
        step: usize,
        compact: &Compact,
        position: &mut Position,
        pace: &mut Pace,
        rows: &mut u64,
    ) -> Result<Option<Wanted>, ChangeError> {
        self.batch_session().await?;
        if self.may_be_replica == Some(false) && self.has_triggers(compact).await? {
            return Err(ChangeError::Refused(vec![format!(
                "The triggers of {} would fire for every row that moves: the role may not set session_replication_role. \
                 A superuser may, on Aurora and RDS a member of rds_superuser, from PostgreSQL 15 on whoever was granted SET on it.",
                compact.table
            )]));
        }
        let by_range = self.connection().await?.version_num() >= 140_000;
        self.connection().await?.batch(&moving(compact, by_range)).await?;
        let density = (compact.rows.max(1) as f64 / position.start.max(1) as f64).max(0.05);
        let note = "UPDATE howdah.positions SET position = $1, rows = rows + $2::bigint WHERE change = $3 AND ordinal = $4::int";
        let ordinal = step.to_string();
        let mut behind = 0.0;
        while position.block > 0 && !position.full {
            // Near the end of the pass little by little: what finds no room makes the table grow.
            let most = if behind > NEARLY_FULL {
                PAGES_AT_THE_END
            } else {
                PAGES_MOST
            };
            let pages = ((pace.rows() as f64 / density) as u64).clamp(1, most);
            let block = position.block.saturating_sub(pages);
            let mut next = Position {
                block,
                lowest: position.lowest.min(block),
                ..position.clone()
            };
            let (low, high) = (next.block.to_string(), position.block.to_string());
            let (text, expected) = (serde_json::to_string(&next)?, pace.rows().to_string());
            let range = [Some(low.as_str()), Some(high.as_str())];
            let noted = [
                Some(text.as_str()),
                Some(expected.as_str()),
                Some(plan.id.as_str()),
                Some(ordinal.as_str()),
            ];
            let moves = "SELECT pg_temp.howdah_compact($1::bigint, $2::bigint)";
            let steps = [
                Query::new(moves).params(&range),
                Query::silent(note).params(&noted),
            ];
            match pace.batch(self.connection().await?, steps).await {
                Ok(done) => {
                    let (found, above) = match done.numbers.as_slice() {
                        [found, above] => (*found, *above),
                        _ => (0.0, 0.0),
                    };
                    *rows += found as u64;
                    if found > 0.0 {
                        behind += LAST_COUNTS * (above / found - behind);
                    }
                    next.full = behind > FULL;
                }
                // A row that came to be locked between the look and the update: they are left.
                Err(error) if matches!(error.sqlstate(), Some("55P03" | "40P01")) => {}
                Err(error) => return Err(error.into()),
            }
            *position = next;
            self.fraction((1.0 - position.block as f64 / position.before.max(1) as f64) * 0.95);
            if position.full {
                self.note_position(plan, step, position).await?;
            }
            if let Some(wanted) = pace.rest(self, &plan.id).await? {
                return Ok(Some(wanted));
            }
        }
        Ok(None)
    }

    async fn has_triggers(&mut self, compact: &Compact) -> Result<bool, ChangeError> {
        // Type 16 is UPDATE.
        self.holds(&format!(
            "EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = {} AND NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgtype & 16 <> 0)",
            crate::proof::regclass(&compact.table)
        ))
        .await
    }

    /// Has VACUUM find what is free, and cut off the end, which should be empty from that page on.
    async fn cut(&mut self, compact: &Compact, empty_from: Option<u64>) -> Result<Cut, ChangeError> {
        let until = Instant::now() + CUT;
        loop {
            self.execute(&format!(
                "VACUUM (INDEX_CLEANUP ON, TRUNCATE ON) {}",
                compact.table
            ))
            .await?;
            let (filenode, pages) = self.file(compact).await?;
            let Some(from) = empty_from else {
                // Where dead rows cannot be removed yet, there is no room to move anything to.
                let is_held = self.has_dead(compact).await?
                    && (until > Instant::now() + CUT - YOUNG || self.value(HOLDER, &[]).await?.is_some());
                if is_held && Instant::now() < until {
                    self.pause(LOOK_AGAIN).await?;
                    continue;
                }
                return Ok(Cut {
                    filenode,
                    pages,
                    used: pages,
                    is_held,
                });
            };
            let used = self.used(compact, from).await?;
            let is_held = pages > from + slack(from)
                && (pages > used + slack(used) || self.value(HOLDER, &[]).await?.is_some());
            if !is_held || Instant::now() > until {
                return Ok(Cut {
                    filenode,
                    pages,
                    used,
                    is_held,
                });
            }
            self.pause(LOOK_AGAIN).await?;
        }
    }

    /// Whether the last VACUUM had to leave more dead rows than are worth a pass.
    async fn has_dead(&mut self, compact: &Compact) -> Result<bool, ChangeError> {
        let sql = "SELECT pg_stat_get_dead_tuples($1::regclass) > pg_stat_get_live_tuples($1::regclass) * $2::float8";
        let (table, share) = (compact.table.to_string(), WORTH.to_string());
        let answer = self.value(sql, &[Some(&table), Some(&share)]).await?;
        Ok(answer.as_deref() == Some("t"))
    }

    /// Pages up to the last row, at least those before `from`: a row may have moved to where VACUUM found room behind it.
    async fn used(&mut self, compact: &Compact, from: u64) -> Result<u64, ChangeError> {
        let table = &compact.table;
        let sql = match self.connection().await?.version_num() >= 140_000 {
            true => format!(
                "SELECT ((max(ctid)::text::point)[0])::bigint + 1 FROM ONLY {table} WHERE ctid >= $1::tid"
            ),
            false => format!(
                "SELECT max((ctid::text::point)[0])::bigint + 1 FROM ONLY {table} WHERE $1::tid IS NOT NULL"
            ),
        };
        let first = format!("({from},0)");
        let last = self.value(&sql, &[Some(&first)]).await?;
        Ok(last.and_then(|text| text.parse().ok()).unwrap_or(0).max(from))
    }

    /// Says what came of it, and where too little, why.
    async fn told(&mut self, compact: &Compact, position: &Position, pages: u64) -> Result<(), ChangeError> {
        let table = &compact.table;
        let size = |pages: u64| human_bytes(pages * 8192);
        self.observer.says(&format!(
            "{table} takes {}, {} before.",
            size(pages),
            size(position.start)
        ));
        let Some(who) = self.value(HOLDER, &[]).await? else {
            return Ok(());
        };
        if pages > position.lowest + slack(position.lowest) {
            self.observer.says(&format!(
                "The end of {table} could not be cut off while somebody may still see its old rows: {who}. The room can be \
                 used again; when that has ended, VACUUM {table} gives it back to the disk."
            ));
        } else if pages as f64 > position.start as f64 * (1.0 - WORTH) && self.has_dead(compact).await? {
            self.observer.says(&format!(
                "The dead rows of {table} could not be removed while somebody may still see them, so that no room was found: \
                 {who}. When that has ended, begin again."
            ));
        }
        Ok(())
    }
}

/// The function that moves rows, for this table.
fn moving(compact: &Compact, by_range: bool) -> String {
    let places = match by_range {
        true => "ctid >= first AND ctid < beyond",
        // Before 14 a range of places is read as the whole table: every place that there can be is named.
        false => {
            "ctid = ANY (ARRAY(SELECT pg_catalog.format('(%s,%s)', page, line)::pg_catalog.tid \
             FROM pg_catalog.generate_series(low, high - 1) AS page, pg_catalog.generate_series(1, 291) AS line))"
        }
    };
    let (table, column) = (compact.table.to_string(), quote_ident(&compact.column));
    // Piece by piece: a name may look like a place of another.
    let piece = |piece: &str| match piece {
        "table" => table.clone(),
        "column" => column.clone(),
        "places" => places.to_owned(),
        other => other.to_owned(),
    };
    let body: String = MOVE.split(['{', '}']).map(piece).collect();
    format!(
        "CREATE OR REPLACE FUNCTION pg_temp.howdah_compact(low pg_catalog.int8, high pg_catalog.int8) \
         RETURNS SETOF pg_catalog.int8 LANGUAGE plpgsql AS {}",
        quote_literal(&body)
    )
}
