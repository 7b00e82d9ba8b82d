use howdah_core::Severity;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "documented",
    title: "The data model is documented",
    section: Section::Schema,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_schema(&["schema/no-comment"], Severity::Danger, "Each table says what it holds.")
}
