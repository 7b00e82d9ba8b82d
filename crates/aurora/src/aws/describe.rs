//! What AWS says of a cluster, in Howdah's terms.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbCluster, DbClusterSnapshot, DbInstance};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use howdah_core::{Result, counted};

use super::account::Account;
use super::call::Caller;
use super::look::job_of;
use super::{AwsPlane, certificates, express, parameters};
use crate::{
    Acu, Cluster, ClusterName, ClusterStatus, Compute, Connection, Instance, InstanceStatus, Member, Role,
    Snapshot,
};

/// A cluster with its instances; none where its name is not one of ours.
pub(super) fn cluster(account: &Account, found: &DbCluster, instances: &[DbInstance]) -> Option<Cluster> {
    let name: ClusterName = found.db_cluster_identifier()?.parse().ok()?;
    let mut members: Vec<Instance> = found
        .db_cluster_members()
        .iter()
        .filter_map(|member| {
            let name = member.db_instance_identifier()?;
            let instance = instances
                .iter()
                .find(|one| one.db_instance_identifier() == Some(name));
            Some(self::instance(
                name,
                member.is_cluster_writer().unwrap_or_default(),
                instance,
            ))
        })
        .collect();
    members.sort_by_key(|member| (member.role == Role::Reader, member.name.clone()));
    Some(Cluster {
        status: status(found, &members),
        provider: AwsPlane::NAME.to_owned(),
        version: found.engine_version().unwrap_or_default().to_owned(),
        created: time(found.cluster_create_time()),
        connection: connection(account, found).ok().flatten(),
        size_bytes: None,
        restorable_since: found.earliest_restorable_time().map(|moment| time(Some(moment))),
        blue_green: None,
        proxy: None,
        details: details(found, instances),
        instances: members,
        name,
    })
}

/// Whether every instance of the cluster sends what Enhanced Monitoring sees; none where there is no instance.
fn is_monitored(found: &DbCluster, instances: &[DbInstance]) -> Option<bool> {
    let is_member = |instance: &&DbInstance| {
        found
            .db_cluster_members()
            .iter()
            .any(|member| member.db_instance_identifier() == instance.db_instance_identifier())
    };
    instances
        .iter()
        .filter(is_member)
        .map(|instance| instance.monitoring_interval().unwrap_or(0) > 0)
        .reduce(|all, one| all && one)
}

fn instance(name: &str, writer: bool, found: Option<&DbInstance>) -> Instance {
    let endpoint = found
        .and_then(DbInstance::endpoint)
        .and_then(|endpoint| Some(format!("{}:{}", endpoint.address()?, endpoint.port()?)));
    Instance {
        name: name.to_owned(),
        role: if writer { Role::Writer } else { Role::Reader },
        status: match found.and_then(DbInstance::db_instance_status) {
            Some("available") => InstanceStatus::Available,
            Some("stopped" | "stopping") => InstanceStatus::Stopped,
            _ => InstanceStatus::Busy,
        },
        endpoint: endpoint.unwrap_or_default(),
        class: found.and_then(DbInstance::db_instance_class).map(str::to_owned),
        zone: found.and_then(DbInstance::availability_zone).map(str::to_owned),
        lag_bytes: None,
        lag_ms: None,
    }
}

fn status(found: &DbCluster, instances: &[Instance]) -> ClusterStatus {
    let available = |instance: &Instance| instance.status == InstanceStatus::Available;
    match found.status().unwrap_or_default() {
        "creating" => ClusterStatus::Creating,
        "deleting" => ClusterStatus::Deleting,
        "stopped" | "stopping" => ClusterStatus::Stopped,
        _ if !instances.first().is_some_and(available) => ClusterStatus::Down,
        _ if !instances.iter().all(available) => ClusterStatus::Degraded,
        _ => ClusterStatus::Available,
    }
}

/// How to connect, once it has an endpoint.
pub(super) fn connection(account: &Account, found: &DbCluster) -> Result<Option<Connection>> {
    let (Some(name), Some(endpoint)) = (found.db_cluster_identifier(), found.endpoint()) else {
        return Ok(None);
    };
    let port = found
        .port()
        .and_then(|port| u16::try_from(port).ok())
        .unwrap_or(5432);
    let by_token = account.settings().iam_user.clone();
    Ok(Some(Connection {
        target: name.to_owned(),
        endpoint: endpoint.to_owned(),
        port,
        reader_endpoints: found
            .reader_endpoint()
            .map(|host| format!("{host}:{port}"))
            .into_iter()
            .collect(),
        database: found.database_name().unwrap_or("postgres").to_owned(),
        secret: match by_token {
            Some(_) => None,
            None => found
                .master_user_secret()
                .and_then(|secret| secret.secret_arn())
                .map(str::to_owned),
        },
        user: by_token
            .or(found.master_username().map(str::to_owned))
            .unwrap_or_else(|| "postgres".to_owned()),
        password_file: None,
        ca_file: match express::is_one(found) {
            true => certificates::of_gateways(account)?,
            false => certificates::file(account)?,
        },
    }))
}

