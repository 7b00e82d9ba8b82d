use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "encryption-in-transit",
    title: "Nobody comes in without encryption",
    section: Section::Connections,
    guide: "Connection Examples: Connection Checklist",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let server = match &gathered.server {
        Ok(server) => server,
        Err(why) => return Answer::skipped(why),
    };
    if !server.has_tls {
        return Answer::fail("The server has no TLS: passwords and data go over the network in the clear.")
            .fix("ALTER SYSTEM SET ssl = on; -- with ssl_cert_file and ssl_key_file");
    }
    if server.forces_tls == Some(false) {
        return Answer::fail("rds.force_ssl is off: clients that do not ask for TLS go on in the clear.")
            .fix(match &gathered.cluster {
                Some(cluster) => format!("howdah cluster modify {} --parameter rds.force_ssl=1 --wait", cluster.name),
                None => "aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name GROUP --parameters ParameterName=rds.force_ssl,ParameterValue=1,ApplyMethod=immediate".to_owned(),
            });
    }
    let sessions = gathered.of_health(&["unencrypted-connections"], Verdict::Fail);
    if sessions.verdict == Verdict::Fail {
        return sessions;
    }
    if server.forces_tls == Some(true) {
        return Answer::pass("The server takes connections with TLS alone.").evidence("rds.force_ssl is on");
    }
    match &gathered.open_doors {
        Ok(lines) if lines.is_empty() => Answer::pass("pg_hba.conf lets nobody in over a network without TLS."),
        Ok(lines) => {
            let answer = Answer::fail("pg_hba.conf lets clients in that do not encrypt.")
                .fix("-- in pg_hba.conf, write hostssl in place of host, then\nSELECT pg_reload_conf();");
            lines.iter().fold(answer, |answer, line| answer.evidence(line.clone()))
        }
        Err(_) if sessions.verdict == Verdict::Pass => {
            Answer::pass("Every session over a network is encrypted now; whether the server would take others, a superuser alone may see.")
        }
        Err(why) => Answer::skipped(why),
    }
}
