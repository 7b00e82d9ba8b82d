//! Online schema changes: a script is planned as steps that clients hardly notice, and the
//! steps are carried out with a journal in the target's schema `howdah`, so that whatever
//! is killed meanwhile, the change goes on where it stopped.
//!
//! A statement's online form is a [`Rewrite`]: one file in `rewrites/` with its `.md`.
//! The file list is written by `build.rs`; nothing else has to be touched.

mod ask;
mod blocking;
mod blocks;
mod disk;
mod error;
mod execute;
mod facts;
pub mod form;
mod fragment;
pub mod journal;
mod names;
mod new_column;
mod partition_bound;
mod partitioned_index;
mod plan;
mod planner;
mod postflight;
mod preflight;
pub mod proof;
mod rewrite;
mod settings;
mod shadow;

mod rewrites {
    include!(concat!(env!("OUT_DIR"), "/rewrites.rs"));
}

pub use error::ChangeError;
pub use execute::{Contract, Ended, Executor, Observer, Options, Silent};
pub use facts::{
    Column, Constraint, Dependent, Facts, ForeignKey, Index, Policy, Relation, Server, Statistics, Trigger,
};
pub use form::Form;
pub use names::derived_name;
pub use plan::{
    Action, Backfill, Batches, Cleanup, Compact, Estimate, LockTable, Phase, Plan, PlannedLock, Refusal,
    Step, Undo,
};
pub use planner::{Accepts, Planning, plan, plan_accepting};
pub use postflight::postflight;
pub use preflight::{Preflight, preflight};
pub use rewrite::{Rewrite, rewrites};