fn details(found: &DbCluster, instances: &[DbInstance]) -> BTreeMap<String, String> {
    let yes = |is: Option<bool>| if is.unwrap_or_default() { "yes" } else { "no" }.to_owned();
    let mut details = BTreeMap::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            details.insert(name.to_owned(), value);
        }
    };
    add("State at AWS", found.status().map(str::to_owned));
    add("Scaling", range(found).map(|range| range.to_string()));
    add("Deletion protection", Some(yes(found.deletion_protection())));
    add("Encrypted", Some(yes(found.storage_encrypted())));
    add("Encryption key", found.kms_key_id().map(str::to_owned));
    add(
        "Backups",
        found
            .backup_retention_period()
            .map(|days| format!("kept for {}", counted(days, "day"))),
    );
    add(
        "IAM authentication",
        Some(yes(found.iam_database_authentication_enabled())),
    );
    add(
        "Parameter group",
        found.db_cluster_parameter_group().map(str::to_owned),
    );
    add(
        "Waiting for a restart",
        Some(parameters::waiting(found).join(", ")),
    );
    add(
        "Backup window",
        found
            .preferred_backup_window()
            .map(|window| format!("{window} UTC")),
    );
    add(
        "Maintenance window",
        found
            .preferred_maintenance_window()
            .map(|window| format!("{window} UTC")),
    );
    add("Subnet group", found.db_subnet_group().map(str::to_owned));
    if express::is_one(found) {
        add(
            "Network",
            Some(format!(
                "none of yours (express configuration): reached over the internet, by IAM tokens alone; never has {}",
                express::WITHOUT
            )),
        );
    }
    add(
        "Log exports",
        Some(found.enabled_cloudwatch_logs_exports().join(", ")),
    );
    add(
        "Performance Insights",
        found.performance_insights_enabled().map(|is| yes(Some(is))),
    );
    add(
        "Database Insights",
        found
            .database_insights_mode()
            .map(|mode| mode.as_str().to_owned()),
    );
    add(
        "Enhanced Monitoring",
        is_monitored(found, instances).map(|is| yes(Some(is))),
    );
    add("Storage", found.storage_type().map(str::to_owned));
    add("Data API", Some(yes(found.http_endpoint_enabled())));
    add(
        "Starts again by itself",
        found.automatic_restart_time().map(|moment| time(Some(moment))),
    );
    add("Made by job", job_of(found.tag_list()).map(str::to_owned));
    if found.master_user_secret().is_some() {
        add(
            "Password",
            Some("managed by Secrets Manager; blue/green deployments refuse that".to_owned()),
        );
    }
    details
}

/// The range of a serverless cluster.
pub(super) fn range(found: &DbCluster) -> Option<Compute> {
    let scaling = found.serverless_v2_scaling_configuration()?;
    let acu = |units: Option<f64>| units?.to_string().parse::<Acu>().ok();
    Some(Compute::Serverless {
        min: acu(scaling.min_capacity())?,
        max: acu(scaling.max_capacity())?,
    })
}

/// The instances of a cluster, the writer first, then as the line of failover has them.
pub(super) async fn members(caller: Caller<'_>, found: &DbCluster) -> Result<Vec<Member>> {
    let mut members = Vec::new();
    for member in found.db_cluster_members() {
        let Some(name) = member.db_instance_identifier() else {
            continue;
        };
        let Some(instance) = caller.instance(name).await? else {
            continue;
        };
        members.push(Member {
            name: name.to_owned(),
            class: instance.db_instance_class().unwrap_or("db.serverless").to_owned(),
            tier: member.promotion_tier().unwrap_or(1),
            writer: member.is_cluster_writer().unwrap_or_default(),
            monitoring_seconds: instance.monitoring_interval().unwrap_or(0),
        });
    }
    members.sort_by(|a, b| (!a.writer, a.tier, &a.name).cmp(&(!b.writer, b.tier, &b.name)));
    Ok(members)
}

/// A snapshot; none where its names are not ours.
pub(super) fn snapshot(found: &DbClusterSnapshot) -> Option<Snapshot> {
    let gib = u64::try_from(found.allocated_storage().unwrap_or(0)).unwrap_or(0);
    Some(Snapshot {
        name: found.db_cluster_snapshot_identifier()?.parse().ok()?,
        provider: AwsPlane::NAME.to_owned(),
        cluster: found.db_cluster_identifier()?.parse().ok()?,
        version: found.engine_version().unwrap_or_default().to_owned(),
        created: time(found.snapshot_create_time()),
        size_bytes: gib << 30,
        // AWS does not say which one its cluster was made with; this one is in every cluster.
        database: "postgres".to_owned(),
        // A question of its own for each.
        shared_with: Vec::new(),
    })
}

/// In RFC 3339; empty where AWS gives none.
pub(super) fn time(moment: Option<&DateTime>) -> String {
    moment
        .and_then(|moment| moment.fmt(Format::DateTime).ok())
        .unwrap_or_default()
}
