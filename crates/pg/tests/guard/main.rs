//! The guard against real servers. What became of an attack is judged by another client
//! afterwards, never by the guard's own answer.
#![allow(clippy::unwrap_used, clippy::panic)]

mod allow_list;
mod arena;
mod classes;
mod session;
mod writes;
