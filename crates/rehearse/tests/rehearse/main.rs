//! Rehearsals on real servers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod schemas;
mod world;
