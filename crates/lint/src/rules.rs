//! One file per rule, by family, each with its page beside it: documentation, and test.

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The pages of the rules, by code (`schema/no-primary-key`), sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}
