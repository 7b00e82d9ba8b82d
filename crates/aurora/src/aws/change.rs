//! What is looked at before a cluster is changed, and what the change does: what restarts, what
//! waits, what does not come back.

use howdah_core::{Error, Result, counted};

use super::call::Caller;
use super::{describe, parameters};
use crate::{ClusterName, Compute, Modification, Tier};

/// The ports that Aurora takes.
const PORTS: std::ops::RangeInclusive<u16> = 1150..=65535;
/// The least that a window of RDS lasts, in minutes.
const SHORTEST: u32 = 30;

/// Whether the change can be made.
pub(super) async fn check(caller: Caller<'_>, cluster: &ClusterName, change: &Modification) -> Result<()> {
    if *change == Modification::default() {
        return Err(Error::invalid("Nothing was said that is to be otherwise.").hint(
            "Name a size (0.5-4, db.r8g.large), a parameter, days of backups, deletion protection, or a restart.",
        ));
    }
    if change
        .retention_days
        .is_some_and(|days| !(1..=35).contains(&days))
    {
        return Err(Error::invalid("Backups are kept for 1 to 35 days.").hint("In production for 7 or more."));
    }
    if let Some(port) = change.port
        && !PORTS.contains(&port)
    {
        return Err(
            Error::invalid(format!("No cluster listens at port {port}.")).hint(format!(
                "Ports are {} to {}.",
                PORTS.start(),
                PORTS.end()
            )),
        );
    }
    if let Some(window) = &change.backup_window {
        check_window(window, false)?;
    }
    if let Some(window) = &change.maintenance_window {
        check_window(window, true)?;
    }
    let found = caller.require_cluster(cluster).await?;
    parameters::check(caller, cluster, &found, &change.parameters).await
}

/// `02:00-03:00` each day, or `sun:03:00-sun:04:00` each week.
fn check_window(text: &str, weekly: bool) -> Result<()> {
    let (day, week) = (24 * 60, 7 * 24 * 60);
    let lasts = text.split_once('-').and_then(|(from, to)| {
        let (from, to) = (minute(from, weekly)?, minute(to, weekly)?);
        let all = if weekly { week } else { day };
        Some((to + all - from) % all)
    });
    match lasts {
        Some(minutes) if (SHORTEST..=day).contains(&minutes) => Ok(()),
        Some(_) => Err(Error::invalid(format!(
            "The window {text} is shorter than {SHORTEST} minutes, or longer than a day."
        ))
        .hint("Give half an hour or more in UTC.")),
        None => Err(
            Error::invalid(format!("{text:?} is no window.")).hint(match weekly {
                true => "Give it in UTC, with days: sun:03:00-sun:04:00.",
                false => "Give it in UTC: 02:00-03:00.",
            }),
        ),
    }
}

/// Minutes since the beginning of the day or week.
fn minute(text: &str, weekly: bool) -> Option<u32> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let (day, time) = match weekly {
        true => {
            let (day, time) = text.split_once(':')?;
            let day = DAYS.iter().position(|one| one.eq_ignore_ascii_case(day))?;
            (u32::try_from(day).ok()?, time)
        }
        false => (0, text),
    };
    let (hour, minute) = time.split_once(':')?;
    let two = |text: &str, most: u32| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>()
            .ok()
            .filter(|number| digits && *number <= most)
    };
    Some(day * 24 * 60 + two(hour, 23)? * 60 + two(minute, 59)?)
}

/// How much of a word it needs.
pub(super) async fn tier(caller: Caller<'_>, cluster: &ClusterName, change: &Modification) -> Result<Tier> {
    let found = caller.require_cluster(cluster).await?;
    let members = describe::members(caller, &found).await?;
    let mut risks = Vec::new();
    if let Some(compute) = &change.compute
        && members.iter().any(|member| member.class != compute.class())
    {
        risks.push(format!(
            "Every instance becomes {} and restarts, the readers first: writes fail for a minute or more.",
            compute.class()
        ));
    }
    if let Some(Compute::Serverless { max, .. }) = &change.compute {
        risks.push(format!("It may cost up to {max} ACU for each instance. max_connections follows the new maximum only after a reboot."));
    }
    if change.deletion_protection == Some(false) {
        risks.push("It can be deleted from then on.".into());
    }
    let before = found.backup_retention_period().unwrap_or(0);
    if change.retention_days.is_some_and(|days| i32::from(days) < before) {
        risks.push(format!(
            "Backups older than the new limit go at once, and do not come back; so far they were kept for {}.",
            counted(before, "day")
        ));
    }
    if let Some(port) = change.port
        && found.port() != Some(i32::from(port))
    {
        risks.push(format!(
            "Every instance restarts, and clients have to connect to port {port} from then on."
        ));
    }
    if change.performance_insights == Some(false) {
        risks.push("What Performance Insights has gathered is gone.".into());
    }
    if change.log_export == Some(false) {
        risks.push(
            "Its log is no longer kept in CloudWatch Logs; AWS keeps it on the instances for three days."
                .into(),
        );
    }
    let effect = parameters::effect(caller, cluster, &found, change).await?;
    risks.extend(effect.risks);
    if change.restart {
        risks.push(
            "The instances that wait for it restart, the readers first: writes fail for a minute or more."
                .into(),
        );
    }
    let mut said = effect.said;
    if risks.is_empty() {
        if said.is_empty() {
            said.push("It is changed at once, without a restart.".into());
        }
        return Ok(Tier::Confirm {
            effect: said.join(" "),
        });
    }
    said.extend(risks);
    Ok(Tier::Risk {
        effect: said.join(" "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_those_of_rds() {
        for good in ["02:00-03:00", "23:45-00:15"] {
            assert!(check_window(good, false).is_ok(), "{good}");
        }
        for good in ["sun:03:00-sun:04:00", "Sun:23:30-mon:00:30"] {
            assert!(check_window(good, true).is_ok(), "{good}");
        }
        for bad in [
            "",
            "02:00",
            "2:00-3:00",
            "24:00-25:00",
            "02:00-02:29",
            "02:00-02:00",
            "sun:02:00-sun:03:00",
            "+2:00-03:00",
        ] {
            assert!(check_window(bad, false).is_err(), "{bad}");
        }
        for bad in ["03:00-04:00", "day:03:00-day:04:00", "sun:03:00-tue:04:00"] {
            assert!(check_window(bad, true).is_err(), "{bad}");
        }
    }
}
