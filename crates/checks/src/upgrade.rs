//! What is in the way of an upgrade to another major version, one check per file as in [`health`](crate::health): what
//! `pg_upgrade` and Aurora refuse, and what they do not see and then fail on. What is critical is in the way.

include!(concat!(env!("OUT_DIR"), "/upgrade.rs"));

/// The pages of these checks, by code, sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}
