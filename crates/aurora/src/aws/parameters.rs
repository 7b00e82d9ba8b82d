//! The settings of a cluster's servers: what may be changed and to what, as AWS says, before
//! anything is; and what waits for a restart afterwards.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{ApplyMethod, DbCluster, Parameter};
use howdah_core::{Error, Result};
use howdah_jobs::JobCx;

use super::call::Caller;
use super::{describe, group, wait};
use crate::{ClusterName, Modification, OperationState};

/// Pages of a hundred: there are some four hundred parameters.
const MOST_PAGES: usize = 50;
/// Names that are told where one is not known.
const TOLD: usize = 8;

/// A parameter is to be set, or reset where there is no value.
type Wanted = BTreeMap<String, Option<String>>;

/// The parameters of a group by name: all, or those that somebody set.
async fn of_group(
    caller: Caller<'_>,
    name: &str,
    source: Option<&str>,
) -> Result<BTreeMap<String, Parameter>> {
    let mut all = BTreeMap::new();
    let mut marker = None;
    for _ in 0..MOST_PAGES {
        let page = caller
            .read(&format!("list the parameters of the group {name}"), |rds| {
                rds.describe_db_cluster_parameters()
                    .db_cluster_parameter_group_name(name)
                    .set_source(source.map(str::to_owned))
                    .set_marker(marker.clone())
                    .send()
            })
            .await?;
        all.extend(
            page.parameters()
                .iter()
                .filter_map(|one| Some((one.parameter_name()?.to_owned(), one.clone()))),
        );
        match page.marker() {
            Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
            _ => break,
        }
    }
    Ok(all)
}

/// What was set in the cluster's group, as `name=value`; none of a default group.
pub(super) async fn set_by_hand(caller: Caller<'_>, found: &DbCluster) -> Result<Vec<String>> {
    let name = group_of(found)?;
    if group::is_default(name) {
        return Ok(Vec::new());
    }
    Ok(of_group(caller, name, Some("user"))
        .await?
        .into_iter()
        .map(|(name, one)| format!("{name}={}", one.parameter_value().unwrap_or_default()))
        .collect())
}

/// The value of a parameter where it is one number and no formula of the memory.
pub(super) async fn number(caller: Caller<'_>, found: &DbCluster, name: &str) -> Result<Option<u32>> {
    let set = of_group(caller, group_of(found)?, Some("user")).await?;
    Ok(set.get(name).and_then(|one| one.parameter_value()?.parse().ok()))
}

/// What was set in the cluster's group, as far as another family has it.
pub(super) async fn carried(caller: Caller<'_>, found: &DbCluster, family: &str) -> Result<Vec<Parameter>> {
    let set = of_group(caller, group_of(found)?, Some("user")).await?;
    let known = of_group(caller, &format!("default.{family}"), None).await?;
    Ok(set
        .iter()
        .filter_map(|(name, one)| {
            let there = known
                .get(name)
                .filter(|there| there.is_modifiable() != Some(false))?;
            let value = one.parameter_value().filter(|value| allows(there, value))?;
            let method = match is_static(there) {
                true => ApplyMethod::PendingReboot,
                false => ApplyMethod::Immediate,
            };
            let one = Parameter::builder().parameter_name(name).parameter_value(value);
            Some(one.apply_method(method).build())
        })
        .collect())
}

fn group_of(found: &DbCluster) -> Result<&str> {
    found
        .db_cluster_parameter_group()
        .ok_or_else(|| Error::internal("AWS described a cluster without its parameter group."))
}

/// The members that do not run with the parameters of their group yet.
pub(super) fn waiting(found: &DbCluster) -> Vec<&str> {
    let is_waiting = |status: Option<&str>| status == Some("pending-reboot");
    found
        .db_cluster_members()
        .iter()
        .filter(|member| is_waiting(member.db_cluster_parameter_group_status()))
        .filter_map(|member| member.db_instance_identifier())
        .collect()
}

/// Whether all of it can be set; an error says of what cannot, and why.
pub(super) async fn check(
    caller: Caller<'_>,
    cluster: &ClusterName,
    found: &DbCluster,
    wanted: &Wanted,
) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let name = group_of(found)?;
    let known = of_group(caller, name, None).await?;
    for (parameter, value) in wanted {
        judge(&known, parameter, value.as_deref())?;
    }
    if !group::is_default(name) {
        return Ok(());
    }
    if wanted.values().all(Option::is_none) {
        return Err(Error::refused(format!(
            "The cluster {cluster} has the parameter group {name}: every parameter has its default already."
        ))
        .hint(format!("`howdah cluster show {cluster}` says what it has.")));
    }
    let own = group::of(cluster);
    match caller.parameter_group(&own).await? {
        Some(other) if !group::is_howdahs(&other) => Err(Error::refused(format!(
            "The cluster {cluster} needs a parameter group of its own, and there is one named {own} already that howdah did not make."
        ))
        .hint("Let the cluster use that one, or remove it: `aws rds delete-db-cluster-parameter-group`.")),
        _ => Ok(()),
    }
}

