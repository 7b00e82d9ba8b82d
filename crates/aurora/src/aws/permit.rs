//! What is looked at before a job is recorded: whether it can be done, whether the operator
//! allows it, and how much of a word it needs.

use howdah_core::{Error, Result};

use super::account::Allowed;
use super::call::Caller;
use super::{
    alarms, blue_green, change, describe, express, group, make, preset, proxy, run, snapshot, upgrade,
};
use crate::{
    Action, AuroraError, ClusterName, MAX_READERS, Operation, Preset, SWITCH_TIMEOUT_S, Shape, SnapshotCopy,
    Tier,
};

/// Names of instances are those of the cluster with a number behind; RDS takes 63 letters.
const LONGEST_NAME: usize = 60;

/// Whether the operation can be begun.
pub(super) async fn check(caller: Caller<'_>, operation: &Operation) -> Result<()> {
    let cluster = &operation.cluster;
    if let Some((shape, readers)) = make::plan(&operation.action) {
        if shape.preset == Preset::Express {
            express::check(operation)?;
            allowed(
                caller,
                Allowed::PublicAccess,
                "make a cluster that is reached over the internet",
            )?;
        }
        check_new(caller, cluster, shape, readers).await?;
    }
    match &operation.action {
        Action::Create { database, .. } => check_database(database),
        Action::Restore { snapshot, .. } => snapshot::require(caller, snapshot).await,
        Action::RestoreToTime { source, time, .. } => check_moment(caller, source, time).await,
        Action::Clone { source, .. } => caller.require_cluster(source).await.map(drop),
        Action::Start => caller.require_cluster(cluster).await.map(drop),
        Action::Stop => check_status(caller, cluster, &["available", "stopping", "stopped"]).await,
        Action::Delete { final_snapshot } => {
            check_deletion(caller, cluster).await?;
            match final_snapshot {
                Some(name) => snapshot::check_free(caller, name).await,
                None => allowed(
                    caller,
                    Allowed::DeleteWithoutSnapshot,
                    "delete a cluster without a final snapshot",
                ),
            }
        }
        Action::Snapshot { snapshot } => {
            check_status(caller, cluster, &["available", "backing-up"]).await?;
            snapshot::check_free(caller, snapshot).await
        }
        Action::DeleteSnapshot { snapshot } => snapshot::require(caller, snapshot).await,
        Action::CopySnapshot(copy) => snapshot::copy::check(caller, copy).await,
        Action::ShareSnapshot { snapshot, sharing } => {
            if sharing.public {
                allowed(caller, Allowed::PublicAccess, "make a snapshot public")?;
            }
            snapshot::share::check(caller, snapshot, sharing).await
        }
        Action::UnshareSnapshot { snapshot, sharing } => {
            snapshot::share::check_end(caller, snapshot, sharing).await
        }
        Action::AddReader => {
            let found = caller.require_cluster(cluster).await?;
            run::check_room(found.db_cluster_members().len())?;
            check_status(caller, cluster, &["available", "backing-up"]).await
        }
        Action::RemoveReader { reader } => run::check_reader(caller, cluster, reader).await,
        Action::Failover { to } => {
            allowed(caller, Allowed::Failover, "fail a cluster over")?;
            let found = caller.require_cluster(cluster).await?;
            if found.db_cluster_members().len() < 2 {
                return Err(run::no_reader(cluster));
            }
            match to {
                Some(name) => run::check_reader(caller, cluster, name).await,
                None => check_status(caller, cluster, &["available"]).await,
            }
        }
        Action::Modify(change) => {
            change::check(caller, cluster, change).await?;
            check_status(caller, cluster, &["available", "backing-up", "modifying"]).await
        }
        Action::Upgrade(upgrade) => {
            check_status(caller, cluster, &["available", "backing-up"]).await?;
            upgrade::check(caller, cluster, upgrade).await
        }
        Action::CreateBlueGreen { version, compute } => {
            check_status(caller, cluster, &["available", "backing-up"]).await?;
            blue_green::check(caller, cluster, *version, compute.as_ref()).await
        }
        Action::SwitchBlueGreen { timeout_s } => {
            allowed(
                caller,
                Allowed::SwitchOver,
                "switch a cluster over to its green environment",
            )?;
            check_switch(caller, cluster, *timeout_s).await
        }
        Action::DeleteBlueGreen { keep } => {
            let found = blue_green::require(caller, cluster).await?;
            match blue_green::is_switched(&found) && !keep {
                true => allowed(
                    caller,
                    Allowed::DeleteWithoutSnapshot,
                    "delete what was blue without a final snapshot",
                ),
                false => Ok(()),
            }
        }
        Action::CreateProxy(options) => {
            check_status(caller, cluster, &["available", "backing-up", "modifying"]).await?;
            proxy::check_create(caller, cluster, options).await
        }
        Action::DeleteProxy => proxy::check_delete(caller, cluster).await,
        Action::CreateAlarms { topics } => alarms::check(caller, cluster, topics).await.map(drop),
        Action::DeleteAlarms => match alarms::of_howdah(caller, cluster).await?.is_empty() {
            true => Err(
                Error::not_found(format!("Howdah has made no alarms for the cluster {cluster}.")).hint(
                    format!("`howdah cluster alarms {cluster}` shows those that there are."),
                ),
            ),
            false => Ok(()),
        },
    }
}

