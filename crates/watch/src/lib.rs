//! Watching a database: its sessions every second, its counters every minute, and
//! what the history shows: where time goes, what became slower and why, what
//! grows and until when, what was changed; and what a server's log tells.
//!
//! A [`Watcher`] does what it is told at the moments that it is told, so that a
//! test need not wait for minutes; [`run()`] tells it by the clock, and sees to it
//! that the target spends at most a hundredth of a processor on it.

pub mod history;
pub mod slow_log;

mod ask;
mod counters;
mod error;
mod moment;
mod run;
mod sessions;
mod statements;
mod watcher;

pub use error::WatchError;
pub use moment::{at, duration_s};
pub use run::{Pace, Report, hold, run, samples_of};
pub use statements::since_the_counters_began;
pub use watcher::Watcher;
