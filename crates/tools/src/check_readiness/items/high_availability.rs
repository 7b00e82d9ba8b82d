use howdah_aurora::{InstanceStatus, Role};
use howdah_core::counted;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "high-availability",
    title: "A reader stands by in another place",
    section: Section::Infrastructure,
    guide: "Pre-Production Checklist: Infrastructure (Multi-AZ)",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.cluster() {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    let fix = format!("howdah cluster add-reader {} --wait", cluster.name);
    let readers: Vec<_> = cluster
        .instances
        .iter()
        .filter(|one| one.role == Role::Reader && one.status == InstanceStatus::Available)
        .collect();
    if readers.is_empty() {
        return Answer::fail("No reader stands by: if the writer is lost, nothing takes over until another server has been made.").fix(fix);
    }
    let writer = cluster.instances.iter().find(|one| one.role == Role::Writer);
    let zone = writer.and_then(|writer| writer.zone.as_deref());
    let elsewhere = readers.iter().filter(|reader| reader.zone.as_deref() != zone).count();
    let places = |one: &howdah_aurora::Instance| match &one.zone {
        Some(zone) => format!("{}: {zone}", one.name),
        None => format!("{}: {}", one.name, one.endpoint),
    };
    let answer = match (zone, elsewhere) {
        (None, _) => Answer::pass(format!("{} can take over.", counted(readers.len(), "reader"))),
        (Some(zone), 0) => {
            Answer::fail(format!("Writer and readers are all in {zone}: the loss of it is the loss of all of them.")).fix(fix)
        }
        (Some(_), _) => Answer::pass(format!("{} can take over, of which {elsewhere} in another zone.", counted(readers.len(), "reader"))),
    };
    let answer = cluster.instances.iter().fold(answer, |answer, one| answer.evidence(places(one)));
    match gathered.is_local() {
        true => answer.evidence("all of them run on this machine, and go with it"),
        false => answer,
    }
}
