//! The steps that make a cluster: new, of a snapshot, as another was at a moment, or as a clone.
//!
//! Every step looks first. What has the tag of this job was made by it, whether or not the
//! reply arrived; what has not is somebody else's, and is neither used nor taken back.

use aws_sdk_rds::types::{ApplyMethod, DatabaseInsightsMode, Parameter, ServerlessV2ScalingConfiguration};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;

use super::call::Caller;
use super::look::{ENGINE, job_of, made_by, tags};
use super::preset::{self, Guards, PARAMETERS};
use super::{describe, express, group, wait};
use crate::{Action, AuroraError, ClusterName, Compute, Member, Operation, OperationState, Shape};

/// The role that owns new clusters.
const USER: &str = "postgres";

/// The name of a member: `shop-1`.
pub(super) fn member_of(cluster: &ClusterName, number: u8) -> String {
    format!("{cluster}-{number}")
}

/// What is made of what, for every action that makes a cluster.
pub(super) fn plan(action: &Action) -> Option<(&Shape, u8)> {
    match action {
        Action::Create { shape, readers, .. }
        | Action::Restore { shape, readers, .. }
        | Action::RestoreToTime { shape, readers, .. }
        | Action::Clone { shape, readers, .. } => Some((shape, *readers)),
        _ => None,
    }
}

/// Makes the cluster's own parameter group, and finds out its version.
pub(super) async fn parameters(
    caller: Caller<'_>,
    cx: &JobCx,
    operation: &Operation,
    state: &mut OperationState,
) -> Result<()> {
    caller.account.note_use()?;
    let (version, family) = match &operation.action {
        Action::Create { version, .. } => caller.engine_version(*version).await?,
        Action::Restore { snapshot, .. } => {
            let found = caller.snapshot(snapshot.as_str()).await?;
            family_of(found.as_ref().and_then(|one| one.engine_version()))?
        }
        Action::RestoreToTime { source, .. } | Action::Clone { source, .. } => {
            family_of(caller.require_cluster(source).await?.engine_version())?
        }
        _ => return Err(Error::internal("This makes no cluster.")),
    };
    state.version = Some(version);
    cx.checkpoint(state).await?;
    let group = group::of(&operation.cluster);
    group::ensure(caller, cx, &group, &family).await?;
    // The same again does no harm.
    let parameters = PARAMETERS.map(|(name, value)| {
        let parameter = Parameter::builder().parameter_name(name).parameter_value(value);
        parameter.apply_method(ApplyMethod::Immediate).build()
    });
    group::set(caller, &group, &parameters).await
}

fn family_of(version: Option<&str>) -> Result<(String, String)> {
    let version = version.ok_or_else(|| Error::not_found("What is to be copied is not there any more."))?;
    let major = version.split('.').next().unwrap_or(version);
    Ok((version.to_owned(), format!("{ENGINE}{major}")))
}

/// Says that a name is somebody else's.
pub(super) fn taken(what: &str) -> Error {
    Error::refused(format!("There is a {what} already that this job did not make."))
        .hint("Choose another name for the cluster, or remove what has the name first.")
}

