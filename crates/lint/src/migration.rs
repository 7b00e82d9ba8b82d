//! The migration family: what a script does to a database whose clients keep running.
//!
//! A script is read into [`Script`], every statement's [`Effects`](howdah_rehearse::Effects) are
//! predicted from its tree or observed in a rehearsal, and one verdict is drawn from either.

mod copied;
mod findings;
mod later;
mod names;
mod pace;
mod rule;
mod script;
mod timeline;
mod verdict;
mod world;

pub(crate) use copied::copied;
pub use findings::{Basis, findings};
pub(crate) use later::{Later, Mentions};
pub(crate) use names::{Key, object_parts, relation_name, strings};
pub use rule::{Advice, MigrationRule, Situation, migration_rules};
pub use script::{Copied, Problem, Script, Sentence};
pub use timeline::{Step, steps};
pub(crate) use timeline::{Transactions, predict};
pub use verdict::{Danger, Letter, Relations, Size, judge};
pub(crate) use world::World;
