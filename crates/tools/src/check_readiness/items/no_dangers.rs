use howdah_core::{Severity, counted};

use crate::check_readiness::gathered::{EMPTY, Gathered, of_findings};
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "no-dangers",
    title: "The schema review finds no danger",
    section: Section::Schema,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

/// What other items say.
const SAID: [&str; 2] = ["schema/key-running-out", "schema/sequence-running-out"];

fn judge(gathered: &Gathered) -> Answer {
    let findings = match &gathered.schema {
        Ok(findings) => findings,
        Err(why) => return Answer::skipped(why),
    };
    if gathered.tables == 0 {
        return Answer::skipped(EMPTY);
    }
    let dangers = findings
        .iter()
        .map(|one| &one.finding)
        .filter(|one| one.severity == Severity::Danger && !SAID.contains(&one.code.as_str()));
    let others = findings.iter().filter(|one| one.finding.severity == Severity::Warning).count();
    of_findings(dangers, Severity::Danger, format!("Nothing in {} is a danger.", counted(gathered.tables, "table")))
        .evidence(format!("`howdah review` has {} more to be looked at", counted(others, "warning")))
}
