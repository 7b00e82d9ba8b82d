//! Scratch copies of a target's schema on a local server, and what a script
//! does there, statement by statement, read from the server.
//!
//! ```ignore
//! let schema = Schema::capture(&mut target).await?;
//! let scratch = Scratch::for_major(Some(schema.major())).await?;
//! let mut database = scratch.database(&schema.database).await?;
//! database.build(&schema).await?;
//! let mut rehearsing = Rehearsing::start(database, &Options::default()).await?;
//! let rehearsal = rehearsing.judge(&script).await?;
//! ```

mod clients;
mod effects;
mod error;
mod knowledge;
mod plans;
mod rehearsal;
mod schema;
mod scratch;
mod sizes;
mod statistics;
mod trace;
mod unit;

pub use effects::{Break, Debris, Effects, Failure, Lock, LockMode, Loss, Work, WorkKind};
pub use error::RehearseError;
pub use knowledge::Knowledge;
pub use rehearsal::{Options, Rehearsal, Rehearsing, StatementOutcome, rehearse};
pub use schema::Schema;
pub use scratch::{Scratch, ScratchDatabase};
pub use sizes::{ReadRate, Size, Sizes};
pub use statistics::Statistics;
pub use unit::{Unit, Wrapping};
