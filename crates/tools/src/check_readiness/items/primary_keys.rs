use howdah_core::Severity;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "primary-keys",
    title: "Every table has a primary key",
    section: Section::Schema,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_schema(&["schema/no-primary-key"], Severity::Warning, "Every table has a primary key.")
}
