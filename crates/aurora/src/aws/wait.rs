//! Waiting for AWS, which takes minutes for most things and a day for some.

use howdah_core::{Error, ErrorKind, Result};

use super::call::Caller;
use crate::ClusterName;

/// States out of which nothing leads by itself.
const LOST: [&str; 9] = [
    "failed",
    "restore-error",
    "storage-full",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-restore",
    "incompatible-parameters",
    "incompatible-network",
    "insufficient-capacity",
];

/// Waits until a cluster and all its instances take connections.
pub(super) async fn available(caller: Caller<'_>, cluster: &ClusterName) -> Result<()> {
    loop {
        let found = caller.require_cluster(cluster).await?;
        let status = found.status().unwrap_or("unknown");
        fail_if_lost("cluster", cluster.as_str(), status)?;
        let members = found.db_cluster_members();
        let mut ready = 0;
        for member in members {
            let name = member.db_instance_identifier().unwrap_or_default();
            let Some(instance) = caller.instance(name).await? else {
                continue;
            };
            let status = instance.db_instance_status().unwrap_or("unknown");
            fail_if_lost("instance", name, status)?;
            ready += usize::from(status == "available");
        }
        if status == "available" && ready == members.len() {
            return Ok(());
        }
        say(
            caller,
            format!(
                "The cluster {cluster} is {status}, {ready} of {} instances are available",
                members.len()
            ),
        );
        caller.pause().await?;
    }
}

/// Waits until an instance takes connections.
pub(super) async fn instance_available(caller: Caller<'_>, name: &str) -> Result<()> {
    loop {
        let status = match caller.instance(name).await? {
            Some(instance) => instance.db_instance_status().unwrap_or("unknown").to_owned(),
            None => {
                return Err(Error::not_found(format!(
                    "The instance {name} is not there any more."
                )));
            }
        };
        fail_if_lost("instance", name, &status)?;
        if status == "available" {
            return Ok(());
        }
        say(caller, format!("The instance {name} is {status}"));
        caller.pause().await?;
    }
}

/// Waits until a cluster is stopped.
pub(super) async fn stopped(caller: Caller<'_>, cluster: &ClusterName) -> Result<()> {
    loop {
        let found = caller.require_cluster(cluster).await?;
        let status = found.status().unwrap_or("unknown");
        fail_if_lost("cluster", cluster.as_str(), status)?;
        if status == "stopped" {
            return Ok(());
        }
        say(caller, format!("The cluster {cluster} is {status}"));
        caller.pause().await?;
    }
}

/// Waits until a snapshot is whole.
pub(super) async fn snapshot_available(caller: Caller<'_>, name: &str) -> Result<()> {
    loop {
        let Some(found) = caller.snapshot(name).await? else {
            return Err(Error::not_found(format!(
                "The snapshot {name} is not there any more."
            )));
        };
        let status = found.status().unwrap_or("unknown");
        fail_if_lost("snapshot", name, status)?;
        if status == "available" {
            return Ok(());
        }
        let percent = found.percent_progress().unwrap_or(0);
        if let Some(cx) = caller.cx {
            cx.progress(
                format!("The snapshot {name} is {status}, {percent} %"),
                Some(f64::from(percent) / 100.0),
            );
        }
        caller.pause().await?;
    }
}

/// Waits until an instance is gone.
pub(super) async fn instance_gone(caller: Caller<'_>, name: &str) -> Result<()> {
    while let Some(found) = caller.instance(name).await? {
        say(
            caller,
            format!(
                "The instance {name} is {}",
                found.db_instance_status().unwrap_or("unknown")
            ),
        );
        caller.pause().await?;
    }
    Ok(())
}

/// Waits until a cluster is gone.
pub(super) async fn cluster_gone(caller: Caller<'_>, name: &str) -> Result<()> {
    while let Some(found) = caller.cluster(name).await? {
        say(
            caller,
            format!("The cluster {name} is {}", found.status().unwrap_or("unknown")),
        );
        caller.pause().await?;
    }
    Ok(())
}

pub(super) fn fail_if_lost(kind: &str, name: &str, status: &str) -> Result<()> {
    if !LOST.contains(&status) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Server,
        format!("The {kind} {name} is in the state {status}, which it does not leave by itself."),
    )
    .hint("Its events in the AWS console say why: most often a key, a subnet or a quota."))
}

fn say(caller: Caller<'_>, phase: String) {
    if let Some(cx) = caller.cx {
        cx.progress(phase, None);
    }
}
