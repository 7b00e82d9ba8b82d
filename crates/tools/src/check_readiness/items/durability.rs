use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "durability",
    title: "What was committed survives a crash",
    section: Section::Infrastructure,
    guide: "Pre-Production Checklist: Infrastructure",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["durability-settings", "checksum-failures"], Verdict::Warn)
}