async fn check_switch(caller: Caller<'_>, cluster: &ClusterName, timeout_s: u32) -> Result<()> {
    if !SWITCH_TIMEOUT_S.contains(&timeout_s) {
        return Err(
            Error::invalid(format!("A switch cannot take {timeout_s} s.")).hint(format!(
                "Give it {} to {} s.",
                SWITCH_TIMEOUT_S.start(),
                SWITCH_TIMEOUT_S.end()
            )),
        );
    }
    let found = blue_green::require(caller, cluster).await?;
    match found.status() {
        Some("AVAILABLE" | "SWITCHOVER_IN_PROGRESS") => Ok(()),
        status => Err(AuroraError::NotAvailable {
            name: format!("{cluster} with its green environment"),
            status: status
                .unwrap_or("in an unknown state")
                .to_lowercase()
                .replace('_', " "),
        }
        .into()),
    }
}

async fn check_new(caller: Caller<'_>, cluster: &ClusterName, shape: &Shape, readers: u8) -> Result<()> {
    if readers > MAX_READERS {
        return Err(AuroraError::TooManyReaders {
            wanted: readers,
            most: MAX_READERS,
        }
        .into());
    }
    if cluster.as_str().len() > LONGEST_NAME {
        return Err(Error::invalid(format!(
            "The name {cluster} leaves no room for the numbers of its instances."
        ))
        .hint(format!("Names on AWS have up to {LONGEST_NAME} characters.")));
    }
    preset::check(shape, readers, caller.account.settings())?;
    match caller.cluster(cluster.as_str()).await? {
        None => Ok(()),
        Some(found) => Err(AuroraError::ClusterExists {
            name: cluster.to_string(),
            created: super::describe::time(found.cluster_create_time()),
            job: super::look::job_of(found.tag_list())
                .unwrap_or("none of howdah")
                .to_owned(),
        }
        .into()),
    }
}

/// RDS makes databases of plain names alone.
fn check_database(name: &str) -> Result<()> {
    let plain = name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match plain {
        true => Ok(()),
        false => Err(Error::invalid(format!("AWS makes no database {name:?}."))
            .hint("With its cluster come databases of 1 to 63 letters, digits and underscores, a letter first; others are made by CREATE DATABASE.")),
    }
}

async fn check_moment(caller: Caller<'_>, source: &ClusterName, time: &str) -> Result<()> {
    let moment = make::moment(time)?;
    let found = caller.require_cluster(source).await?;
    let (first, last) = (found.earliest_restorable_time(), found.latest_restorable_time());
    let within = first.is_none_or(|first| *first <= moment) && last.is_none_or(|last| moment <= *last);
    match within {
        true => Ok(()),
        false => Err(
            Error::invalid(format!("The cluster {source} cannot be restored to {time}.")).hint(format!(
                "It can be to any moment from {} to {}.",
                super::describe::time(first),
                super::describe::time(last)
            )),
        ),
    }
}

async fn check_deletion(caller: Caller<'_>, cluster: &ClusterName) -> Result<()> {
    let found = caller.require_cluster(cluster).await?;
    if found.deletion_protection() == Some(true) {
        return Err(Error::refused(format!("The cluster {cluster} is protected from deletion."))
            .hint(format!("If it is to go, lift that first: `howdah cluster modify {cluster} --deletion-protection false --wait`.")));
    }
    // AWS deletes no instance of a stopped cluster.
    check_status(
        caller,
        cluster,
        &[
            "available",
            "backing-up",
            "modifying",
            "failed",
            "incompatible-parameters",
        ],
    )
    .await
}

async fn check_status(caller: Caller<'_>, cluster: &ClusterName, good: &[&str]) -> Result<()> {
    let found = caller.require_cluster(cluster).await?;
    let status = found.status().unwrap_or("in an unknown state");
    match good.contains(&status) {
        true => Ok(()),
        false => Err(AuroraError::NotAvailable {
            name: cluster.to_string(),
            status: status.to_owned(),
        }
        .into()),
    }
}