/// Makes the cluster without its instances.
pub(super) async fn cluster(
    caller: Caller<'_>,
    cx: &JobCx,
    operation: &Operation,
    state: &mut OperationState,
) -> Result<()> {
    let name = operation.cluster.as_str();
    if is_ours(caller, cx, name).await? {
        return Ok(());
    }
    let compute = compute(caller, operation).await?;
    let what = format!("create the cluster {name}");
    let failed = match &operation.action {
        action if express::is_wanted(action) => express::create(caller, cx, operation).await.err(),
        Action::Create { database, shape, .. } => {
            create(caller, cx, operation, database, shape, &compute, state)
                .await
                .err()
        }
        Action::Restore { snapshot, shape, .. } => {
            let (guards, settings) = (Guards::of(shape.preset), caller.account.settings());
            caller
                .write(&what, |rds| {
                    rds.restore_db_cluster_from_snapshot()
                        .db_cluster_identifier(name)
                        .snapshot_identifier(snapshot.as_str())
                        .engine(ENGINE)
                        .set_engine_version(state.version.clone())
                        .db_cluster_parameter_group_name(group::of(&operation.cluster))
                        .set_db_subnet_group_name(settings.subnet_group.clone())
                        .set_vpc_security_group_ids(groups(&settings.security_groups))
                        .set_serverless_v2_scaling_configuration(scaling(&compute))
                        .enable_iam_database_authentication(guards.iam)
                        .enable_cloudwatch_logs_exports("postgresql")
                        .deletion_protection(guards.deletion_protection)
                        .copy_tags_to_snapshot(true)
                        .set_tags(Some(tags(cx.id())))
                        .send()
                })
                .await
                .err()
        }
        Action::RestoreToTime { source, shape, .. } | Action::Clone { source, shape, .. } => {
            let (guards, settings) = (Guards::of(shape.preset), caller.account.settings());
            let moment = match &operation.action {
                Action::RestoreToTime { time, .. } => Some(moment(time)?),
                _ => None,
            };
            caller
                .write(&what, |rds| {
                    let call = rds
                        .restore_db_cluster_to_point_in_time()
                        .db_cluster_identifier(name)
                        .source_db_cluster_identifier(source.as_str())
                        .db_cluster_parameter_group_name(group::of(&operation.cluster))
                        .set_db_subnet_group_name(settings.subnet_group.clone())
                        .set_vpc_security_group_ids(groups(&settings.security_groups))
                        .set_serverless_v2_scaling_configuration(scaling(&compute))
                        .enable_iam_database_authentication(guards.iam)
                        .enable_cloudwatch_logs_exports("postgresql")
                        .deletion_protection(guards.deletion_protection)
                        .copy_tags_to_snapshot(true)
                        .set_tags(Some(tags(cx.id())));
                    match moment {
                        Some(moment) => call.restore_type("full-copy").restore_to_time(moment),
                        None => call
                            .restore_type("copy-on-write")
                            .use_latest_restorable_time(true),
                    }
                    .send()
                })
                .await
                .err()
        }
        _ => return Err(Error::internal("This makes no cluster.")),
    };
    match failed {
        // Perhaps an earlier call of this very job, whose reply was lost.
        Some(failure) if failure.is("DBClusterAlreadyExists") => match is_ours(caller, cx, name).await? {
            true => Ok(()),
            false => Err(failure.into()),
        },
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

async fn create(
    caller: Caller<'_>,
    cx: &JobCx,
    operation: &Operation,
    database: &str,
    shape: &Shape,
    compute: &Compute,
    state: &OperationState,
) -> Result<(), super::call::Failure> {
    let (name, guards, settings) = (
        operation.cluster.as_str(),
        Guards::of(shape.preset),
        caller.account.settings(),
    );
    // Every cluster has a database postgres, which cannot be asked for.
    let database = Some(database.to_owned()).filter(|database| database != "postgres");
    caller
        .write(&format!("create the cluster {name}"), |rds| {
            rds.create_db_cluster()
                .db_cluster_identifier(name)
                .engine(ENGINE)
                .set_engine_version(state.version.clone())
                .set_database_name(database.clone())
                .master_username(USER)
                .manage_master_user_password(true)
                .db_cluster_parameter_group_name(group::of(&operation.cluster))
                .set_db_subnet_group_name(settings.subnet_group.clone())
                .set_vpc_security_group_ids(groups(&settings.security_groups))
                .storage_encrypted(true)
                .set_kms_key_id(settings.kms_key.clone())
                .backup_retention_period(guards.retention_days)
                .deletion_protection(guards.deletion_protection)
                .enable_iam_database_authentication(guards.iam)
                .enable_cloudwatch_logs_exports("postgresql")
                .copy_tags_to_snapshot(true)
                .set_serverless_v2_scaling_configuration(scaling(compute))
                .set_database_insights_mode(guards.insights.then_some(DatabaseInsightsMode::Standard))
                .set_enable_performance_insights(guards.insights.then_some(true))
                .set_performance_insights_retention_period(guards.insights.then_some(7))
                .set_tags(Some(tags(cx.id())))
                .send()
        })
        .await
        .map(drop)
}

/// Whether this job has made the cluster already; an error if somebody else did.
async fn is_ours(caller: Caller<'_>, cx: &JobCx, name: &str) -> Result<bool> {
    match caller.cluster(name).await? {
        None => Ok(false),
        Some(cluster) if made_by(cluster.tag_list(), cx.id()) => Ok(true),
        Some(cluster) => Err(AuroraError::ClusterExists {
            name: name.to_owned(),
            created: describe::time(cluster.cluster_create_time()),
            job: job_of(cluster.tag_list()).unwrap_or("none of howdah").to_owned(),
        }
        .into()),
    }
}

/// What the instances will be: as asked for; else as those of the cluster that is copied; else the preset's.
pub(super) async fn compute(caller: Caller<'_>, operation: &Operation) -> Result<Compute> {
    let Some((shape, _)) = plan(&operation.action) else {
        return Err(Error::internal("This makes no cluster."));
    };
    if let Some(compute) = &shape.compute {
        return Ok(compute.clone());
    }
    let source = match &operation.action {
        Action::RestoreToTime { source, .. } | Action::Clone { source, .. } => {
            caller.cluster(source.as_str()).await?
        }
        Action::Restore { snapshot, .. } => match caller.snapshot(snapshot.as_str()).await? {
            Some(snapshot) => {
                caller
                    .cluster(snapshot.db_cluster_identifier().unwrap_or_default())
                    .await?
            }
            None => None,
        },
        _ => None,
    };
    let Some(source) = source else {
        return Ok(preset::compute(shape.preset));
    };
    let members = describe::members(caller, &source).await?;
    match members.iter().find(|member| member.writer) {
        Some(writer) if writer.class != "db.serverless" => Ok(Compute::Provisioned {
            class: writer.class.clone(),
        }),
        _ => Ok(describe::range(&source).unwrap_or_else(|| preset::compute(shape.preset))),
    }
}

fn groups(ids: &[String]) -> Option<Vec<String>> {
    (!ids.is_empty()).then(|| ids.to_vec())
}

/// The range of a serverless cluster.
pub(super) fn scaling(compute: &Compute) -> Option<ServerlessV2ScalingConfiguration> {
    match compute {
        Compute::Provisioned { .. } => None,
        Compute::Serverless { min, max } => Some(
            ServerlessV2ScalingConfiguration::builder()
                .min_capacity(min.units())
                .max_capacity(max.units())
                .build(),
        ),
    }
}

/// A moment in RFC 3339.
pub(super) fn moment(text: &str) -> Result<DateTime> {
    DateTime::from_str(text, Format::DateTimeWithOffset).map_err(|_| {
        Error::invalid(format!("{text:?} is no moment.")).hint("Give it in RFC 3339: 2026-05-01T09:30:00Z.")
    })
}

/// Makes an instance of the cluster.
pub(super) async fn instance(
    caller: Caller<'_>,
    job: &str,
    cluster: &ClusterName,
    member: &Member,
) -> Result<()> {
    let name = &member.name;
    if instance_is_ours(caller, job, cluster, name).await? {
        return Ok(());
    }
    let role = caller
        .account
        .settings()
        .monitoring_role
        .clone()
        .filter(|_| member.monitoring_seconds > 0);
    // Where there is no network of the account, nobody asks whether it is public.
    let found = caller.cluster(cluster.as_str()).await?;
    let in_network = !found.is_some_and(|found| express::is_one(&found));
    let made = caller
        .write(&format!("create the instance {name}"), |rds| {
            rds.create_db_instance()
                .db_instance_identifier(name)
                .db_cluster_identifier(cluster.as_str())
                .engine(ENGINE)
                .db_instance_class(&member.class)
                .promotion_tier(member.tier)
                .set_publicly_accessible(in_network.then_some(false))
                .set_monitoring_interval(role.is_some().then_some(member.monitoring_seconds))
                .set_monitoring_role_arn(role.clone())
                .set_tags(Some(tags(job)))
                .send()
        })
        .await;
    match made {
        Ok(_) => Ok(()),
        Err(failure) if failure.is("DBInstanceAlreadyExists") => {
            match instance_is_ours(caller, job, cluster, name).await? {
                true => Ok(()),
                false => Err(failure.into()),
            }
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn instance_is_ours(caller: Caller<'_>, job: &str, cluster: &ClusterName, name: &str) -> Result<bool> {
    match caller.instance(name).await? {
        None => Ok(false),
        Some(found)
            if made_by(found.tag_list(), job) && found.db_cluster_identifier() == Some(cluster.as_str()) =>
        {
            Ok(true)
        }
        Some(_) => Err(taken(&format!("instance {name}"))),
    }
}

/// Gives a cluster that was restored what a restore does not take: a password that is managed,
/// and the preset's backups.
pub(super) async fn guard(caller: Caller<'_>, operation: &Operation) -> Result<()> {
    let name = operation.cluster.as_str();
    let Some((shape, _)) = plan(&operation.action) else {
        return Ok(());
    };
    let guards = Guards::of(shape.preset);
    let found = caller.require_cluster(&operation.cluster).await?;
    let managed = found.master_user_secret().is_some();
    if managed && found.backup_retention_period() == Some(guards.retention_days) {
        return Ok(());
    }
    caller
        .write(
            &format!("set password and backups of the cluster {name}"),
            |rds| {
                rds.modify_db_cluster()
                    .db_cluster_identifier(name)
                    .set_manage_master_user_password((!managed).then_some(true))
                    .backup_retention_period(guards.retention_days)
                    .set_database_insights_mode(guards.insights.then_some(DatabaseInsightsMode::Standard))
                    .set_enable_performance_insights(guards.insights.then_some(true))
                    .set_performance_insights_retention_period(guards.insights.then_some(7))
                    .apply_immediately(true)
                    .send()
            },
        )
        .await?;
    wait::available(caller, &operation.cluster).await
}

/// Notes how to connect.
pub(super) async fn finish(
    caller: Caller<'_>,
    operation: &Operation,
    state: &mut OperationState,
) -> Result<()> {
    let found = caller.require_cluster(&operation.cluster).await?;
    state.version = found.engine_version().map(str::to_owned);
    let connection = describe::connection(caller.account, &found)?;
    state.connection = Some(connection.ok_or_else(|| {
        Error::new(
            ErrorKind::Unavailable,
            format!("The cluster {} has no endpoint yet.", operation.cluster),
        )
    })?);
    Ok(())
}
