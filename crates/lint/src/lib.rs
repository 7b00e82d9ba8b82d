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
pub use review::{ByText, NEWEST, Options, Reviewed, Surroundings, by_rehearsal};
pub use settings::Settings;
