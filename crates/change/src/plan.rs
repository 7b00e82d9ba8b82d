//! What a change is: ordered steps, each with its reason, its undo and the proof that it is done.

mod render;
mod step;

use howdah_rehearse::LockMode;
use howdah_sql::RelationName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A script as steps that clients hardly notice. The same script on the same schema gives
/// the same plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Stands for the script in this database, however far it has been carried out.
    pub id: String,
    /// The script as it was given.
    pub script: String,
    /// The server that it was planned for, such as 150004.
    pub server_version_num: u32,
    /// The `search_path` with which its names are resolved.
    pub search_path: String,
    /// In the order in which they are carried out.
    pub steps: Vec<Step>,
    /// What a person should know before.
    pub notes: Vec<String>,
    /// Why it cannot be carried out; empty if it can. With one of them nothing is touched.
    pub refusals: Vec<Refusal>,
}

/// A statement that is not carried out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// Which statement of the script, counted from 1.
    pub statement: usize,
    /// Why not, in a sentence.
    pub reason: String,
    /// What to do instead.
    pub hint: Option<String>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Which statement of the script it serves, counted from 1.
    pub statement: usize,
    /// What it does, as a short phrase.
    pub title: String,
    /// Why it is done in this way.
    pub reason: String,
    /// When in the life of the change it comes.
    pub phase: Phase,
    /// What is done.
    pub action: Action,
    /// How it is taken back.
    pub undo: Undo,
    /// An SQL expression, true when the step is done. For steps in a transaction the
    /// journal knows; for the others this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// The locks that it takes, for people; [`Action::Transaction`] says which are taken first.
    pub locks: Vec<PlannedLock>,
    /// What it will cost.
    pub estimate: Estimate,
}

/// When in the life of a change a step comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Prepares beside what clients see.
    Expand,
    /// Changes what clients see.
    Swap,
    /// Removes what only a rollback would need.
    Contract,
    /// Removes an old name that clients may still use: done only when that is asked for.
    Retire,
}

/// A lock that a step takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedLock {
    /// On what.
    #[schemars(with = "String")]
    pub relation: RelationName,
    /// How strongly.
    pub mode: LockMode,
    /// Whether for a moment only, or for as long as the step works.
    pub brief: bool,
}

/// What a step will cost, from the target's sizes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Seconds, at least.
    pub seconds_min: f64,
    /// Seconds, at most, while clients keep the machine busy.
    pub seconds_max: f64,
    /// Bytes of disk that it takes meanwhile.
    pub disk_bytes: u64,
    /// Bytes of write-ahead log.
    pub wal_bytes: u64,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Statements in one transaction, sent as one message together with the journal's row:
    /// the locks are held for about a millisecond. A lock that does not come at once is
    /// given up and tried again later.
    Transaction {
        /// Locked first, in this order, so that two changes cannot block each other.
        lock: Vec<LockTable>,
        /// Each of them quick: nothing whose work grows with a table.
        statements: Vec<String>,
    },
    /// One statement that runs outside of a transaction block, or for long under a lock that
    /// lets clients read and write: `CREATE INDEX CONCURRENTLY`, `VALIDATE CONSTRAINT`, `ANALYZE`.
    /// Neither statement nor lock timeout. Whether it is done is for [`Step::proof`] to say.
    Autocommit {
        /// The statement.
        sql: String,
        /// What a killed attempt of ours may have left, removed before the next.
        cleanup: Vec<Cleanup>,
    },
    /// Rows get the value of a new column, some at a time.
    Backfill(Backfill),
    /// A mass UPDATE or DELETE, a key range at a time.
    Batches(Batches),
    /// Rows move from the end of a table to room nearer its beginning, so that the end can be given back.
    Compact(Compact),
    /// A query that returns one number, which must be 0: nothing is lost or wrong. Where it is
    /// not, the statement's backfill is repeated, a few times at most.
    Verify {
        /// The query.
        sql: String,
        /// What a number above 0 means.
        failure: String,
    },
    /// A query for rows that stand in the way. Where it returns any, the change stops before
    /// this step's statement has touched anything, with the rows in the message.
    Check {
        /// Sent before the query, for what lives as long as the session: a function in `pg_temp`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        setup: Option<String>,
        /// The query; up to ten of its rows are shown.
        sql: String,
        /// What rows mean, to be followed by them.
        failure: String,
        /// What to do about them.
        hint: String,
    },
}

