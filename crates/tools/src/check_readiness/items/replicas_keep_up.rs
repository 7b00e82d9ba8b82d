use howdah_aurora::{InstanceStatus, Role};
use howdah_core::human_bytes;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, Verdict};

pub(super) const ITEM: Item = Item {
    code: "replicas-keep-up",
    title: "Readers keep up",
    section: Section::Failover,
    guide: "Monitoring: MCP Queries (Replication lag)",
    judge,
};

/// What a reader may be behind by, as the health check of plain PostgreSQL has it.
const MOST_BYTES: u64 = 64 << 20;

fn judge(gathered: &Gathered) -> Answer {
    let Some(cluster) = &gathered.cluster else {
        return gathered.of_health(&["replication-lag"], Verdict::Warn);
    };
    let mut readers = cluster.instances.iter().filter(|one| one.role == Role::Reader).peekable();
    if readers.peek().is_none() {
        return Answer::fail("There is no reader to fail over to.").fix(format!("howdah cluster add-reader {} --wait", cluster.name));
    }
    if !gathered.is_local() {
        return gathered.of_health(&["aurora-replica-lag"], Verdict::Warn);
    }
    let mut answer = Answer::pass("Every reader follows the writer.");
    for reader in readers {
        let is_there = reader.status == InstanceStatus::Available;
        let (verdict, said) = match reader.lag_bytes {
            _ if !is_there => (Verdict::Fail, format!("{} is {}", reader.name, reader.status.as_str())),
            None => (Verdict::Fail, format!("{} is not connected to the writer", reader.name)),
            Some(bytes) if bytes > MOST_BYTES => (Verdict::Warn, format!("{} is {} behind", reader.name, human_bytes(bytes))),
            Some(bytes) => (Verdict::Pass, format!("{} is {} behind", reader.name, human_bytes(bytes))),
        };
        if verdict > answer.verdict {
            answer.verdict = verdict;
            answer.message = format!("{said}.");
            answer.fix = Some(format!("howdah cluster show {}", cluster.name));
        }
        answer = answer.evidence(said);
    }
    answer
}
