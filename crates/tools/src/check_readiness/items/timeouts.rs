use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "timeouts",
    title: "What hangs ends",
    section: Section::Connections,
    guide: "Connection Examples: Connection Checklist",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["timeout-settings"], Verdict::Fail)
}
