//! One rule per file, its page in the `.md` beside it: documentation, and test.

use howdah_core::Result;

use super::{Advice, Case};

/// What may be cheaper.
pub struct Rule {
    /// The name of its file, with hyphens.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What it says; nothing where it has nothing to do with such a cluster.
    pub judge: fn(&Case<'_>) -> Result<Vec<Advice>>,
}

include!(concat!(env!("OUT_DIR"), "/cost_rules.rs"));

/// All rules, in order of code.
pub fn rules() -> &'static [Rule] {
    RULES
}

/// The pages of the rules, by code, sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}
