use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "constraints-validated",
    title: "Every constraint was proved for the rows that are there",
    section: Section::Schema,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["constraint-not-validated"], Verdict::Warn)
}