fn judge(known: &BTreeMap<String, Parameter>, name: &str, value: Option<&str>) -> Result<()> {
    let Some(parameter) = known.get(name) else {
        let alike: Vec<&str> = known
            .keys()
            .map(String::as_str)
            .filter(|other| other.contains(name) || name.contains(other))
            .take(TOLD)
            .collect();
        return Err(
            Error::invalid(format!("This cluster's family has no parameter {name:?}.")).hint(
                match alike.is_empty() {
                    true => {
                        "`aws rds describe-db-cluster-parameters` lists them; those of PostgreSQL go by its own names."
                            .to_owned()
                    }
                    false => format!("There are: {}.", alike.join(", ")),
                },
            ),
        );
    };
    if parameter.is_modifiable() == Some(false) {
        return Err(
            Error::refused(format!("AWS lets nobody change the parameter {name}.")).hint(format!(
                "It is {}.",
                parameter.parameter_value().unwrap_or("as the engine has it")
            )),
        );
    }
    match value {
        None => Ok(()),
        Some("") => Err(
            Error::invalid(format!("The parameter {name} was given no value."))
                .hint(format!("Its default comes back with --reset-parameter {name}.")),
        ),
        Some(value) if allows(parameter, value) => Ok(()),
        Some(value) => Err(
            Error::invalid(format!("The parameter {name} cannot be {value:?}.")).hint(format!(
                "AWS allows {} ({}).",
                parameter.allowed_values().unwrap_or("any"),
                parameter.data_type().unwrap_or("text")
            )),
        ),
    }
}

/// By what AWS says of its values: `0,1`, `10-8388607`, `-1-2147483647`, `on,off`, or nothing.
fn allows(parameter: &Parameter, value: &str) -> bool {
    let kind = parameter.data_type().unwrap_or_default();
    // A formula of the class's memory: AWS alone can reckon it.
    if matches!(kind, "integer" | "float") && value.contains('{') {
        return true;
    }
    if kind == "integer" && value.parse::<i64>().is_err() {
        return false;
    }
    let allowed = parameter.allowed_values().unwrap_or_default();
    if allowed.is_empty() {
        return true;
    }
    let one = |value: &str| {
        allowed
            .split(',')
            .map(str::trim)
            .any(|part| part == value || in_range(part, value))
    };
    match kind {
        "list" => value.split(',').map(str::trim).all(one),
        _ => one(value),
    }
}

/// Both ends of a range may be negative.
fn in_range(range: &str, value: &str) -> bool {
    let Ok(value) = value.parse::<f64>() else {
        return false;
    };
    range.match_indices('-').any(|(at, _)| {
        let ends = (range.get(..at), range.get(at.saturating_add(1)..));
        match ends {
            (Some(low), Some(high)) => match (low.parse::<f64>(), high.parse::<f64>()) {
                (Ok(low), Ok(high)) => low <= value && value <= high,
                _ => false,
            },
            _ => false,
        }
    })
}

/// What it does, a sentence each: what is in force at once, what with a restart, and who shares the group.
pub(super) struct Effect {
    /// Known and harmless.
    pub(super) said: Vec<String>,
    /// Reaches further than this cluster.
    pub(super) risks: Vec<String>,
}

pub(super) async fn effect(
    caller: Caller<'_>,
    cluster: &ClusterName,
    found: &DbCluster,
    change: &Modification,
) -> Result<Effect> {
    let (mut said, mut risks) = (Vec::new(), Vec::new());
    if change.parameters.is_empty() {
        return Ok(Effect { said, risks });
    }
    let name = group_of(found)?;
    let known = of_group(caller, name, None).await?;
    let is_new = group::is_default(name);
    for (parameter, value) in &change.parameters {
        let one = known.get(parameter);
        let so_far = one.and_then(|one| one.parameter_value()).unwrap_or("not set");
        let to = value
            .as_deref()
            .map_or("goes back to its default".to_owned(), |value| {
                format!("becomes {value}")
            });
        let when = match is_new || one.is_some_and(is_static) {
            true => "with the next restart",
            false => "at once",
        };
        said.push(format!("{parameter} ({so_far}) {to} {when}."));
    }
    if is_new {
        said.push(format!(
            "The cluster gets a parameter group of its own, {}, in place of {name}, which nobody can change; a new group is in force once its instances have restarted.",
            group::of(cluster)
        ));
    } else {
        let others: Vec<String> = caller
            .clusters()
            .await?
            .iter()
            .filter(|one| one.db_cluster_parameter_group() == Some(name))
            .filter_map(|one| one.db_cluster_identifier())
            .filter(|one| *one != cluster.as_str())
            .map(str::to_owned)
            .collect();
        if !others.is_empty() {
            risks.push(format!(
                "The parameter group {name} is also that of {}: what is set applies to them too.",
                others.join(", ")
            ));
        }
    }
    Ok(Effect { said, risks })
}

