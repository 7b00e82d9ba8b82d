//! Rules for queries, migrations and schemas, and the verdict on a script.

pub mod query;
pub mod rules;
pub mod schema;

mod profile;

pub use profile::Profile;
