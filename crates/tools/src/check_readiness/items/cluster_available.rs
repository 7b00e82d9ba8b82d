use howdah_aurora::{ClusterStatus, InstanceStatus};

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "cluster-available",
    title: "All instances take connections",
    section: Section::Infrastructure,
    guide: "Pre-Production Checklist: Infrastructure",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.cluster() {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    if cluster.status == ClusterStatus::Available {
        return Answer::pass(match cluster.instances.len() {
            1 => "Its one instance takes connections.".to_owned(),
            number => format!("All {number} instances take connections."),
        });
    }
    let answer = Answer::fail(format!("The cluster is {}.", cluster.status.as_str())).fix(match cluster.status {
        ClusterStatus::Stopped | ClusterStatus::Down => format!("howdah cluster start {} --wait", cluster.name),
        _ => format!("howdah cluster show {}", cluster.name),
    });
    let silent = cluster.instances.iter().filter(|one| one.status != InstanceStatus::Available);
    silent.fold(answer, |answer, one| answer.evidence(format!("{}: {}", one.name, one.status.as_str())))
}
