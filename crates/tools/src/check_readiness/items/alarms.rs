use howdah_aurora::{Alarm, AlarmState};
use howdah_core::counted;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section, TOLD};

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

/// The metrics of the guide's list that have the same name for every class.
const WATCHED: [&str; 5] =
    ["DatabaseConnections", "FreeableMemory", "ReadLatency", "WriteLatency", "BufferCacheHitRatio"];

fn judge(gathered: &Gathered) -> Answer {
    let triggers = match &gathered.triggers {
        Ok(triggers) => triggers,
        Err(why) => return Answer::skipped(why),
    };
    let of_triggers = format!("{} of howdah.toml tell people of what is wrong, while `howdah watch` runs.", counted(triggers.len(), "trigger"));
    let is_at_aws = gathered.cluster.is_some() && !gathered.is_local();
    match (&gathered.alarms, triggers.is_empty()) {
        (Ok(alarms), false) if is_at_aws => of_alarms(gathered, alarms, Answer::pass(of_triggers).evidence(triggers.join(", "))),
        (_, false) => Answer::pass(of_triggers).evidence(triggers.join(", ")),
        (Ok(alarms), true) if is_at_aws => of_alarms(gathered, alarms, Answer::pass("Alarms of CloudWatch tell people of what is wrong.")),
        (Err(why), true) if is_at_aws => Answer::warn("No trigger of howdah.toml is about this cluster, and its alarms could not be looked at.")
            .evidence(why.clone())
            .fix(CONFIGURATION),
        (_, true) => Answer::fail("Nobody is told when something is wrong: no trigger of howdah.toml is about this target.").fix(CONFIGURATION),
    }
}

/// Those of CloudWatch go on where nothing of ours runs.
fn of_alarms(gathered: &Gathered, alarms: &[Alarm], well: Answer) -> Answer {
    let fix = format!("howdah cluster create-alarms {} --sns-topic ARN --wait", gathered.name);
    let has_triggers = !well.evidence.is_empty();
    if !alarms.iter().any(|alarm| !alarm.tells.is_empty()) {
        let message = match alarms.is_empty() {
            true => "No alarm of CloudWatch is about this cluster".to_owned(),
            false => "The alarms of CloudWatch about this cluster tell nobody".to_owned(),
        };
        return match has_triggers {
            true => Answer::warn(format!("{message}: people are told only while `howdah watch` runs.")).evidence(well.message).fix(fix),
            false => Answer::fail(format!("{message}: nobody is told when something is wrong.")).fix(fix),
        };
    }
    let is_watched = |metric: &&str| alarms.iter().any(|alarm| alarm.metric.as_deref() == Some(*metric));
    let missing: Vec<&str> = WATCHED.iter().filter(|metric| !is_watched(metric)).copied().collect();
    let gone_off: Vec<&str> = alarms.iter().filter(|alarm| alarm.state == AlarmState::Alarm).map(|alarm| alarm.name.as_str()).collect();
    let answer = match (missing.as_slice(), gone_off.as_slice()) {
        ([], []) => well,
        ([], _) => Answer::warn("An alarm of CloudWatch has gone off.").fix(format!("howdah diagnose --target {}", gathered.name)),
        _ => Answer::warn(format!("No alarm of CloudWatch is about {}.", missing.join(", "))).fix(fix),
    };
    let answer = answer.evidence(format!("about it: {}", counted(alarms.len(), "alarm")));
    gone_off.iter().take(TOLD).fold(answer, |answer, name| answer.evidence(format!("in alarm: {name}")))
}
