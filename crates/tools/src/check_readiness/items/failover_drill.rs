use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "failover-drill",
    title: "A failover was tried",
    section: Section::Failover,
    guide: "Pre-Production Checklist: Infrastructure (Failover tested)",
    judge,
};

/// After so many days the application is another than the one that was tried.
const VALID_DAYS: i64 = 90;

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.cluster() {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    let fix = match gathered.is_local() {
        true => format!("howdah ready {} --drill failover --yes", cluster.name),
        false => format!("howdah cluster failover {} --yes --wait", cluster.name),
    };
    let Some(last) = gathered.done.iter().find(|done| done.is_failover) else {
        return Answer::fail("No failover was ever tried from here: whether clients find the new writer is not known.").fix(fix);
    };
    let days = (gathered.now_s - last.finished_s) / 86_400;
    let evidence = format!("job {}: {} s, {days} days ago", last.id, last.took_s);
    if let Some(trouble) = &last.trouble {
        return Answer::fail(format!("The last drill of a failover went wrong {days} days ago: {trouble}")).evidence(evidence).fix(fix);
    }
    match days <= VALID_DAYS {
        true => Answer::pass("A failover was tried, and worked.").evidence(evidence),
        false => Answer::warn(format!("The last failover that was tried is {days} days ago.")).evidence(evidence).fix(fix),
    }
}
