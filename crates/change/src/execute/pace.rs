//! How fast a backfill may go: as fast as it can while nobody is there, else with pauses.
//!
//! What clients feel of a backfill is its log: whoever commits waits until all that was written
//! before has reached the disk, and for new segments to be made. So a batch is bounded by the log
//! that it writes as well as by its time, and while clients are at work so is the log of a second.
//! Measured on two cores, a new server, a million rows: without that bound the slowest of a hundred
//! client operations took 13 to 16 ms, of 3 ms alone.

use std::time::{Duration, Instant};

use howdah_pg::{Column, Connection, Flow, PgError, RowView, Sink, Step as Query};
use howdah_sql::RelationName;

use super::worker::Worker;
use crate::ChangeError;
use crate::journal::Wanted;

/// What a batch should take: a client that wants a row of it waits no longer than that.
const BATCH: Duration = Duration::from_millis(25);
/// The log that a batch should write: the disk takes it in about the time of a small commit.
const BATCH_LOG_BYTES: f64 = 256e3;
/// The log of a second while clients are at work.
const LOG_BYTES_S: f64 = 16e6;
const ROWS_FIRST: usize = 100;
const ROWS_LEAST: usize = 20;
const ROWS_MOST: usize = 4_000;
/// How often what suffers is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// The pause after a batch as a share of its time, while clients are at work and while one had to wait.
const SHARE_BUSY: f64 = 0.35;
const SHARE_MOST: f64 = 8.0;
/// A replica that is so many seconds behind is waited for.
const LAG_S: f64 = 5.0;
/// Log that a slot retains, in bytes, at which the backfill goes slowly.
const RETAINED_BYTES: f64 = 8e9;

/// Where the log ends, in bytes.
const LOG_END: &str = "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')";
const PRESSURE: &str = include_str!("pressure.sql");

/// What a backfill does nothing for.
#[derive(Clone, Copy, PartialEq)]
enum WaitsFor {
    Window,
    Replica,
}

/// What a batch did.
pub(super) struct Done {
    /// The rows that its first statement touched.
    pub(super) rows: u64,
    /// The numbers that it returned, if any.
    pub(super) numbers: Vec<f64>,
}

/// The pace of one backfill.
pub(super) struct Pace {
    table: RelationName,
    rows: f64,
    /// The pause after a batch as a share of its time.
    share: f64,
    /// The shortest pause after the last batch, because of its log.
    log_pause: Duration,
    last: Duration,
    looked: Option<Instant>,
    /// What was last said to be waited for: once is enough.
    told: Option<WaitsFor>,
}

impl Pace {
    pub(super) fn new(table: RelationName) -> Self {
        Self {
            table,
            rows: ROWS_FIRST as f64,
            share: SHARE_BUSY,
            log_pause: Duration::ZERO,
            last: Duration::ZERO,
            looked: None,
            told: None,
        }
    }

