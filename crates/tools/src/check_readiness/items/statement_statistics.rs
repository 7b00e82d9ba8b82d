use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "statement-statistics",
    title: "Statements are counted",
    section: Section::Monitoring,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["pg-stat-statements"], Verdict::Fail)
}
