//! Which indexes a workload needs: candidates from its statements as the server resolves them, costed by the
//! server's own planner, chosen for the whole.

mod access;
mod advise;
mod candidates;
mod catalog;
mod compared;
mod constants;
mod correlated;
mod definition;
mod deparsed;
mod described;
mod hashed;
mod inference;
mod inverted;
mod layout;
mod leading;
mod logged;
mod pattern;
mod planner;
mod pretended;
mod reading;
mod reckoned;
mod repaired;
mod sampled;
#[cfg(test)]
mod samples;
mod selection;
mod size;
mod statistics;
mod tokens;
mod unseen;
mod verified;
mod weighing;
mod wide;
mod workload;
mod writes;

pub use advise::{Advice, AdviseOptions, AdvisedIndex, Helped, advise, why_not};
pub use correlated::Statistic;
pub use definition::Method;
pub use logged::logged;
pub use statistics::counted;
pub use verified::{Dropped, Slower, Verified, verify};
pub use wide::{Widths, widths};
pub use workload::{Statement, Unread, Workload};
