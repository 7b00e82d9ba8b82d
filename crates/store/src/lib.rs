//! What Howdah remembers between two runs: jobs and their leases, writes that
//! wait for a person's approval, and the audit log, in one SQLite file.
//!
//! A [`Store`] opens nothing until it is first used, serves several processes
//! at once, and keeps its blocking calls off the async threads. Every caller
//! uses its async methods and knows no SQL, so that another database can stand
//! behind them. Secrets never enter it: callers hand in references.

mod approvals;
mod audit;
mod error;
mod id;
mod jobs;
mod leases;
mod location;
mod owner;
pub mod samples;
mod schema;
mod store;

pub use approvals::{Approval, ApprovalState, Decision, NewApproval};
pub use audit::{AuditEntry, AuditFilter};
pub use error::StoreError;
pub use jobs::{
    Event, EventLevel, JobChange, JobFilter, JobRecord, JobState, NewEvent, NewJob, NewStep, StepChange,
    StepRecord, StepState,
};
pub use leases::{Acquired, Heartbeat, LEASE_MS, Lease};
pub use location::{home, private_directory};
pub use owner::{Owner, Standing};
pub use store::Store;

/// Milliseconds since 1970 by this machine's clock.
pub fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
