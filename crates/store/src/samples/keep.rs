//! Older samples are summed up into longer spans, and those of each span length
//! are forgotten after a time.

use std::collections::BTreeMap;

use crate::StoreError;
use crate::samples::Samples;
use crate::samples::statement::{Bundle, Statement};

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
        // What is not written so far must not be missing in a sum.
        if self.trouble().is_some() {
            return Ok(());
        }
        let mut summed_up_to = self.summed_up_to().await?;
        let mut bundle = Bundle::default();
        for pair in LEVELS.windows(2) {
            if let [below, level] = pair {
                sum_up(&mut bundle, &mut summed_up_to, *below, *level, now_s);
            }
        }
        for level in LEVELS {
            forget(&mut bundle, level, now_s);
        }
        for sql in [
            "DELETE FROM change WHERE target = :target AND at < :before",
            "DELETE FROM statement WHERE target = :target AND last_at < :before",
        ] {
            bundle.push(Statement::new(sql).with(":before", now_s - KEPT_S));
        }
        self.write(bundle).await?;
        self.shrink().await
    }

    /// Up to when each level holds what was sampled, in seconds since 1970; none of a level is 0.
    pub(super) async fn summed_up_to(&self) -> Result<BTreeMap<i64, i64>, StoreError> {
        let asked = Statement::new("SELECT level, until FROM rolled WHERE target = :target");
        let rows = self.ask_one(asked, |row| Ok((row.integer(0)?, row.integer(1)?)));
        Ok(rows.await?.into_iter().collect())
    }
}

fn sum_up(
    bundle: &mut Bundle,
    summed_up_to: &mut BTreeMap<i64, i64>,
    below: Level,
    level: Level,
    now_s: i64,
) {
    let from = summed_up_to.get(&level.number).copied().unwrap_or(0);
    // What is written late, by a sampler that was slow, is still in time.
    let complete = now_s - 2 * below.span_s;
    let mut until = complete - complete.rem_euclid(level.span_s);
    if level.number > 1 {
        let ready = summed_up_to.get(&below.number).copied().unwrap_or(0);
        until = until.min(ready - ready.rem_euclid(level.span_s));
    }
    if until <= from {
        return;
    }
    let script = include_str!("sum_up.sql");
    for sql in script.split(";\n").filter(|part| !part.trim().is_empty()) {
        bundle.push(
            Statement::new(sql)
                .with(":below", below.number)
                .with(":level", level.number)
                .with(":span", level.span_s)
                .with(":from", from)
                .with(":until", until)
                .with(":apart", KEPT_APART),
        );
    }
    summed_up_to.insert(level.number, until);
}

fn forget(bundle: &mut Bundle, level: Level, now_s: i64) {
    for table in TABLES {
        let sql = format!("DELETE FROM {table} WHERE target = :target AND level = :level AND at < :before");
        bundle.push(
            Statement::new(sql)
                .with(":level", level.number)
                .with(":before", now_s - level.kept_s),
        );
    }
}
