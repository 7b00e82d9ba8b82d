use howdah_rehearse::LockMode;
use howdah_sql::RelationName;

use super::{
    Action, Backfill, Batches, Cleanup, Compact, Estimate, LockTable, Phase, PlannedLock, Step, Undo,
};

/// Steps are built from what they do; the planner knows which statement they serve.
impl Step {
    fn of(title: impl Into<String>, action: Action) -> Self {
        Self {
            statement: 0,
            title: title.into(),
            reason: String::new(),
            phase: Phase::Expand,
            action,
            undo: Undo::Nothing,
            proof: None,
            locks: Vec::new(),
            estimate: Estimate::default(),
        }
    }

    /// Quick statements in one transaction.
    pub fn transaction(title: impl Into<String>, statements: Vec<String>) -> Self {
        Self::of(
            title,
            Action::Transaction {
                lock: Vec::new(),
                statements,
            },
        )
    }

    /// One statement outside of a transaction block, or under a weak lock for long.
    pub fn autocommit(title: impl Into<String>, sql: impl Into<String>) -> Self {
        Self::of(
            title,
            Action::Autocommit {
                sql: sql.into(),
                cleanup: Vec::new(),
            },
        )
    }

    /// A backfill.
    pub fn backfill(title: impl Into<String>, backfill: Backfill) -> Self {
        Self::of(title, Action::Backfill(backfill))
    }

    /// A mass UPDATE or DELETE.
    pub fn batches(title: impl Into<String>, batches: Batches) -> Self {
        Self::of(title, Action::Batches(batches))
    }

    /// Room that is given back to the disk.
    pub fn compact(title: impl Into<String>, compact: Compact) -> Self {
        Self::of(title, Action::Compact(compact))
    }

    /// A query that counts what is wrong.
    pub fn verify(title: impl Into<String>, sql: impl Into<String>, failure: impl Into<String>) -> Self {
        Self::of(
            title,
            Action::Verify {
                sql: sql.into(),
                failure: failure.into(),
            },
        )
    }

    /// A query for rows that stand in the way.
    pub fn check(
        title: impl Into<String>,
        sql: impl Into<String>,
        failure: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::of(
            title,
            Action::Check {
                setup: None,
                sql: sql.into(),
                failure: failure.into(),
                hint: hint.into(),
            },
        )
    }

    /// What a check needs in its session.
    #[must_use]
    pub fn setup(mut self, statement: impl Into<String>) -> Self {
        if let Action::Check { setup, .. } = &mut self.action {
            *setup = Some(statement.into());
        }
        self
    }

    /// Why it is done in this way.
    #[must_use]
    pub fn reason(self, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..self
        }
    }

    /// In this phase instead of the first.
    #[must_use]
    pub fn phase(self, phase: Phase) -> Self {
        Self { phase, ..self }
    }

    /// How it is taken back.
    #[must_use]
    pub fn undo(self, undo: Undo) -> Self {
        Self { undo, ..self }
    }

    /// Taken back by quick statements in one transaction, which locks what the step locks.
    #[must_use]
    pub fn undo_transaction(self, statements: Vec<String>) -> Self {
        let lock = match &self.action {
            Action::Transaction { lock, .. } => lock.clone(),
            _ => Vec::new(),
        };
        self.undo(Undo::Transaction { lock, statements })
    }

    /// The expression that is true when it is done; see [`crate::proof`].
    #[must_use]
    pub fn proof(self, proof: impl Into<String>) -> Self {
        Self {
            proof: Some(proof.into()),
            ..self
        }
    }

    /// Removes what a killed attempt left, where `when` is true.
    #[must_use]
    pub fn cleanup(mut self, when: impl Into<String>, sql: impl Into<String>) -> Self {
        if let Action::Autocommit { cleanup, .. } = &mut self.action {
            cleanup.push(Cleanup {
                when: when.into(),
                sql: sql.into(),
            });
        }
        self
    }

    /// Locks that table for a moment. In a transaction it is locked first, in the order of the calls.
    #[must_use]
    pub fn locks(mut self, relation: &RelationName, mode: LockMode) -> Self {
        if let Action::Transaction { lock, .. } = &mut self.action {
            lock.push(LockTable {
                relation: relation.clone(),
                mode,
            });
        }
        self.locks.push(PlannedLock {
            relation: relation.clone(),
            mode,
            brief: true,
        });
        self
    }

    /// Locks that table for as long as the step works, or takes a lock that the statements
    /// take by themselves: shown, and not taken first.
    #[must_use]
    pub fn holds(mut self, relation: &RelationName, mode: LockMode) -> Self {
        self.locks.push(PlannedLock {
            relation: relation.clone(),
            mode,
            brief: false,
        });
        self
    }

    /// What it will cost.
    #[must_use]
    pub fn estimate(self, estimate: Estimate) -> Self {
        Self { estimate, ..self }
    }
}

impl Estimate {
    /// Next to nothing.
    pub fn moment() -> Self {
        Self {
            seconds_min: 0.0,
            seconds_max: 0.1,
            ..Self::default()
        }
    }

    /// A scan of so many bytes: 200 to 1000 MB/s.
    pub fn scan(bytes: u64) -> Self {
        let megabytes = bytes as f64 / 1e6;
        Self {
            seconds_min: megabytes / 1000.0,
            seconds_max: 0.1 + megabytes / 200.0,
            ..Self::default()
        }
    }

    /// An index that is built beside writers over so many bytes of table: two scans and a
    /// sort, 25 to 150 MB/s. Its size is taken as a quarter of the table's.
    pub fn index_build(bytes: u64) -> Self {
        let megabytes = bytes as f64 / 1e6;
        Self {
            seconds_min: megabytes / 150.0,
            seconds_max: 0.2 + megabytes / 25.0,
            disk_bytes: bytes / 4,
            wal_bytes: bytes / 4,
        }
    }

    /// A backfill of so many rows of a table of so many bytes: 15,000 to 80,000 rows a second;
    /// the table grows by a quarter, the log by up to 3.4 times the table (measured by hand).
    pub fn backfill(rows: u64, bytes: u64) -> Self {
        Self {
            seconds_min: rows as f64 / 80_000.0,
            seconds_max: 0.5 + rows as f64 / 15_000.0,
            disk_bytes: bytes / 4,
            wal_bytes: bytes * 34 / 10,
        }
    }

    /// A table of so many bytes whose rows move to its beginning: at most all of it is written, at
    /// 5 to 40 MB/s (142 MB took 4.6 s, measured alone; with clients at work the log's pace is the bound),
    /// and twice as much of log, as pages are logged whole once.
    pub fn compaction(bytes: u64) -> Self {
        let megabytes = bytes as f64 / 1e6;
        Self {
            seconds_min: megabytes / 40.0,
            seconds_max: 0.5 + megabytes / 5.0,
            disk_bytes: 0,
            wal_bytes: bytes * 2,
        }
    }
}
