//! Rules for queries, migrations and schemas, and the verdict on a script.

pub mod baseline;
pub mod fix;
pub mod migration;
pub mod query;
pub mod rules;
pub mod runner;
pub mod schema;
pub mod suppression;

mod predict;
mod profile;
mod review;
mod settings;

pub use profile::Profile;
pub use review::{ByRehearsal, ByText, NEWEST, Options, Reviewed, Surroundings};
pub use settings::Settings;
