//! The job engine. A job is a list of steps that outlives the call, the
//! session and the process that started it, and every `kill -9`.
//!
//! A kind of job implements [`JobKind`] and is registered with [`job_kind!`].
//! [`Engine::start`] records a job and starts a worker process for it;
//! everything else — following, cancelling, resuming, taking over from a
//! worker that died — goes through the store, so any process can do it.
//!
//! What makes it durable is simple: before a step the store says that it is
//! begun, after it that it is done, and a step begun by a worker that died is
//! run again. So a step first looks at what is there, then does what is
//! missing. One lease per job, with a number that grows, keeps two workers apart.

mod context;
mod drive;
mod engine;
mod erased;
mod error;
mod follow;
mod kind;
mod launch;
mod progress;
mod pulse;
mod resolve;
mod worker;

pub use context::JobCx;
pub use engine::{Engine, exit_code};
pub use erased::KindEntry;
pub use error::JobsError;
pub use howdah_store::{Event, EventLevel, JobFilter, JobRecord, JobState, StepRecord, StepState};
pub use kind::{JobKind, OnFailure, Step, back_off};
pub use launch::Launcher;
pub use worker::{Worked, run_worker};

/// What [`job_kind!`] expands to; not for use by hand.
#[doc(hidden)]
pub use inventory;

/// Implementations of [`JobKind`] need `#[async_trait]`.
pub use async_trait::async_trait;
