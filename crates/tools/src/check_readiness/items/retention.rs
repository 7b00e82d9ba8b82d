use howdah_core::counted;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "retention",
    title: "Any moment of the last days can be restored",
    section: Section::Backup,
    guide: "Pre-Production Checklist: Infrastructure (Backup retention)",
    judge,
};

/// "7-35 days", says the guide.
const LEAST_DAYS: u32 = 7;

fn judge(gathered: &Gathered) -> Answer {
    let Some(cluster) = &gathered.cluster else {
        return match &gathered.server {
            Err(why) => Answer::skipped(why),
            Ok(server) if server.archive_mode == "off" => {
                Answer::warn("The server does not archive its log: unless something streams it, there is no way back to any moment but that of a dump.")
                    .fix("ALTER SYSTEM SET archive_mode = on; -- with archive_command or a tool such as pgBackRest; in force after a restart")
            }
            Ok(_) => Answer::skipped("The server archives its log; for how long that is kept it cannot say."),
        };
    };
    let name = &cluster.name;
    if gathered.is_local() {
        return match &cluster.restorable_since {
            Some(since) => Answer::pass("Its log is kept, and can be replayed to any moment.").evidence(format!("restorable since {since}")),
            None => Answer::fail("Its log is not whole: there is no way back to a moment.")
                .fix(format!("howdah cluster clone {name} --as {name}-kept --wait")),
        };
    }
    let text = cluster.details.get("Backups").map(String::as_str).unwrap_or_default();
    let days = text.strip_prefix("kept for ").and_then(|rest| rest.split(' ').next()).and_then(|days| days.parse::<u32>().ok());
    match days {
        Some(days) if days >= LEAST_DAYS => Answer::pass(format!("Backups are kept for {}.", counted(days, "day"))),
        Some(days) => Answer::fail(format!("Backups are kept for {}: a mistake that is noticed later cannot be undone.", counted(days, "day")))
            .fix(format!("howdah cluster modify {name} --retention-days 14")),
        None => Answer::skipped("AWS does not say for how long backups are kept."),
    }
}
