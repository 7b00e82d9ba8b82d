//! One sequence per file: a symptom, and the steps from there to its causes. Its page is beside it.

include!(concat!(env!("OUT_DIR"), "/sequences.rs"));

/// The pages of the sequences, by symptom, sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}
