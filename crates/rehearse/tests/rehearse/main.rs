//! Rehearsals on real servers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod clients;
mod continued;
mod effects;
mod knowledge;
mod schemas;
mod statistics;
mod world;
