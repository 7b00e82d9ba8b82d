use howdah_core::Severity;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "foreign-keys-indexed",
    title: "Foreign keys have an index",
    section: Section::Schema,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_schema(&["schema/foreign-key-unindexed"], Severity::Warning, "Every foreign key has an index.")
}
