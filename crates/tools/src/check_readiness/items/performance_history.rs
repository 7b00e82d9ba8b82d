use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "performance-history",
    title: "Load and waits are kept",
    section: Section::Monitoring,
    guide: "Pre-Production Checklist: Monitoring (Performance Insights)",
    judge,
};

/// A watcher that has seen nothing for longer is not there.
const WATCHED_WITHIN_S: i64 = 3600;

fn judge(gathered: &Gathered) -> Answer {
    let insights = gathered.cluster.as_ref().and_then(|cluster| cluster.details.get("Performance Insights"));
    if insights.is_some_and(|is| is == "yes") {
        return Answer::pass("Performance Insights keeps the load and what it waited for.");
    }
    let watched_s = match &gathered.watched_s {
        Ok(watched_s) => *watched_s,
        Err(why) => return Answer::skipped(why),
    };
    let name = &gathered.name;
    let at_aws = || gathered.cluster.as_ref().filter(|_| !gathered.is_local());
    let fix = match at_aws().and_then(|cluster| cluster.instances.first()) {
        Some(writer) => format!(
            "aws rds modify-db-instance --db-instance-identifier {} --enable-performance-insights\nhowdah --target {name} watch",
            writer.name
        ),
        None => format!("howdah --target {name} watch"),
    };
    match watched_s.map(|last| gathered.now_s - last) {
        Some(ago) if ago <= WATCHED_WITHIN_S => {
            Answer::pass("`howdah watch` keeps the load and what it waited for.").evidence(format!("last seen {} s ago", ago.max(0)))
        }
        Some(ago) => Answer::fail("Nobody watches any more: of what happens now nothing is kept.")
            .evidence(format!("last seen {} h ago", ago / 3600))
            .fix(fix),
        None => Answer::fail("Nobody watches: of what was slow yesterday nothing is known today.").fix(fix),
    }
}
