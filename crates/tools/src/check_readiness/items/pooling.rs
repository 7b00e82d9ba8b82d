use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "pooling",
    title: "Clients keep their connections",
    section: Section::Connections,
    guide: "Pre-Production Checklist: Infrastructure (Connection pooling)",
    judge,
};

/// Fewer sessions say nothing of how clients behave.
const LEAST_SESSIONS: u64 = 100;
/// Sessions of a pool last for minutes at least; one for each request lasts as long as that.
const POOLED_FROM_S: f64 = 1.0;

fn judge(gathered: &Gathered) -> Answer {
    let server = match &gathered.server {
        Ok(server) => server,
        Err(why) => return Answer::skipped(why),
    };
    let Some((sessions, seconds)) = server.sessions else {
        return Answer::skipped("How long sessions last is counted from PostgreSQL 14 on.");
    };
    if sessions < LEAST_SESSIONS {
        return Answer::skipped(format!(
            "{sessions} sessions were counted, fewer than {LEAST_SESSIONS}: run the application against it, then ask again."
        ));
    }
    let mean_s = seconds / sessions as f64;
    let evidence = format!("{sessions} sessions were counted, of {mean_s:.1} s on average; {} are there now", server.clients);
    match mean_s < POOLED_FROM_S {
        true => Answer::warn("Sessions are opened for moments: each costs a process, TLS and a password's proof. Nothing pools them.")
            .evidence(evidence)
            .fix(match &gathered.cluster {
                Some(cluster) if cluster.proxy.is_some() => {
                    format!("connect through its proxy: howdah cluster url {} --proxy; or a pool in the application", cluster.name)
                }
                Some(cluster) => format!("howdah cluster proxy create {} --wait; or a pool in the application", cluster.name),
                None => "a pool in the application, or pgbouncer or RDS Proxy in front".to_owned(),
            }),
        false => Answer::pass("Sessions last: clients keep their connections.").evidence(evidence),
    }
}
