//! Scratch copies of a target's schema on a local server, and what a script
//! does there, statement by statement, read from the server.

mod effects;

pub use effects::{Break, Debris, Effects, Failure, Lock, LockMode, Loss, Work, WorkKind};
