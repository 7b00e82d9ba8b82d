mod changed;
mod elsewhere;
mod inserted;
mod known_values;
mod outcome;
mod run;
mod skipped;
mod statement;
mod written_values;

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Effects, RehearseError, ScratchDatabase, Statistics, Unit};
use run::Run;

/// How to rehearse.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How long a statement may take, in milliseconds, before it is stopped
    /// and said to be too slow to be rehearsed: on empty tables next to nothing is slow.
    pub statement_timeout_ms: u64,
    /// Whether clients are tried as well: statements of ordinary roles, before and after.
    pub clients: bool,
    /// What is known of the values in the target's tables.
    pub statistics: Statistics,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            statement_timeout_ms: 10_000,
            clients: true,
            statistics: Statistics::default(),
        }
    }
}

/// What a script did in a scratch database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rehearsal {
    /// The major version of the server that it ran on.
    pub major: u16,
    /// One for each statement of the script, in its order.
    pub statements: Vec<StatementOutcome>,
    /// What limits the result: missing extensions, another major version,
    /// objects that could not be rebuilt, statements that could not be run.
    pub notes: Vec<String>,
}

/// What one statement did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatementOutcome {
    /// Its bytes in the script.
    pub span: Range<usize>,
    /// What it did.
    pub effects: Effects,
    /// The transaction that it ran in; statements of one number share one, and
    /// keep its locks until its last. `None` for a statement that ran in no
    /// transaction block, such as CREATE INDEX CONCURRENTLY, or that opens or ends one.
    pub transaction: Option<u32>,
    /// `lock_timeout` as it was when the statement ran, in milliseconds; 0 for none.
    pub lock_timeout_ms: u64,
    /// What the server remarked on it.
    pub notices: Vec<String>,
}

/// Scripts that run one after another in a scratch database that holds the target's schema, each
/// step by step as its runner would run it. The database is theirs until this is dropped: whoever
/// looks at it from outside keeps it so long.
pub struct Rehearsing {
    run: Run,
}

impl Rehearsing {
    /// Begins in that database, which holds what the first script is to find.
    ///
    /// # Errors
    /// Only where the scratch server fails, here and below; what a script does wrong is its outcome.
    pub async fn start(database: ScratchDatabase, options: &Options) -> Result<Self, RehearseError> {
        Ok(Self {
            run: Run::start(database, options).await?,
        })
    }

    /// Runs a script that is not judged; what fails in it is noted. `number` counts the scripts from 0.
    pub async fn skip(&mut self, number: usize, script: &[Unit]) -> Result<(), RehearseError> {
        self.run.prepare(number, script).await
    }

    /// What is missing in the database, and what of the scripts that were skipped failed.
    pub fn notes(&self) -> &[String] {
        self.run.common_notes()
    }

    /// Runs a script, and says what it did. The next one finds what it left.
    pub async fn judge(&mut self, script: &[Unit]) -> Result<Rehearsal, RehearseError> {
        self.run.begin().await?;
        self.run.script(script).await?;
        Ok(self.run.finish())
    }
}

/// Runs a script in a scratch database that holds the target's schema, step by
/// step as its runner would. `before` are scripts that are run first and not
/// judged: the earlier files of a directory of migrations; what fails in them is noted.
///
/// # Errors
/// Only where the scratch server fails; what the script does wrong is its outcome.
pub async fn rehearse(
    database: ScratchDatabase,
    before: &[Vec<Unit>],
    script: &[Unit],
    options: &Options,
) -> Result<Rehearsal, RehearseError> {
    let mut rehearsing = Rehearsing::start(database, options).await?;
    for (number, units) in before.iter().enumerate() {
        rehearsing.skip(number, units).await?;
    }
    rehearsing.judge(script).await
}
