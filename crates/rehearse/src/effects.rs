use howdah_sql::RelationName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The table-level lock modes of PostgreSQL, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// Taken by SELECT.
    AccessShare,
    /// Taken by SELECT … FOR UPDATE and its kin.
    RowShare,
    /// Taken by INSERT, UPDATE, DELETE, MERGE.
    RowExclusive,
    /// Taken by VACUUM, ANALYZE, CREATE INDEX CONCURRENTLY, VALIDATE.
    ShareUpdateExclusive,
    /// Taken by CREATE INDEX.
    Share,
    /// Taken by CREATE TRIGGER and ADD FOREIGN KEY.
    ShareRowExclusive,
    /// Taken by REFRESH MATERIALIZED VIEW CONCURRENTLY.
    Exclusive,
    /// Taken by most of ALTER TABLE, DROP, TRUNCATE.
    AccessExclusive,
}

impl LockMode {
    /// Whether plain reads wait for it.
    pub fn blocks_reads(self) -> bool {
        self == Self::AccessExclusive
    }

    /// Whether INSERT, UPDATE and DELETE wait for it.
    pub fn blocks_writes(self) -> bool {
        self >= Self::Share
    }
}

/// What one statement of a script does to the database it is run on, as
/// observed on a server by a rehearsal, or as predicted without one.
///
/// The same type serves both, so that one verdict is drawn from either.
/// Relations that the script itself created are left out of `locks` and `work`:
/// nobody waits for them, and they are as small as the script made them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effects {
    /// The strongest lock that it takes on each relation that was there before the script.
    pub locks: Vec<Lock>,
    /// Work that takes longer the larger a relation is.
    pub work: Vec<Work>,
    /// What clients could do before and cannot do any more.
    pub breaks: Vec<Break>,
    /// Data that are gone afterwards.
    pub losses: Vec<Loss>,
    /// Why it fails, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What it leaves behind that somebody has to clean up.
    pub debris: Vec<Debris>,
}

/// A lock on a relation, held until the end of the transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lock {
    /// Which relation: a table, or a partition or a referenced table that is locked along with it.
    #[schemars(with = "String")]
    pub relation: RelationName,
    /// How strongly.
    pub mode: LockMode,
}

/// Work on a relation that grows with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Work {
    /// The relation that is read or written.
    #[schemars(with = "String")]
    pub relation: RelationName,
    /// What is done with all of it.
    pub kind: WorkKind,
    /// The index that is built, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
}

/// The kinds of work that grow with a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// All of it is read.
    Scan,
    /// An index on it is built.
    IndexBuild,
    /// All of it, and its indexes, are written anew.
    Rewrite,
    /// A number of rows that grows with it is inserted, updated or deleted, and stays locked until the end of the transaction.
    RowsWritten,
    /// A number of rows that grows with it is locked.
    RowsLocked,
}

/// A statement of an ordinary client that worked before and fails now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Break {
    /// The client's statement.
    pub statement: String,
    /// The role that it was tried as.
    pub role: String,
    /// The error that it gets.
    pub failure: Failure,
    /// Only prepared statements of sessions that are open now fail, once each
    /// ("cached plan must not change result type").
    pub prepared_only: bool,
}

/// An error of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Five characters.
    pub sqlstate: String,
    /// As the server says it.
    pub message: String,
}

/// Data that are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// What is lost, as a short noun phrase: `column "shop"."orders"."note"`.
    pub what: String,
}

/// What is left for somebody to clean up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Debris {
    /// An index that is maintained, and used by nobody.
    InvalidIndex(String),
    /// The statements before this one are committed, and it failed.
    HalfApplied,
    /// The script ends inside of a transaction.
    OpenTransaction,
}
