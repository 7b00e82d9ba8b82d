use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "indexes-valid",
    title: "Every index is valid",
    section: Section::Indexes,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["invalid-index"], Verdict::Fail)
}
