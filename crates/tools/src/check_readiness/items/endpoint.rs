use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "endpoint",
    title: "Clients find the writer after a failover",
    section: Section::Connections,
    guide: "Pre-Production Checklist: Infrastructure (DNS TTL)",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let way = match &gathered.way {
        Ok(way) => way,
        Err(why) => return Answer::skipped(why),
    };
    let names: Vec<&str> = way.hosts.iter().map(|(name, _)| name.as_str()).collect();
    let instance = names.iter().find(|name| {
        name.ends_with(".rds.amazonaws.com") && !name.contains(".cluster-") && !name.contains(".proxy-")
    });
    if gathered.is_local() {
        return Answer::pass("A local cluster's writer keeps its address whichever instance it is.").evidence(names.join(", "));
    }
    if let Some(name) = instance {
        return Answer::fail(format!("{name} is one instance, which a failover makes a reader."))
            .fix("the cluster's endpoint (NAME.cluster-….rds.amazonaws.com) in place of the instance's");
    }
    let addresses = way.hosts.iter().filter(|(_, is_address)| *is_address).count();
    if addresses > 0 && names.len() == 1 && way.is_remote {
        return Answer::warn(format!("{} is an address: nothing leads clients elsewhere when that server is gone.", names.join(", ")))
            .fix("a name in DNS in place of the address, or several hosts and target_session_attrs=read-write");
    }
    Answer::pass("Clients ask for the writer by a name that can lead elsewhere.")
        .evidence(names.join(", "))
        .evidence("a resolver's cache above 30 s (such as the JVM's, which keeps names for ever under a security manager) is the client's: networkaddress.cache.ttl=10")
}
