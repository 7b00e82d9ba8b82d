//! Questions that only the sequences ask: what they find is evidence for a cause, not a fault by itself.

include!(concat!(env!("OUT_DIR"), "/evidence.rs"));

/// The pages of these questions, by code, sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}
