//! PostgreSQL servers on this machine: which versions are installed, and
//! single instances of them, made, started, stopped and removed. Knows
//! processes and files, and no SQL: what has to be asked of a running server
//! is asked by those who use this crate.
//!
//! Everything here blocks; from async code it belongs in
//! `tokio::task::spawn_blocking`.

mod account;
mod certificate;
mod copy;
mod error;
mod installation;
mod instance;
mod limits;
mod machine;
mod password;
mod pooler;
mod port;
mod private_file;
mod process;

pub use account::Account;
pub use certificate::TlsFiles;
pub use copy::{copy_data_directory, copy_wal};
pub use error::LocalError;
pub use installation::{Installation, SUPPORTED_MAJORS};
pub use instance::{InitOptions, Instance, Status, StopMode};
pub use limits::Limits;
pub use machine::Machine;
pub use password::generate_password;
pub use pooler::{Pooled, Pooler};
pub use port::{free_port, port_range};
pub use private_file::write_private;