/// A table that a transaction locks first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockTable {
    /// The table.
    #[schemars(with = "String")]
    pub relation: RelationName,
    /// How strongly.
    pub mode: LockMode,
}

/// Something that a killed attempt left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cleanup {
    /// An SQL expression, true where it is there, is ours and is of no use.
    pub when: String,
    /// Removes it; runs outside of a transaction block.
    pub sql: String,
}

/// Rows that get the value of a new column. Whatever a row's writer does meanwhile sets the
/// value too (a trigger, a default), so that rows that are still without never move; they are
/// visited by their place (`ctid`), which works with any key and with none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backfill {
    /// The table; one that is partitioned is filled partition by partition, one step each.
    #[schemars(with = "String")]
    pub table: RelationName,
    /// Columns (as the catalog names them) and the expressions that they are set to.
    pub set: Vec<(String, String)>,
    /// A predicate, true for rows that still need it, false (never NULL) for those that do not.
    pub todo: String,
    /// What the number of rows is thought to be.
    pub rows: u64,
}

/// A mass UPDATE or DELETE by ranges of a unique key. Every row that was there at the start
/// is visited once; the position is committed with the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Batches {
    /// The table.
    #[schemars(with = "String")]
    pub table: RelationName,
    /// The columns of a unique index, all of them NOT NULL and none of them changed.
    pub key: Vec<String>,
    /// The statement with `{range}` where the range of the key goes, as a further condition:
    /// `UPDATE t SET a = a + 1 WHERE (a < 5) AND {range}`. The table is named in the range
    /// by [`Batches::alias`].
    pub sql: String,
    /// The name by which the statement knows the table.
    pub alias: String,
    /// What the number of rows is thought to be.
    pub rows: u64,
}

/// A table that gives the room of dead rows back to the disk, where it lies, beside clients: rows
/// at its end get a new version, which finds room nearer the beginning, and VACUUM cuts off the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compact {
    /// The table; one that is partitioned is compacted partition by partition, one step each.
    #[schemars(with = "String")]
    pub table: RelationName,
    /// A column (as the catalog names it) that may be set to what it is.
    pub column: String,
    /// What the number of rows is thought to be.
    pub rows: u64,
}

/// How a step is taken back. Whatever it does it can do twice, and to a step that was only begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Undo {
    /// There is nothing to take back.
    Nothing,
    /// Statements in one transaction, as in [`Action::Transaction`].
    Transaction {
        /// Locked first, in this order.
        lock: Vec<LockTable>,
        /// Each of them quick.
        statements: Vec<String>,
    },
    /// One statement outside of a transaction block.
    Autocommit {
        /// The statement: `DROP INDEX CONCURRENTLY IF EXISTS …`.
        sql: String,
    },
    /// It cannot be taken back.
    Impossible {
        /// Why.
        reason: String,
    },
}

impl Plan {
    /// The tables that the steps lock, sorted, each once: a change has them to itself.
    pub fn tables(&self) -> Vec<RelationName> {
        let mut tables: Vec<RelationName> = self
            .steps
            .iter()
            .flat_map(|step| &step.locks)
            .map(|lock| lock.relation.clone())
            .collect();
        tables.sort();
        tables.dedup();
        tables
    }

    /// The sum of the steps' costs.
    pub fn estimate(&self) -> Estimate {
        self.steps.iter().fold(Estimate::default(), |sum, step| Estimate {
            seconds_min: sum.seconds_min + step.estimate.seconds_min,
            seconds_max: sum.seconds_max + step.estimate.seconds_max,
            disk_bytes: sum.disk_bytes + step.estimate.disk_bytes,
            wal_bytes: sum.wal_bytes + step.estimate.wal_bytes,
        })
    }
}

impl Refusal {
    /// In words.
    pub fn text(&self) -> String {
        let hint = self
            .hint
            .as_ref()
            .map_or(String::new(), |hint| format!(" {hint}"));
        format!("Statement {}: {}.{hint}", self.statement, self.reason)
    }
}
