//! One check per file, its question in the `.sql` beside it, its page in the `.md`: documentation,
//! and test.

include!(concat!(env!("OUT_DIR"), "/health.rs"));

/// The pages of the checks, by code, sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}
