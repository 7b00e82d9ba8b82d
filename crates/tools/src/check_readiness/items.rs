//! One item of the checklist per file, its page in the `.md` beside it: documentation, and test.

use super::item::Item;

include!(concat!(env!("OUT_DIR"), "/readiness_items.rs"));

/// All items, in the order of the checklist.
pub(crate) fn items() -> Vec<&'static Item> {
    let mut items: Vec<&Item> = ITEMS.iter().collect();
    items.sort_by_key(|item| (item.section, item.code));
    items
}

/// The pages of the items, by code, sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}