fn is_static(parameter: &Parameter) -> bool {
    parameter.apply_type() == Some("static")
}

/// Sets them in the cluster's own group, which is made where it has a default one.
pub(super) async fn apply(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    wanted: &Wanted,
) -> Result<()> {
    let found = caller.require_cluster(cluster).await?;
    let name = group_of(&found)?;
    let known = of_group(caller, name, None).await?;
    let (mut set, mut reset) = (Vec::new(), Vec::new());
    for (parameter, value) in wanted {
        let method = match known.get(parameter).is_some_and(is_static) {
            true => ApplyMethod::PendingReboot,
            false => ApplyMethod::Immediate,
        };
        let one = Parameter::builder()
            .parameter_name(parameter)
            .apply_method(method);
        match value {
            Some(value) => set.push(one.parameter_value(value).build()),
            None => reset.push(one.build()),
        }
    }
    if !group::is_default(name) {
        group::set(caller, name, &set).await?;
        return group::reset(caller, name, &reset).await;
    }
    // In a new group every parameter has its default.
    let default = caller.parameter_group(name).await?;
    let family = match default
        .as_ref()
        .and_then(|group| group.db_parameter_group_family())
    {
        Some(family) => family,
        None => name.trim_start_matches("default."),
    };
    group::ensure_new(caller, cx, &group::of(cluster), family).await?;
    group::set(caller, &group::of(cluster), &set).await
}

/// The group that the cluster is to have in place of a default one, once parameters are to be set.
pub(super) fn to_attach(found: &DbCluster, cluster: &ClusterName, change: &Modification) -> Option<String> {
    let has_default = found.db_cluster_parameter_group().is_some_and(group::is_default);
    (has_default && !change.parameters.is_empty()).then(|| group::of(cluster))
}

/// Restarts the instances that wait for it, the readers first and one at a time.
pub(super) async fn restart(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    state: &mut OperationState,
) -> Result<()> {
    wait::available(caller, cluster).await?;
    let found = caller.require_cluster(cluster).await?;
    let mut members = describe::members(caller, &found).await?;
    members.reverse();
    if state.members.is_empty() {
        state.members.clone_from(&members);
    }
    if waiting(&found).is_empty() {
        cx.log("No instance waits for a restart.").await;
    }
    for member in &members {
        let (name, mut asked) = (member.name.as_str(), false);
        loop {
            let found = caller.require_cluster(cluster).await?;
            if !waiting(&found).contains(&name) {
                break;
            }
            // One that restarts already was asked for by an earlier call, whose reply was lost.
            let status = caller.instance(name).await?;
            if !asked && status.is_some_and(|one| one.db_instance_status() == Some("available")) {
                cx.log(format!("{name} restarts.")).await;
                caller
                    .write(&format!("restart the instance {name}"), |rds| {
                        rds.reboot_db_instance().db_instance_identifier(name).send()
                    })
                    .await?;
                asked = true;
            }
            cx.progress(format!("Waiting for {name} to restart"), None);
            caller.pause().await?;
        }
        wait::instance_available(caller, name).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(kind: &str, allowed: &str) -> Parameter {
        Parameter::builder()
            .data_type(kind)
            .allowed_values(allowed)
            .build()
    }

    #[test]
    fn values_are_judged_as_aws_describes_them() {
        for (kind, allowed, good, bad) in [
            ("boolean", "0,1", &["0", "1"][..], &["on", "2", "0-1"][..]),
            (
                "integer",
                "-1-2147483647",
                &["-1", "0", "500", "2147483647"],
                &["-2", "2147483648", "5.5", "x"],
            ),
            (
                "integer",
                "6-8388607",
                &["6", "{DBInstanceClassMemory/9531392}"],
                &["5", "5-6", "1e2"],
            ),
            ("float", "0.01-0.99", &["0.01", "0.5"], &["1", "0", "half"]),
            ("float", "-1-100", &["-1", "99.5"], &["-1.5"]),
            ("string", "none,ddl,mod,all", &["ddl"], &["ddl,mod", "DDL", ""]),
            (
                "list",
                "pg_cron,pg_hint_plan,pgaudit",
                &["pgaudit", "pgaudit, pg_cron"],
                &["pgaudit,evil", "evil"],
            ),
            ("string", "", &["%t:%r:", "anything"], &[]),
        ] {
            let parameter = parameter(kind, allowed);
            for value in good {
                assert!(allows(&parameter, value), "{kind} {allowed}: {value}");
            }
            for value in bad {
                assert!(!allows(&parameter, value), "{kind} {allowed}: {value}");
            }
        }
    }
}
