//! Older samples are summed up into longer spans, and those of each span length
//! are forgotten after a time.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::StoreError;
use crate::samples::Samples;

/// A length of spans, and how long they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Its number in the tables.
    pub number: i64,
    /// Seconds of a span; of level 0 those of counters, sessions are kept in [`Level::ACTIVITY_S`].
    pub span_s: i64,
    /// Seconds after which spans are forgotten.
    pub kept_s: i64,
}

impl Level {
    /// Seconds of a span of sessions' activity at level 0.
    pub const ACTIVITY_S: i64 = 10;
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The levels: minutes for two days, ten minutes for five weeks, six hours for thirteen months.
pub const LEVELS: [Level; 3] = [
    Level {
        number: 0,
        span_s: 60,
        kept_s: 2 * DAY,
    },
    Level {
        number: 1,
        span_s: 600,
        kept_s: 35 * DAY,
    },
    Level {
        number: 2,
        span_s: 6 * HOUR,
        kept_s: 400 * DAY,
    },
];

/// Changes and statements that no span mentions are kept as long as the longest spans.
const KEPT_S: i64 = 400 * DAY;
/// Statements and relations that a summed-up span keeps by themselves; the others are in its row 0.
const KEPT_APART: i64 = 200;
/// Pages given back to the file system at once.
const FREED_PAGES: u32 = 2_000;

const TABLES: [&str; 6] = [
    "tick",
    "activity",
    "statement_use",
    "relation_use",
    "relation_state",
    "metric",
];

impl Samples {
    /// Sums up what is complete and forgets what is old, as of `now_s` (seconds since 1970).
    pub async fn keep(&self, now_s: i64) -> Result<(), StoreError> {
        self.write(move |transaction| {
            for pair in LEVELS.windows(2) {
                if let [below, level] = pair {
                    sum_up(transaction, *below, *level, now_s)?;
                }
            }
            for level in LEVELS {
                forget(transaction, level, now_s)?;
            }
            forget_unmentioned(transaction, now_s)
        })
        .await?;
        self.call(|connection| {
            let mut freeing =
                connection.prepare_cached(&format!("PRAGMA incremental_vacuum({FREED_PAGES})"))?;
            // It returns a row for each page, and frees no further one until that is taken.
            let mut pages = freeing.query([])?;
            let mut freed = 0;
            while pages.next()?.is_some() {
                freed += 1;
            }
            drop(pages);
            if freed > 0 {
                // The file gets shorter when the log of writes goes into it; left for later where somebody is reading.
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            }
            Ok(())
        })
        .await
    }
}

/// Up to when `level` holds what was sampled, in seconds since 1970.
pub(super) fn summed_up_to(connection: &Connection, level: i64) -> Result<i64, StoreError> {
    let until = connection
        .prepare_cached("SELECT until FROM rolled WHERE level = ?1")?
        .query_row([level], |row| row.get(0))
        .optional()?;
    Ok(until.unwrap_or(0))
}

fn sum_up(transaction: &Transaction<'_>, below: Level, level: Level, now_s: i64) -> Result<(), StoreError> {
    let from = summed_up_to(transaction, level.number)?;
    // What is written late, by a sampler that was slow, is still in time.
    let complete = now_s - 2 * below.span_s;
    let mut until = complete - complete.rem_euclid(level.span_s);
    if level.number > 1 {
        let ready = summed_up_to(transaction, below.number)?;
        until = until.min(ready - ready.rem_euclid(level.span_s));
    }
    if until <= from {
        return Ok(());
    }
    let script = include_str!("sum_up.sql");
    for statement in script.split(";\n").filter(|part| !part.trim().is_empty()) {
        let mut prepared = transaction.prepare_cached(statement)?;
        let all = [
            (":below", below.number),
            (":level", level.number),
            (":span", level.span_s),
            (":from", from),
            (":until", until),
            (":apart", KEPT_APART),
        ];
        for (name, value) in all {
            if let Some(index) = prepared.parameter_index(name)? {
                prepared.raw_bind_parameter(index, value)?;
            }
        }
        prepared.raw_execute()?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO rolled (level, until) VALUES (?1, ?2) ON CONFLICT (level) DO UPDATE SET until = excluded.until",
        )?
        .execute(params![level.number, until])?;
    Ok(())
}

fn forget(transaction: &Transaction<'_>, level: Level, now_s: i64) -> Result<(), StoreError> {
    for table in TABLES {
        transaction
            .prepare_cached(&format!("DELETE FROM {table} WHERE level = ?1 AND at < ?2"))?
            .execute(params![level.number, now_s - level.kept_s])?;
    }
    Ok(())
}

fn forget_unmentioned(transaction: &Transaction<'_>, now_s: i64) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM change WHERE at < ?1")?
        .execute([now_s - KEPT_S])?;
    transaction
        .prepare_cached("DELETE FROM statement WHERE last_at < ?1")?
        .execute([now_s - KEPT_S])?;
    Ok(())
}
