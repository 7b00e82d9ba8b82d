use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "deletion-protection",
    title: "A slip of the hand deletes nothing",
    section: Section::Infrastructure,
    guide: "Cluster Setup: Production Requirements",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.at_aws("A local cluster has no such switch: its deletion takes a final snapshot, or your word.") {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    match cluster.details.get("Deletion protection").map(String::as_str) {
        Some("yes") => Answer::pass("The cluster is protected from deletion."),
        _ => Answer::fail("Nothing keeps the cluster from being deleted.")
            .fix(format!("howdah cluster modify {} --deletion-protection true", cluster.name)),
    }
}
