//! PostgreSQL's protocol, version 3.0, as Howdah needs it: the extended protocol with
//! results in text, whole pipelines under one Sync, and bounded memory whatever arrives.

mod authentication;
mod backend;
mod connect;
mod connection;
mod copy;
pub(crate) mod dial;
mod pipeline;
mod reset;
mod row;
pub(crate) mod socket;
mod startup;
mod transport;

pub use connection::{Connection, Transaction};
pub use copy::{Copied, CopyError};
pub use pipeline::{RunEnd, Step, StepEnd};
pub(crate) use row::Gather;
pub use row::{Cell, Column, Flow, Row, RowView, Rows, Sink};
