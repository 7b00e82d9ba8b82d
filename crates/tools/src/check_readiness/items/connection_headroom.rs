use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "connection-headroom",
    title: "There is room for more clients",
    section: Section::Connections,
    guide: "Monitoring: CloudWatch Alerts",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_health(&["connections"], Verdict::Warn)
}
