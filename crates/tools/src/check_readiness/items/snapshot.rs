use crate::check_readiness::gathered::{Gathered, seconds_of};
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "snapshot",
    title: "There is a recent snapshot",
    section: Section::Backup,
    guide: "Backup and Recovery: Manual Snapshots",
    judge,
};

/// "Create before major deployments": one that is older is of another release.
const RECENT_DAYS: i64 = 7;

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.cluster() {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    let newest = gathered.snapshots.iter().filter_map(|one| Some((seconds_of(&one.created)?, one))).max_by_key(|(at, _)| *at);
    let fix = format!("howdah cluster snapshot {} before-release --wait", cluster.name);
    match newest {
        None => Answer::warn("There is no snapshot: what a release breaks is restored from the log alone.").fix(fix),
        Some((at, one)) if gathered.now_s - at > RECENT_DAYS * 86_400 => {
            Answer::warn(format!("The newest snapshot is {} days old.", (gathered.now_s - at) / 86_400))
                .evidence(format!("{} of {}", one.name, one.created))
                .fix(fix)
        }
        Some((_, one)) => Answer::pass("There is a recent snapshot.").evidence(format!("{} of {}", one.name, one.created)),
    }
}
