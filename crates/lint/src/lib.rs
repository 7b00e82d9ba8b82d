//! Rules for queries, migrations and schemas, and the verdict on a script.

pub mod migration;
pub mod rules;
pub mod schema;

mod predict;
mod profile;
mod review;

pub use profile::Profile;
pub use review::{ByText, NEWEST, Options, Reviewed, Surroundings, by_rehearsal};
