//! Clusters of express configuration: one call makes cluster and writer in seconds, in no network of the account.
//! They are reached over the internet through a gateway of AWS, by IAM tokens alone.

use aws_sdk_rds::types::DbCluster;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use howdah_core::{Error, Result};
use howdah_jobs::JobCx;

use super::account::AwsSettings;
use super::call::{Caller, Failure};
use super::look::{ENGINE, tags};
use super::{make, wait};
use crate::{Action, ClusterName, Compute, Operation, Preset};

/// What such clusters never have (AWS's manual).
pub(super) const WITHOUT: &str =
    "blue/green deployments, RDS Proxy, Global Database and zero-ETL integrations";

/// How the data of such a cluster come to where those are.
pub(super) const WAY_OUT: &str =
    "Take a snapshot of it, and restore that: the new cluster is in a network of yours, with a password.";

/// Whether the operation makes one.
pub(super) fn is_wanted(action: &Action) -> bool {
    matches!(action, Action::Create { shape, .. } if shape.preset == Preset::Express)
}

/// Whether a cluster is in no network of the account, as only those of express configuration are.
pub(super) fn is_one(found: &DbCluster) -> bool {
    found.db_subnet_group().is_none_or(str::is_empty)
}

/// Whether one can be made as asked for: AWS lays down almost everything.
pub(super) fn check(operation: &Operation) -> Result<()> {
    let cluster = &operation.cluster;
    let Action::Create {
        version,
        readers,
        database,
        shape,
    } = &operation.action
    else {
        return Err(Error::invalid(
            "The preset express is for new clusters: what is restored or cloned is in a network of yours.",
        )
        .hint("Use the preset dev or production."));
    };
    if *readers > 0 {
        return Err(
            Error::invalid("The preset express makes a writer alone.").hint(format!(
                "Add readers when it is there: `howdah cluster add-reader {cluster}`."
            )),
        );
    }
    if let Some(Compute::Provisioned { class }) = &shape.compute {
        return Err(Error::invalid(format!(
            "The preset express is Serverless v2, and takes no class such as {class}."
        ))
        .hint("Give a range of ACU (0-16 if left out), or use the preset dev or production."));
    }
    if version.is_some() {
        return Err(
            Error::invalid("The preset express takes the version that AWS chooses.")
                .hint("Leave the version out, or use the preset dev or production."),
        );
    }
    if database != "postgres" {
        return Err(
            Error::invalid("The preset express begins with the database postgres.").hint(format!(
                "Leave the database out, and make it when the cluster is there: CREATE DATABASE {database}."
            )),
        );
    }
    Ok(())
}

/// What it comes with and without, for the person who decides.
pub(super) fn effect(settings: &AwsSettings) -> String {
    let laid_down: Vec<&str> = [
        ("subnet_group", settings.subnet_group.is_some()),
        ("security_groups", !settings.security_groups.is_empty()),
        ("kms_key", settings.kms_key.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, is)| is.then_some(name))
    .collect();
    let ignored = match laid_down.is_empty() {
        true => String::new(),
        false => format!(
            " What howdah.toml says of {} does not hold for it.",
            laid_down.join(", ")
        ),
    };
    format!(
        "It is reached over the internet, by whoever AWS lets make an IAM token for it; it has no password, and backups of one day. It can never have {WITHOUT}.{ignored}"
    )
}

/// Asks for cluster and writer.
pub(super) async fn create(caller: Caller<'_>, cx: &JobCx, operation: &Operation) -> Result<(), Failure> {
    caller.account.note_use()?;
    let name = operation.cluster.as_str();
    let scaling = match &operation.action {
        Action::Create { shape, .. } => shape.compute.as_ref().and_then(make::scaling),
        _ => None,
    };
    caller
        .write(&format!("create the cluster {name}"), |rds| {
            rds.create_db_cluster()
                .db_cluster_identifier(name)
                .engine(ENGINE)
                .set_serverless_v2_scaling_configuration(scaling.clone())
                .set_tags(Some(tags(cx.id())))
                .customize()
                .mutate_request(with_express_configuration)
                .send()
        })
        .await
        .map(drop)
}

/// The SDK that our Rust compiles is older than the member; it is written behind the others, before the request is
/// signed. Without it AWS refuses the request, as a cluster of another kind needs a user.
fn with_express_configuration(request: &mut HttpRequest) {
    let Some(form) = request.body().bytes() else {
        return;
    };
    let form = [form, b"&WithExpressConfiguration=true"].concat();
    request
        .headers_mut()
        .insert("content-length", form.len().to_string());
    *request.body_mut() = SdkBody::from(form);
}

/// Waits until it has its writer, which AWS makes by itself, and takes connections.
pub(super) async fn available(caller: Caller<'_>, cx: &JobCx, cluster: &ClusterName) -> Result<()> {
    while caller
        .require_cluster(cluster)
        .await?
        .db_cluster_members()
        .is_empty()
    {
        cx.progress(format!("The cluster {cluster} has no writer yet"), None);
        caller.pause().await?;
    }
    wait::available(caller, cluster).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_member_is_written_behind_the_others() {
        let mut request = HttpRequest::new(SdkBody::from("Action=CreateDBCluster&Engine=x"));
        request.headers_mut().insert("content-length", "31");
        with_express_configuration(&mut request);
        let form = "Action=CreateDBCluster&Engine=x&WithExpressConfiguration=true";
        assert_eq!(request.body().bytes().unwrap(), form.as_bytes());
        assert_eq!(
            request.headers().get("content-length").unwrap(),
            form.len().to_string()
        );
    }
}
