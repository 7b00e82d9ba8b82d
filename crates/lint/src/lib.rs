//! Rules for queries, migrations and schemas, and the verdict on a script.

pub mod migration;
pub mod rules;
pub mod schema;

mod predict;
mod profile;

pub use profile::Profile;
