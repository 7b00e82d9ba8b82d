use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "enhanced-monitoring",
    title: "The operating system is watched",
    section: Section::Monitoring,
    guide: "Pre-Production Checklist: Monitoring (Enhanced Monitoring)",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.at_aws("The operating system of a local cluster is this machine's, which other tools watch.") {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    match cluster.details.get("Enhanced Monitoring").map(String::as_str) {
        Some("yes") => Answer::pass("Enhanced Monitoring samples every instance."),
        _ => Answer::warn("Enhanced Monitoring is off: of what happens in the instance's operating system nothing is seen.")
            .fix(format!("aws rds modify-db-instance --db-instance-identifier {} --monitoring-interval 60 --monitoring-role-arn ROLE", cluster.instances.first().map_or("INSTANCE", |one| &one.name))),
    }
}
