use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "least-privilege",
    title: "Applications may do what they need",
    section: Section::Connections,
    guide: "Connection Management",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["superuser-sessions", "public-create"], Verdict::Warn)
}
