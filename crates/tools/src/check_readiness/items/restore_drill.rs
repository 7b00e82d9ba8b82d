use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "restore-drill",
    title: "A restore was tried",
    section: Section::Backup,
    guide: "Operational Triggers: Major Releases",
    judge,
};

/// After so many days data and log are others than those that were tried.
const VALID_DAYS: i64 = 30;

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.cluster() {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    let fix = match gathered.is_local() {
        true => format!("howdah ready {} --drill restore", cluster.name),
        false => format!("howdah cluster restore {0} --to-time TIME --as {0}-drill --wait --yes", cluster.name),
    };
    let Some(last) = gathered.done.iter().find(|done| !done.is_failover) else {
        return Answer::fail("No restore was ever tried from here: a backup that was not restored is a hope.").fix(fix);
    };
    let days = (gathered.now_s - last.finished_s) / 86_400;
    let evidence = format!("job {}: {} in {} s, {days} days ago", last.id, last.cluster, last.took_s);
    if let Some(trouble) = &last.trouble {
        return Answer::fail(format!("The last drill of a restore went wrong {days} days ago: {trouble}")).evidence(evidence).fix(fix);
    }
    match days <= VALID_DAYS {
        true => Answer::pass("A restore was tried, and worked.").evidence(evidence),
        false => Answer::warn(format!("The last restore that was tried is {days} days ago.")).evidence(evidence).fix(fix),
    }
}
