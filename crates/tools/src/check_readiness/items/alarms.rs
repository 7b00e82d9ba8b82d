use crate::check_readiness::gathered::{Gathered, counted};
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "alarms",
    title: "Somebody is told when something is wrong",
    section: Section::Monitoring,
    guide: "Pre-Production Checklist: Monitoring (CloudWatch alarms)",
    judge,
};

/// The least that tells anybody anything; `howdah triggers NAME` tries one.
const CONFIGURATION: &str = r#"# howdah.toml
[notify.team]
slack = { url_env = "TEAM_URL" }
[triggers.critical]
on = "check"
notify = ["team"]"#;

fn judge(gathered: &Gathered) -> Answer {
    let triggers = match &gathered.triggers {
        Ok(triggers) => triggers,
        Err(why) => return Answer::skipped(why),
    };
    if !triggers.is_empty() {
        return Answer::pass(format!("{} of howdah.toml tell people of what is wrong, while `howdah watch` runs.", counted(triggers.len(), "trigger")))
            .evidence(triggers.join(", "));
    }
    let fix = CONFIGURATION;
    match gathered.cluster.as_ref().is_some_and(|_| !gathered.is_local()) {
        true => Answer::warn("No trigger of howdah.toml is about this cluster. Alarms of CloudWatch are not asked for: see whether there are any.")
            .fix(format!("aws cloudwatch describe-alarms --query \"MetricAlarms[?Namespace=='AWS/RDS'].AlarmName\"\n{fix}")),
        false => Answer::fail("Nobody is told when something is wrong: no trigger of howdah.toml is about this target.").fix(fix),
    }
}
