//! The contracts that every part of Howdah shares: what a tool is, how its
//! result reads, what a finding and an error carry. Nothing here performs I/O.

mod config;
mod context;
mod effect;
mod error;
mod finding;
mod registry;
mod report;
mod tool;

pub use config::Config;
pub use context::{
    Answer, Caller, Confirmation, Context, Human, NoHuman, NoProgress, Progress, ProgressSink,
};
pub use effect::{Effect, Toolset};
pub use error::{Error, ErrorKind, Result};
pub use finding::{Applicability, Finding, Fix, Severity, Span};
pub use registry::{CommandEntry, Outcome, ToolEntry, commands, find_tool, tools};
pub use report::{Block, Mark, Report, counted, human_bytes};
pub use tool::{Command, Output, Tool};

/// What [`command!`] and [`tool!`] expand to; not for use by hand.
#[doc(hidden)]
pub use inventory;
