//! The engine with real worker processes: this test program is started again
//! as the worker, and killed.
#![allow(clippy::unwrap_used)]

mod bench;
mod cancel;
mod faults;
mod kill;
mod leases;
mod pages;
mod process;
