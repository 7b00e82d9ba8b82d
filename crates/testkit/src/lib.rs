//! Real PostgreSQL servers for tests, a client that judges what became of
//! them, and an MCP client to drive the built program.
//!
//! A test says [`server`] for a server that the whole test process shares, or
//! [`private`] for one that it may break, and [`Server::database`] for a
//! database of its own. Everything is gone when the test process ends, however
//! it ends. What a test finds out about a server it asks with [`Server::probe`],
//! which is another client than the one under test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failing helper is a failing test"
)]

mod allowed;
mod binary;
mod browser;
pub mod mcp;
mod pgbouncer;
mod server;
mod watchdog;

pub use allowed::allowed;
pub use binary::howdah;
pub use browser::{Browser, Tab, axe};
pub use pgbouncer::PgBouncer;
pub use server::{Database, Server, ServerOptions, installation, majors, private, server};
pub use tokio_postgres;
