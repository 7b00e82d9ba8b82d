//! The parameter group that a cluster has for itself: the default ones of AWS cannot be changed.

use aws_sdk_rds::types::{DbClusterParameterGroup, Parameter};
use howdah_core::Result;
use howdah_jobs::JobCx;

use super::call::{Caller, Failure};
use super::look::tags;
use super::make::taken;
use crate::ClusterName;

/// As many parameters as one call of AWS takes.
const CHUNK: usize = 20;

/// The name of the group of a cluster.
pub(super) fn of(cluster: &ClusterName) -> String {
    format!("howdah-{cluster}")
}

/// Whether it is one of AWS, which nobody can change.
pub(super) fn is_default(name: &str) -> bool {
    name.starts_with("default.")
}

/// Whether some job of ours made it.
pub(super) fn is_howdahs(group: &DbClusterParameterGroup) -> bool {
    group
        .description()
        .is_some_and(|text| text.starts_with(&description("")))
}

/// Makes a group, if this job has not already; an error if somebody else has.
pub(super) async fn ensure(caller: Caller<'_>, cx: &JobCx, name: &str, family: &str) -> Result<()> {
    let description = description(cx.id());
    if is_ours(caller, name, &description).await? {
        return Ok(());
    }
    let made = caller
        .write(&format!("create the parameter group {name}"), |rds| {
            rds.create_db_cluster_parameter_group()
                .db_cluster_parameter_group_name(name)
                .db_parameter_group_family(family)
                .description(&description)
                .set_tags(Some(tags(cx.id())))
                .send()
        })
        .await;
    match made {
        Ok(_) => Ok(()),
        // Perhaps an earlier call of this very job, whose reply was lost.
        Err(failure) if failure.is("DBParameterGroupAlreadyExists") => {
            match is_ours(caller, name, &description).await? {
                true => Ok(()),
                false => Err(failure.into()),
            }
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The same, where a group that an earlier job of ours left, and no cluster uses, gives way: what it holds is not known
/// to whoever asked. AWS refuses to delete one that is used.
pub(super) async fn ensure_new(caller: Caller<'_>, cx: &JobCx, name: &str, family: &str) -> Result<()> {
    let left = caller.parameter_group(name).await?;
    if left.is_some_and(|group| is_howdahs(&group) && group.description() != Some(&description(cx.id()))) {
        remove(caller, name, None).await?;
    }
    ensure(caller, cx, name, family).await
}

/// Sets parameters, some at a time. The same again does no harm.
pub(super) async fn set(caller: Caller<'_>, name: &str, parameters: &[Parameter]) -> Result<()> {
    for some in parameters.chunks(CHUNK) {
        caller
            .write(&format!("set parameters in the group {name}"), |rds| {
                rds.modify_db_cluster_parameter_group()
                    .db_cluster_parameter_group_name(name)
                    .set_parameters(Some(some.to_vec()))
                    .send()
            })
            .await?;
    }
    Ok(())
}

/// Sets parameters back to their defaults, some at a time. The same again does no harm.
pub(super) async fn reset(caller: Caller<'_>, name: &str, parameters: &[Parameter]) -> Result<()> {
    for some in parameters.chunks(CHUNK) {
        caller
            .write(&format!("reset parameters in the group {name}"), |rds| {
                rds.reset_db_cluster_parameter_group()
                    .db_cluster_parameter_group_name(name)
                    .reset_all_parameters(false)
                    .set_parameters(Some(some.to_vec()))
                    .send()
            })
            .await?;
    }
    Ok(())
}

/// Takes a group back: that of a job, or that of any job of ours.
pub(super) async fn remove(caller: Caller<'_>, name: &str, job: Option<&str>) -> Result<()> {
    match caller.parameter_group(name).await? {
        Some(group)
            if job.map_or_else(
                || is_howdahs(&group),
                |job| group.description() == Some(&description(job)),
            ) => {}
        _ => return Ok(()),
    }
    match delete(caller, name).await {
        Err(failure) if failure.is("DBParameterGroupNotFound") => Ok(()),
        other => Ok(other?),
    }
}

/// Removes the groups of a cluster that is gone: its own, and the one that it had if that was made by a job of
/// ours and no other cluster has it.
pub(super) async fn remove_with_cluster(
    caller: Caller<'_>,
    cluster: &ClusterName,
    had: Option<&str>,
) -> Result<()> {
    let own = of(cluster);
    remove(caller, &own, None).await?;
    let Some(other) = had.filter(|name| *name != own) else {
        return Ok(());
    };
    match caller.parameter_group(other).await? {
        Some(group) if is_howdahs(&group) => {}
        _ => return Ok(()),
    }
    match delete(caller, other).await {
        Err(failure)
            if failure.is("DBParameterGroupNotFound") || failure.is("InvalidDBParameterGroupState") =>
        {
            Ok(())
        }
        done => Ok(done?),
    }
}

async fn delete(caller: Caller<'_>, name: &str) -> Result<(), Failure> {
    caller
        .write(&format!("delete the parameter group {name}"), |rds| {
            rds.delete_db_cluster_parameter_group()
                .db_cluster_parameter_group_name(name)
                .send()
        })
        .await
        .map(drop)
}

/// Whether the job of that description has made the group.
async fn is_ours(caller: Caller<'_>, name: &str, description: &str) -> Result<bool> {
    match caller.parameter_group(name).await? {
        None => Ok(false),
        Some(group) if group.description() == Some(description) => Ok(true),
        Some(_) => Err(taken(&format!("parameter group {name}"))),
    }
}

fn description(job: &str) -> String {
    format!("Made by howdah, job {job}")
}
