use howdah_core::Severity;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "indexes-needed",
    title: "No index is there twice or for nothing",
    section: Section::Indexes,
    guide: "Index Management",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let codes = ["index/duplicate", "index/redundant", "index/unused"];
    gathered.of_indexes(&codes, Severity::Danger, "Each index does what no other does.")
}
