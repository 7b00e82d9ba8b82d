use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "archiving",
    title: "The log reaches its archive",
    section: Section::Backup,
    guide: "Backup and Recovery",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    if gathered.cluster.is_some() && !gathered.is_local() {
        return Answer::skipped("Aurora's storage keeps the log itself; the server archives nothing.");
    }
    match &gathered.server {
        Ok(server) if server.archive_mode == "off" => Answer::skipped("The server does not archive its log; see retention."),
        _ => gathered.of_health(&["archiver"], Verdict::Fail),
    }
}