fn allowed(caller: Caller<'_>, what: Allowed, words: &str) -> Result<()> {
    if caller.account.settings().allow.contains(&what) {
        return Ok(());
    }
    Err(Error::refused(format!(
        "The operator of this howdah has not allowed to {words} on AWS."
    ))
    .hint(format!(
        "Whoever may decide that writes into howdah.toml: [clusters.aws] allow = [\"{}\"].",
        what.as_str()
    )))
}

/// How much of a word an operation needs that is allowed.
pub(super) async fn tier(caller: Caller<'_>, operation: &Operation) -> Result<Tier> {
    let cluster = &operation.cluster;
    let confirm = |effect: String| Tier::Confirm { effect };
    let risk = |effect: String| Tier::Risk { effect };
    if let Some((shape, readers)) = make::plan(&operation.action) {
        let compute = make::compute(caller, operation).await?;
        let more = match express::is_wanted(&operation.action) {
            true => format!(" {}", express::effect(caller.account.settings())),
            false => String::new(),
        };
        return Ok(confirm(format!(
            "It costs money in your AWS account from now on: {} ({compute}), preset {}.{more}",
            match readers {
                0 => "a writer".to_owned(),
                1 => "a writer and a reader".to_owned(),
                readers => format!("a writer and {readers} readers"),
            },
            shape.preset
        )));
    }
    Ok(match &operation.action {
        Action::Start => confirm("Its instances cost money again.".into()),
        Action::Stop => risk("Clients lose their connections. AWS starts it again by itself after seven days.".into()),
        Action::Delete { final_snapshot: Some(name) } => {
            risk(format!("Its data are kept in the snapshot {name}; clients lose their connections, and its automated backups go with it."))
        }
        Action::Delete { final_snapshot: None } => {
            risk("Its data are gone for good: no snapshot is taken, and its automated backups go with it.".into())
        }
        Action::Snapshot { .. } => confirm("Its storage costs money until it is deleted.".into()),
        Action::DeleteSnapshot { .. } => {
            risk(format!("It is the copy of the cluster {cluster}; its data are gone for good."))
        }
        Action::CopySnapshot(copy) => confirm(snapshot::copy::effect(caller, copy).await?),
        Action::ShareSnapshot { snapshot, sharing } => {
            risk(snapshot::share::effect(caller, snapshot, sharing).await?)
        }
        Action::UnshareSnapshot { .. } => {
            confirm("They can restore it no longer; what they have copied stays theirs.".into())
        }
        Action::AddReader => confirm("A further instance costs money from now on.".into()),
        Action::RemoveReader { reader } => risk(format!("Clients of {reader} lose their connections; the other instances take their load.")),
        Action::Failover { .. } => {
            risk("Clients lose their connections, and writes fail for up to a minute while the reader becomes the writer.".into())
        }
        Action::CreateBlueGreen { .. } => confirm(
            "A second cluster of its size costs money until it is deleted. Until the switch no schema may change but in green.".into(),
        ),
        Action::SwitchBlueGreen { timeout_s } => risk(format!(
            "Writes wait and clients lose their connections, for a minute as a rule; not done within {timeout_s} s, AWS takes it back. It cannot be undone afterwards: what was blue stays, under another name, without what is written from then on."
        )),
        Action::DeleteBlueGreen { keep } => {
            let found = blue_green::require(caller, cluster).await?;
            match (blue_green::is_switched(&found), keep) {
                (_, true) => confirm("Both clusters stay, and cost money; neither follows the other any more.".into()),
                (false, false) => risk("The green environment goes, with all that was tried in it.".into()),
                (true, false) => risk("What was blue before the switch goes, without a final snapshot.".into()),
            }
        }
        Action::CreateAlarms { topics } => {
            let number = alarms::check(caller, cluster, topics).await?;
            confirm(format!(
                "CloudWatch charges for each alarm: {number} of metrics, and two that go by them. {}",
                match topics.is_empty() {
                    true => "They tell nobody: no topic was given (--sns-topic).".to_owned(),
                    false => format!("They tell {}.", topics.join(", ")),
                }
            ))
        }
        Action::DeleteAlarms => risk("Nobody is told by CloudWatch any more when it is not well.".into()),
        Action::Modify(change) => change::tier(caller, cluster, change).await?,
        Action::Upgrade(upgrade) => upgrade::tier(caller, cluster, upgrade).await?,
        Action::CreateProxy(_) => {
            let found = caller.require_cluster(cluster).await?;
            let pauses = describe::range(&found).is_some_and(|range| range.pauses());
            confirm(format!(
                "RDS Proxy costs money by the hour, for each vCPU or ACU of the cluster.{}",
                match pauses {
                    true => " The cluster pauses where nobody needs it: with a proxy it never does.",
                    false => "",
                }
            ))
        }
        Action::DeleteProxy => risk("Its clients lose their connections, and find nobody under its endpoint any more.".into()),
        Action::Create { .. }
        | Action::Restore { .. }
        | Action::RestoreToTime { .. }
        | Action::Clone { .. } => Tier::Free,
    })
}

