//! Health checks, and the sequences that lead from a symptom to its causes.
//!
//! A check is a question to the server with thresholds and an answer: ok, warn, critical, or
//! skipped with the reason and who can change that. Whatever a role may not read makes a check
//! skipped, never the run fail.

pub mod evidence;
pub mod health;
pub mod outside;
pub mod sequences;
pub mod upgrade;

mod check;
mod exact;
mod freeze;
mod line;
mod need;
mod pass;
mod place;
mod seen;
mod sequence;
mod settings;
mod verdict;
mod words;

pub use check::{
    Check, Family, TO_MAJOR, Threshold, check_named, evidence_checks, health_checks, upgrade_checks,
};
pub use line::Line;
pub use need::Need;
pub use pass::{Pass, examine};
pub use place::Place;
pub use seen::{Further, Seen};
pub use sequence::{
    Cause, Diagnosis, Results, Sequence, Step, StepResult, StepVerdict, diagnose, sequence_named, sequences,
};
pub use settings::Settings;
pub use verdict::{CheckResult, Problem, Skip, Status, Verdict};
