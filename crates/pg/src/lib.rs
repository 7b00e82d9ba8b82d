//! Targets, connections, pools, values, the catalog and the guard.

pub mod bridge;
pub mod catalog;
pub mod export;
pub mod guard;
pub mod values;

mod cancel;
mod conninfo;
mod error;
mod passfile;
mod pool;
mod secret;
mod service;
mod settings;
mod target;
mod targets;
mod tls;
mod wire;

pub use cancel::{Canceller, cancel_all_in_flight, in_flight};
pub use conninfo::{
    ChannelBinding, ConnInfo, ConnInfoError, Environment, Host, LoadBalance, NoEnvironment,
    ProcessEnvironment, SessionAttrs, SslMode, SslNegotiation,
};
pub use error::{Notice, PgError, ServerError};
pub use pool::Session;
pub use secret::Secret;
pub use settings::Setting;
pub use target::{Analyser, GuardPolicy, Limits, Mode, Origin, Target};
pub use targets::Targets;
pub use wire::{
    Cell, Column, Connection, Copied, CopyError, Flow, Row, RowView, Rows, RunEnd, Sink, Step, StepEnd,
    Transaction,
};