    /// Rows that the next batch should have.
    pub(super) fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Carries out a batch, one transaction in one round trip.
    pub(super) async fn batch(
        &mut self,
        connection: &mut Connection,
        statements: [Query<'_>; 2],
    ) -> Result<Done, PgError> {
        let [work, note] = statements;
        let steps = [Query::new(LOG_END), work, note, Query::new(LOG_END)];
        let mut log = Log::default();
        let begun = Instant::now();
        let end = connection.run(&steps, &mut log).await?;
        let rows = end.steps.get(1).and_then(|step| step.affected()).unwrap_or(0);
        self.took(begun.elapsed(), rows, log.bytes());
        Ok(Done {
            rows,
            numbers: log.numbers,
        })
    }

    fn took(&mut self, took: Duration, rows: u64, log_bytes: f64) {
        self.last = took;
        self.log_pause = Duration::from_secs_f64(log_bytes / LOG_BYTES_S).saturating_sub(took);
        let factor = (BATCH.as_secs_f64() / took.as_secs_f64().max(1e-4))
            .min(BATCH_LOG_BYTES / log_bytes.max(1.0))
            .clamp(0.5, 1.25);
        // A batch that found little to do says nothing about one that does.
        if rows as f64 > self.rows / 4.0 || factor < 1.0 {
            self.rows = (self.rows * factor).clamp(ROWS_LEAST as f64, ROWS_MOST as f64);
        }
    }

    /// Pauses as is right now. `Some` where a person wants the change to stop.
    pub(super) async fn rest(
        &mut self,
        worker: &mut Worker,
        id: &str,
    ) -> Result<Option<Wanted>, ChangeError> {
        if self.looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            loop {
                let (wanted, waits) = self.look(worker, id).await?;
                if let Some(wanted) = worker.stops(wanted)? {
                    return Ok(Some(wanted));
                }
                if !waits {
                    break;
                }
                worker.pause(LOOK).await?;
            }
            self.looked = Some(Instant::now());
        }
        let pause = if self.share > 0.0 {
            self.last.mul_f64(self.share).max(self.log_pause)
        } else {
            Duration::ZERO
        };
        if pause > Duration::ZERO {
            worker.pause(pause).await?;
        }
        Ok(None)
    }

    /// Looks at what suffers; true where the backfill has to wait for it.
    async fn look(&mut self, worker: &mut Worker, id: &str) -> Result<(Wanted, bool), ChangeError> {
        let rows = worker.connection().await?.query(PRESSURE, &[Some(id)]).await?;
        let Some(row) = rows.first() else {
            return Ok((Wanted::Run, false));
        };
        let wanted = serde_json::from_value(row.get(0).unwrap_or("run").into())?;
        let number = |at: usize| row.parse::<f64>(at).unwrap_or(0.0);
        let (active, blocked, lag, retained) = (number(1), number(2), number(3), number(4));
        self.share = if blocked > 0.0 {
            (self.share.max(0.5) * 2.0).min(SHARE_MOST)
        } else if active > 0.0 || retained > RETAINED_BYTES {
            (self.share * 0.7).max(SHARE_BUSY)
        } else {
            0.0
        };
        if blocked > 0.0 {
            self.rows = (self.rows / 2.0).max(ROWS_LEAST as f64);
        }
        let waits = if worker.outside_window().await? {
            Some(WaitsFor::Window)
        } else {
            (lag > LAG_S).then_some(WaitsFor::Replica)
        };
        if let Some(what) = waits.filter(|_| waits != self.told) {
            let table = &self.table;
            worker.observer.says(&match (what, worker.options.window) {
                (WaitsFor::Window, Some((from, to))) => {
                    let hour = |time: time::Time| format!("{:02}:{:02}", time.hour(), time.minute());
                    format!(
                        "The rows of {table} are written from {} to {} only; waiting for that.",
                        hour(from),
                        hour(to)
                    )
                }
                _ => format!("A replica is {lag:.0} s behind; the work on {table} waits for it."),
            });
        }
        self.told = waits;
        Ok((wanted, waits.is_some()))
    }
}

/// Where the log ended before a batch and after it, and what the batch returned.
#[derive(Default)]
struct Log {
    ends: Vec<f64>,
    numbers: Vec<f64>,
}

impl Log {
    /// Bytes that were written meanwhile, by whomever.
    fn bytes(&self) -> f64 {
        match self.ends.as_slice() {
            [before, .., after] => after - before,
            _ => 0.0,
        }
    }
}

impl Sink for Log {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, step: usize, row: &RowView<'_>) -> Flow {
        let text = row.cell(0).and_then(|cell| std::str::from_utf8(cell.bytes).ok());
        let number = text.and_then(|text| text.parse::<f64>().ok());
        match step {
            1 => self.numbers.extend(number),
            _ => self.ends.extend(number),
        }
        Flow::Continue
    }
}
