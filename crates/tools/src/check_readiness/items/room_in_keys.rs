use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "room-in-keys",
    title: "Keys and sequences have room",
    section: Section::Schema,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["integer-key-exhaustion", "sequence-exhaustion"], Verdict::Warn)
}