/// What there is now of what the operation is about, a sentence each.
pub(super) async fn what_exists(caller: Caller<'_>, operation: &Operation) -> Vec<String> {
    let cluster = &operation.cluster;
    let mut found = Vec::new();
    let mut instances = Vec::new();
    match caller.cluster(cluster.as_str()).await {
        Ok(Some(one)) => {
            instances = one
                .db_cluster_members()
                .iter()
                .filter_map(|member| member.db_instance_identifier().map(str::to_owned))
                .collect();
            found.push(format!(
                "The cluster {cluster} is {} in AWS.",
                one.status().unwrap_or("there")
            ));
        }
        Ok(None) => {}
        Err(error) => return vec![format!("What there is in AWS could not be seen: {error}")],
    }
    if let Some((_, readers)) = make::plan(&operation.action) {
        instances.extend((1..=readers.saturating_add(1)).map(|number| make::member_of(cluster, number)));
    }
    instances.sort();
    instances.dedup();
    for name in instances {
        if let Ok(Some(one)) = caller.instance(&name).await {
            found.push(format!(
                "The instance {name} is {}.",
                one.db_instance_status().unwrap_or("there")
            ));
        }
    }
    if let Ok(Some(_)) = caller.parameter_group(&group::of(cluster)).await {
        found.push(format!("The parameter group {} is there.", group::of(cluster)));
    }
    if let Action::CreateBlueGreen { .. } | Action::SwitchBlueGreen { .. } | Action::DeleteBlueGreen { .. } =
        &operation.action
        && let Ok(Some(one)) = blue_green::find(caller, cluster.as_str()).await
        && let Some(shown) = blue_green::shown(&one)
    {
        found.push(format!(
            "The blue/green deployment of {} (blue) and {} (green) is {}.",
            shown.blue,
            shown.green,
            shown.status.as_str()
        ));
    }
    if let Action::CreateAlarms { .. } | Action::DeleteAlarms = &operation.action
        && let Ok(names) = alarms::of_howdah(caller, cluster).await
        && !names.is_empty()
    {
        found.push(format!("There are {} alarms of howdah.", names.len()));
    }
    if let Action::CreateProxy(_) | Action::DeleteProxy | Action::Delete { .. } = &operation.action
        && let Some(told) = proxy::what_exists(caller, cluster).await
    {
        found.push(told);
    }
    let snapshot = match &operation.action {
        Action::Snapshot { snapshot }
        | Action::DeleteSnapshot { snapshot }
        | Action::CopySnapshot(SnapshotCopy { snapshot, .. })
        | Action::ShareSnapshot { snapshot, .. }
        | Action::UnshareSnapshot { snapshot, .. } => Some(snapshot),
        Action::Delete { final_snapshot } => final_snapshot.as_ref(),
        Action::Upgrade(upgrade) => Some(&upgrade.snapshot),
        _ => None,
    };
    if let Some(name) = snapshot
        && let Ok(Some(one)) = caller.snapshot(name.as_str()).await
    {
        found.push(format!(
            "The snapshot {name} is {}.",
            one.status().unwrap_or("there")
        ));
        if let Ok(shared) = snapshot::share::with(caller, name).await
            && !shared.is_empty()
        {
            found.push(format!(
                "It is shared with {}.",
                snapshot::share::in_words(&shared)
            ));
        }
    }
    found
}

/// An error with everything that is in the way, each beside what takes it away; none if nothing is. `what` is
/// what the cluster cannot have: "proxy".
pub(super) fn refuse(cluster: &str, what: &str, ways: &[(String, String)]) -> Result<()> {
    if ways.is_empty() {
        return Ok(());
    }
    let (reasons, remedies): (Vec<&str>, Vec<&str>) = ways
        .iter()
        .map(|(reason, remedy)| (reason.as_str(), remedy.as_str()))
        .unzip();
    Err(Error::refused(format!(
        "The cluster {cluster} can have no {what}: {}.",
        reasons.join("; ")
    ))
    .hint(remedies.join("\n")))
}
