use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "slow-statement-log",
    title: "Slow statements leave a trace",
    section: Section::Monitoring,
    guide: "Pre-Production Checklist: Monitoring (Slow query logging)",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["logging-settings"], Verdict::Fail)
}
