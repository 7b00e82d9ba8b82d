use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "encryption-at-rest",
    title: "The data are encrypted where they lie",
    section: Section::Infrastructure,
    guide: "Pre-Production Checklist: Infrastructure (Encryption at rest)",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.at_aws("The files of a local cluster lie on a disk of this machine: whether that is encrypted is the machine's matter.") {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    match cluster.details.get("Encrypted").map(String::as_str) {
        Some("yes") => Answer::pass("Storage, backups and snapshots are encrypted."),
        _ => Answer::fail("Storage, backups and snapshots are not encrypted, and that cannot be changed in place.")
            .fix(format!("howdah cluster snapshot {0} unencrypted --wait\naws rds restore-db-cluster-from-snapshot --snapshot-identifier unencrypted --db-cluster-identifier {0}-encrypted --engine aurora-postgresql --kms-key-id alias/aws/rds", cluster.name)),
    }
}
